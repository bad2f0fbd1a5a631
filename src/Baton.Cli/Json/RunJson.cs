namespace Baton.Cli;

/// <summary>How an attempt of <c>run</c> ended.</summary>
/// <param name="Task">The task as it stands after it.</param>
/// <param name="Outcome"><c>completed</c>, <c>failed</c>, <c>claim_lost</c> or <c>released</c>.</param>
/// <param name="ExitCode">The command's; 128 and the signal where one ended it, null where it does not count.</param>
/// <param name="Reason">Why it did not succeed.</param>
internal sealed record RunJson(TaskJson Task, string Outcome, int? ExitCode, string? Reason)
{
    /// <summary>What is told of an outcome; null where no task was worked on.</summary>
    public static RunJson? Of(RunOutcome outcome) => outcome switch
    {
        RunOutcome.Completed completed => new(TaskJson.Of(completed.Task), "completed", 0, null),
        RunOutcome.Failed failed => new(TaskJson.Of(failed.Task), "failed", failed.ExitCode, failed.Reason),
        RunOutcome.ClaimLost lost => new(TaskJson.Of(lost.Task), "claim_lost", null, lost.Reason),
        RunOutcome.Interrupted { Task: { } task } => new(TaskJson.Of(task), "released", null, "interrupted"),
        _ => null,
    };
}
