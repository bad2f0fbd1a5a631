using Baton.Work;

namespace Baton.Cli;

/// <summary><c>task show --log</c>: what is kept of the output of an attempt.</summary>
internal sealed record TaskLogJson(string Id, int Attempt, string Text);

/// <summary>How an attempt of <c>run</c> ended.</summary>
/// <param name="Task">The task as it stands after it.</param>
/// <param name="Outcome"><c>completed</c>, <c>failed</c>, <c>declined</c>, <c>settled</c> (by the command
/// itself), <c>claim_lost</c> or <c>released</c>.</param>
/// <param name="ExitCode">The command's; 128 and the signal where one ended it, null where it does not count.</param>
/// <param name="Reason">Why it did not succeed.</param>
internal sealed record RunJson(TaskJson Task, string Outcome, int? ExitCode, string? Reason)
{
    /// <summary>What is told of an outcome; null where no task was worked on.</summary>
    public static RunJson? Of(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Completed completed => new(TaskJson.Of(completed.Task), "completed", 0, null),
        RunOutcome.Failed failed => new(TaskJson.Of(failed.Task), "failed", failed.ExitCode, failed.Reason),
        RunOutcome.Declined declined => new(TaskJson.Of(declined.Task), "declined", null, declined.Reason),
        RunOutcome.Settled settled => new(TaskJson.Of(settled.Task), "settled", 0,
            $"its command settled it: {settled.Task.Status.Name()}"),
        RunOutcome.ClaimLost lost => new(TaskJson.Of(lost.Task), "claim_lost", null, lost.Reason),
        RunOutcome.Interrupted { Task: { } task } => new(TaskJson.Of(task), "released", null, "interrupted"),
        _ => null,
    };
}
