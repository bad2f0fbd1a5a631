using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// What the claimant alone may say of its task: heartbeat, progress, complete, fail, block,
/// release, decline.
/// </summary>
internal static class TaskClaimantCommands
{
    public static IEnumerable<Verb> Declare() =>
    [
        Extending("heartbeat", "make the claim last longer", demandsNote: false),
        Extending("progress", "tell how far it is; the claim lasts longer", demandsNote: true),
        TaskCompleteCommand.Declare(),
        Settling("fail", "the attempt failed; it is tried again after a pause",
            (note, exitCode) => new Settlement.Fail(note ?? "no reason given", exitCode), takesExitCode: true),
        Settling("block", "it can't go on until a person requeues it",
            (note, _) => new Settlement.Block(note ?? "no reason given")),
        Settling("release", "give it back untried", (note, _) => new Settlement.Release(note)),
        Declining(),
    ];

    /// <summary>The option that shows who may speak for an attempt.</summary>
    public static Option<string?> Token() => new("--claim")
    {
        Description = "the token that 'task claim' printed (BATON_CLAIM)",
        HelpName = "TOKEN",
    };

    // Whichever of these words fits what is said.
    public static Option<string?> Note() =>
        new("--note", "--summary", "--reason") { Description = "a line about it", HelpName = "TEXT" };

    private static Verb Extending(string name, string description, bool demandsNote)
    {
        var (id, token, note) = (Lookup.TaskArgument(), Token(), Note());
        return new(name, description, async session =>
        {
            var text = session.Get(note);
            if (demandsNote && string.IsNullOrWhiteSpace(text))
            {
                throw CommandFailure.Usage($"task {name}: --note is missing", $"baton task {name} --help");
            }

            var (_, claim) = await ClaimAsync(session, session.Get(id)!, session.Get(token));
            var task = TaskOf(await session.Work.ExtendAsync(claim, text, session.Stop));
            if (task.Claim is { } held)
            {
                // Whoever speaks for its task lives.
                await session.Work.ReportAsync(new(held.Agent), session.Stop);
            }

            TaskClaimCommand.Print(session, task, claim);
            return ExitCode.Ok;
        })
        { id, token, note };
    }

    private static Verb Settling(
        string name, string description, Func<string?, int?, Settlement> settle, bool takesExitCode = false)
    {
        var (id, token, note) = (Lookup.TaskArgument(), Token(), Note());
        var exitCode = new Option<int?>("--exit-code") { Description = "of the command that failed", HelpName = "N" };
        var verb = new Verb(name, description, async session =>
        {
            var (_, claim) = await ClaimAsync(session, session.Get(id)!, session.Get(token));
            var settlement = settle(session.Get(note), takesExitCode ? session.Get(exitCode) : null);
            Print(session, TaskOf(await session.Work.SettleAsync(claim, settlement, session.Stop)));
            return ExitCode.Ok;
        })
        { id, token, note };
        if (takesExitCode)
        {
            verb.Add(exitCode);
        }

        return verb;
    }

    private static Verb Declining()
    {
        var (id, token, note) = (Lookup.TaskArgument(), Token(), Note());
        var pause = Durations.Option("--for", "how long nobody is offered it (30s, doubled each time; at most 1h)");
        return new("decline", "give it back untried, because this agent can't or won't do it", async session =>
        {
            var reason = session.Get(note);
            if (string.IsNullOrWhiteSpace(reason))
            {
                throw CommandFailure.Usage("task decline: --reason is missing", "baton task decline --help");
            }

            if (session.Get(pause) is { } span && span > TaskRules.LongestDelay)
            {
                throw CommandFailure.Usage($"--for {Durations.Text(span)}: at most {Durations.Text(TaskRules.LongestDelay)}",
                    "baton task block keeps it back until a person requeues it");
            }

            var (_, claim) = await ClaimAsync(session, session.Get(id)!, session.Get(token));
            Print(session, TaskOf(await session.Work.SettleAsync(
                claim, new Settlement.Decline(reason, session.Get(pause)), session.Stop)));
            return ExitCode.Ok;
        })
        { id, token, note, pause };
    }

    /// <summary>Prints what became of a task.</summary>
    public static void Print(Session session, DurableTask task) => session.Output.Data(
        TaskJson.Of(task), BatonJson.Default.TaskJson,
        text => text.WriteLine($"{task.Id} {TaskListCommand.StatusOf(task)}"
            + (task.NotBefore is { } at && TaskRules.IsDelayed(at, session.Around.Clock.GetUtcNow())
                ? $", rests until {Times.Text(at)}" : "")));

    /// <summary>The task that is named, and the claim on it that a token stands for.</summary>
    public static async Task<(DurableTask Task, Claim Claim)> ClaimAsync(Session session, string id, string? token)
    {
        token ??= session.Around.Variable("BATON_CLAIM");
        if (string.IsNullOrEmpty(token))
        {
            throw CommandFailure.Usage("--claim is missing", "give the token that 'baton task claim' printed");
        }

        var task = await Lookup.TaskAsync(session, id);
        // What is no token at all can only be refused, as every other that is not the present one.
        return (task, Claim.Parse(task.Id, token) ?? new(task.Id, 0, token));
    }

    /// <summary>The task of an answer.</summary>
    /// <exception cref="CommandFailure">It is a refusal.</exception>
    public static DurableTask TaskOf(ClaimAnswer answer) => answer switch
    {
        ClaimAnswer.Granted granted => granted.Task,
        ClaimAnswer.Refused refused => throw CommandFailure.Of(refused.Refusal),
        _ => throw new InvalidOperationException($"{answer} is no answer to a claimant"),
    };
}
