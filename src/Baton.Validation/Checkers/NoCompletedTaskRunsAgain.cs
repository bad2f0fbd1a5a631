using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>A task is completed once, and is never taken or run after that.</summary>
public static class NoCompletedTaskRunsAgain
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(NoCompletedTaskRunsAgain), "A task is completed once and not taken again.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        var starts = history.Done(Claim, Execute).ToLookup(start => start.Subject);
        foreach (var task in history.Done(Complete).GroupBy(complete => complete.Subject))
        {
            var completions = task.DistinctBy(complete => complete.Claim).ToArray();
            if (completions.Length > 1)
            {
                yield return ($"{task.Key} was completed {completions.Length} times", completions);
            }

            if (starts[task.Key].FirstOrDefault(completions[0].Precedes) is { } again)
            {
                yield return ($"{task.Key} was taken again after it was completed", [completions[0], again]);
            }
        }
    }
}
