using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What anyone may change of a task: cancel, requeue, note, dep add, dep rm.</summary>
internal static class TaskEditCommands
{
    public static IEnumerable<Command> Declare() =>
    [
        Reasoned("cancel", "call it off; whoever works on it loses its claim", reason => new TaskEdit.Cancel(reason)),
        Reasoned("requeue", "put it back into the queue", reason => new TaskEdit.Requeue(reason)),
        Note(),
        new Command("dep", "what a task waits for")
        {
            Dependency("add", "wait for another task", on => new TaskEdit.AddDependency(on)),
            Dependency("rm", "wait no longer for another task", on => new TaskEdit.RemoveDependency(on)),
        },
    ];

    private static Verb Reasoned(string name, string description, Func<string?, TaskEdit> edit)
    {
        var id = Lookup.TaskArgument();
        var reason = new Option<string?>("--reason", "--note") { Description = "why", HelpName = "TEXT" };
        return new(name, description,
            session => RunAsync(session, session.Get(id)!, edit(session.Get(reason)))) { id, reason };
    }

    private static Verb Note()
    {
        var id = Lookup.TaskArgument();
        var text = new Argument<string>("TEXT") { Description = "the remark" };
        return new("note", "add a remark", session => string.IsNullOrWhiteSpace(session.Get(text))
            ? throw CommandFailure.Usage("task note: the text is empty")
            : RunAsync(session, session.Get(id)!, new TaskEdit.Note(session.Get(text)!))) { id, text };
    }

    private static Verb Dependency(string name, string description, Func<TaskId, TaskEdit> edit)
    {
        var id = Lookup.TaskArgument();
        var on = new IdArgument<string>("ON", IdKind.Task) { Description = "the task to wait for" };
        return new(name, description, async session =>
        {
            var other = await Lookup.TaskAsync(session, session.Get(on)!);
            return await RunAsync(session, session.Get(id)!, edit(other.Id));
        })
        { id, on };
    }

    private static async Task<int> RunAsync(Session session, string id, TaskEdit edit)
    {
        var task = await Lookup.TaskAsync(session, id);
        var answer = await session.Work.EditAsync(task.Id, edit, session.Actor, session.Stop);
        if (answer is not ClaimAnswer.Granted granted)
        {
            throw CommandFailure.Of(((ClaimAnswer.Refused)answer).Refusal);
        }

        session.Output.Data(TaskJson.Of(granted.Task), BatonJson.Default.TaskJson,
            text => text.WriteLine($"{granted.Task.Id} {TaskListCommand.StatusOf(granted.Task)}"));
        return ExitCode.Ok;
    }
}
