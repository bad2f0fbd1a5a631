using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>
/// Every task that was accepted is there at the end, and every completion that was acknowledged still stands. Judged
/// only where the recording says how the tasks stood at its end.
/// </summary>
public static class NoTaskLost
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(NoTaskLost), "Every accepted task, and every acknowledged completion, is there at the end.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        var settled = history.Of(Settled).ToLookup(state => state.Subject);
        if (settled.Count == 0)
        {
            yield break;
        }

        foreach (var submit in history.Done(Submit).DistinctBy(submit => submit.Subject))
        {
            if (!settled.Contains(submit.Subject))
            {
                yield return ($"{submit.Subject} was accepted and is gone", [submit]);
            }
        }

        foreach (var complete in history.Done(Complete))
        {
            if (settled[complete.Subject].FirstOrDefault(state => state.Note != "completed") is { } state)
            {
                yield return ($"{complete.Subject} was completed and is {state.Note}", [complete, state]);
            }
        }
    }
}
