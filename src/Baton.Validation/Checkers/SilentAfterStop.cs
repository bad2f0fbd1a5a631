using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>
/// I5: who gave its lease back does not renew it, who stopped believing does not believe again in the same term or
/// act outside, and who is gone does nothing.
/// </summary>
public static class SilentAfterStop
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(nameof(SilentAfterStop),
        "A term that was given up does not revive, and who is gone does nothing.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history) =>
        Revived(history).Concat(Believing(history)).Concat(Acting(history)).Concat(Undead(history));

    private static IEnumerable<(string, Operation[])> Revived(History history)
    {
        var later = history.Done(Renew, Trust, Begin, Write).ToLookup(operation => (operation.Who, operation.Epoch));
        return from release in history.Done(Release)
               let again = later[(release.Who, release.Epoch)].FirstOrDefault(release.Precedes)
               where again is not null
               select ($"{release.Who} went on in epoch {release.Epoch} after it had given the lease back",
                   new[] { release, again });
    }

    private static IEnumerable<(string, Operation[])> Believing(History history) =>
        from term in history.Reigns.GroupBy(reign => (reign.Who, reign.Epoch, reign.First.Clock))
        where term.Count() > 1
        let reigns = term.ToArray()
        select ($"{term.Key.Who} believed in epoch {term.Key.Epoch} again after that had ended",
            new[] { reigns[0].Last, reigns[1].First });

    private static IEnumerable<(string, Operation[])> Acting(History history)
    {
        var reigns = history.Reigns.ToLookup(reign => (reign.Who, reign.Epoch));
        foreach (var effect in history.Of(Effect))
        {
            var own = effect.Epoch is { } epoch ? reigns[(effect.Who, epoch)].ToArray() : [];
            if (own.Length > 0 && !own.Any(reign => reign.From <= effect.Began && effect.Began <= reign.Until))
            {
                yield return ($"{effect.Who} acted outside as the leader of epoch {effect.Epoch} when that was over",
                    [own[^1].Last, effect]);
            }
        }
    }

    private static IEnumerable<(string, Operation[])> Undead(History history)
    {
        var acts = history.Of(Acquire, Renew, Release, Trust, Begin, Write, Effect, Register, Beat, Claim, Extend,
            Complete, Fail, GiveBack).ToLookup(operation => operation.Who);
        return from end in history.Done(Kill, Exit)
               let again = acts[end.Subject ?? ""].FirstOrDefault(end.Precedes)
               where again is not null
               select ($"{end.Subject} acted after its end", new[] { end, again });
    }
}
