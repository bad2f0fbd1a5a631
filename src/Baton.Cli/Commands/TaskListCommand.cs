using System.Collections.Immutable;
using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton task list</c> and <c>baton task ready</c>.</summary>
internal static class TaskListCommand
{
    public static Verb Declare()
    {
        var status = new Option<string?>("--status")
        {
            Description = "pending, ready, in_progress, blocked, completed, failed or cancelled",
            HelpName = "S",
        };
        Choices.Among(status, [.. Choices.Statuses.Prepend("ready")]);
        var tag = new Option<string?>("--tag") { Description = "with this tag", HelpName = "T" };
        var assignedTo = new IdOption("--assigned-to", IdKind.Agent) { Description = "of this agent", HelpName = "A" };
        var limit = Limit();
        return new("list", "list tasks", session => RunAsync(session, QueryOf(session.Get(status)) with
        {
            Tag = session.Get(tag),
            AssignedTo = session.Get(assignedTo),
            Limit = session.Get(limit),
        }))
        { status, tag, assignedTo, limit };
    }

    public static Verb DeclareReady()
    {
        var limit = Limit();
        return new("ready", "list the tasks that can be taken, in the order in which they are",
            session => RunAsync(session, new() { Ready = true, Limit = session.Get(limit) })) { limit };
    }

    /// <summary>Prints tasks as a table.</summary>
    public static void Write(TextWriter text, Output output, ImmutableArray<DurableTask> tasks)
    {
        var table = new Table("ID", "STATUS", "PRIORITY", "ATTEMPT", "ASSIGNED", "TITLE");
        foreach (var task in tasks)
        {
            table.Add(task.Id.Value, StatusOf(task), task.Priority.Name(), $"{task.Attempt}",
                task.AssignedTo, task.Title);
        }

        table.Write(text, output);
    }

    /// <summary>The status, a pending task told apart by whether it can be taken.</summary>
    public static string StatusOf(DurableTask task) => task.IsReady ? "ready" : task.Status.Name();

    /// <summary>The option that limits a list.</summary>
    public static Option<int?> Limit()
    {
        var limit = new Option<int?>("--limit") { Description = "no more than this many", HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var count) && count < 1)
            {
                result.AddError($"--limit {count}: at least 1");
            }
        });
        return limit;
    }

    private static TaskQuery QueryOf(string? status) => status switch
    {
        null => new(),
        "ready" => new() { Ready = true },
        _ => new() { Status = TaskNames.ParseStatus(status) },
    };

    private static async Task<int> RunAsync(Session session, TaskQuery query)
    {
        var tasks = await session.Work.TasksAsync(query, session.Stop);
        session.Output.Data([.. tasks.Select(task => TaskJson.Of(task))], BatonJson.Default.TaskJsonArray, text =>
        {
            if (tasks.IsEmpty)
            {
                session.Output.Remark("no tasks");
            }
            else
            {
                Write(text, session.Output, tasks);
            }
        });
        return ExitCode.Ok;
    }
}
