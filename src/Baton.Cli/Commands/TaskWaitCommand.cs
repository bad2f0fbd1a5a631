using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton task wait ID --for STATUS</c>: returns once the task stands there.</summary>
internal static class TaskWaitCommand
{
    public static Verb Declare()
    {
        var id = Lookup.TaskArgument();
        var status = new Option<string?>("--for")
        {
            Description = "a status; default completed",
            HelpName = "STATUS",
        };
        Choices.Among(status, Choices.Statuses);
        var timeout = Durations.Option("--timeout", "no longer than this");
        return new("wait", "wait until a task has a status", session =>
            RunAsync(session, session.Get(id)!, session.Get(status) ?? "completed", session.Get(timeout)))
        { id, status, timeout };
    }

    private static async Task<int> RunAsync(Session session, string id, string word, TimeSpan? timeout)
    {
        var wanted = TaskNames.ParseStatus(word);
        var found = (await Lookup.TaskAsync(session, id)).Id;
        var task = await Waiting.UntilAsync(session, timeout, async () =>
        {
            var now = (await session.Work.TasksAsync(new() { IdPrefix = found.Value }, session.Stop))
                .First(task => task.Id == found);
            // From these only a person leads on.
            return now.Status == wanted || now.Status
                is DurableTaskStatus.Completed or DurableTaskStatus.Failed or DurableTaskStatus.Cancelled ? now : null;
        }) ?? throw new CommandFailure(ErrorCode.Timeout, $"{found} is not {word} yet");
        if (task.Status != wanted)
        {
            throw new CommandFailure(ErrorCode.Conflict,
                $"{found} is {task.Status.Name()} and will not become {word} by itself");
        }

        session.Output.Data(TaskJson.Of(task), BatonJson.Default.TaskJson,
            text => text.WriteLine($"{task.Id} {task.Status.Name()}"));
        return ExitCode.Ok;
    }
}
