using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>
/// Acts of leadership are the holder's: who acts under an epoch has won it, and who names none is the one who took
/// the lease last.
/// </summary>
public static class OnlyTheHolderActs
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(OnlyTheHolderActs), "Nobody acts as the leader who does not hold the lease.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        var wins = history.Of(Acquire, Renew).Where(win => win.Outcome != Outcome.Refused).ToArray();
        var own = wins.ToLookup(win => win.Who);
        // One line of a log may tell of several acts.
        var acts = history.Done(Begin, Write, Effect, Evict, Requeue, Bury)
            .GroupBy(act => (act.Who, act.Began, act.Line, act.Clock, act.Epoch));
        foreach (var act in acts)
        {
            var first = act.First();
            if (first.Epoch is { } epoch)
            {
                // What brought no answer may have won any epoch.
                if (!own[first.Who].Any(win => (win.Epoch is null || win.Epoch == epoch) && MayPrecede(win, first)))
                {
                    yield return ($"{first.Who} acted as the leader of epoch {epoch}, which it was not seen to win",
                        [.. act]);
                }
            }
            else if (wins.LastOrDefault(
                win => win.IsOk && win.Clock == first.Clock && win.Began <= first.Began) is not { } holder)
            {
                yield return ($"{first.Who} acted as a leader while nobody held the lease", [.. act]);
            }
            else if (holder.Who != first.Who)
            {
                yield return ($"{first.Who} acted as a leader while {holder.Who} held the lease, epoch {holder.Epoch}",
                    [holder, .. act]);
            }
        }
    }

    // On another clock nothing is known of the order.
    private static bool MayPrecede(Operation win, Operation act) =>
        win.Clock != act.Clock || win.Began <= (act.Ended ?? act.Began);
}
