using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton task claim</c>: takes a task and prints the token that the next verbs need.</summary>
internal static class TaskClaimCommand
{
    public static Verb Declare()
    {
        var id = new IdArgument<string?>("ID", IdKind.Task)
        {
            Description = "a task's id, or the beginning of it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var next = new Option<bool>("--next") { Description = "the first ready one" };
        var agent = new IdOption("--agent", IdKind.Agent) { Description = "who takes it (BATON_AGENT_ID)", HelpName = "A" };
        var skills = new SkillOptions();
        return new("claim", "take a task", session =>
            RunAsync(session, session.Get(id), session.Get(next), session.Get(agent), skills.Of(session)))
        { id, next, agent, skills.Role, skills.Can };
    }

    /// <summary>Prints a claim.</summary>
    public static void Print(Session session, DurableTask task, Claim claim)
    {
        var expiresAt = task.Claim?.ExpiresAt ?? session.Around.Clock.GetUtcNow();
        session.Output.Data(new(TaskJson.Of(task), claim.Token, expiresAt), BatonJson.Default.ClaimedJson, text =>
        {
            text.WriteLine($"task     {task.Id}  {Plain.Line(task.Title)}");
            text.WriteLine($"agent    {task.AssignedTo}, attempt {task.Attempt}");
            text.WriteLine($"claim    {claim.Token}");
            text.WriteLine($"expires  {Times.Text(expiresAt)}");
        });
    }

    /// <summary>There is nothing to take; null: nothing rests that will be there by itself.</summary>
    public static CommandFailure NothingReady(DateTimeOffset? nextAt) => new(ErrorCode.NothingReady, nextAt is { } at
        ? $"no task is ready before {Times.Text(at)}: until then one rests that failed or was declined"
        : "no task is ready");

    private static async Task<int> RunAsync(Session session, string? id, bool next, string? name, Skills skills)
    {
        if (id is null != next)
        {
            throw CommandFailure.Usage("task claim: give either an ID or --next", "baton task claim --help");
        }

        name ??= session.Around.Variable("BATON_AGENT_ID");
        if (string.IsNullOrEmpty(name))
        {
            throw CommandFailure.Usage("task claim: who takes it? --agent is missing", "any name will do");
        }

        var task = id is null ? null : await Lookup.TaskAsync(session, id);
        var agent = await AgentDesk.EnsureAsync(session, name, skills);
        var request = new ClaimRequest(agent.Id, session.Around.Ids.NewSecret(), TaskRules.ClaimTtl)
        {
            Task = task?.Id,
            Role = skills.Role,
            Can = skills.Can,
        };
        switch (await session.Work.ClaimAsync(request, session.Stop))
        {
            case ClaimAnswer.Granted { Claim: { } claim } granted:
                Print(session, granted.Task, claim);
                return ExitCode.Ok;
            case ClaimAnswer.NothingReady nothing:
                throw NothingReady(nothing.NextAt);
            case ClaimAnswer.Refused refused:
                throw CommandFailure.Of(refused.Refusal);
            default:
                throw new InvalidOperationException("a claim was granted without a token");
        }
    }
}
