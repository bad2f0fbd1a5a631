using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>I6: what a face says of the leader was so at some instant while it was asked.</summary>
public static class ViewsAgree
{
    // Clocks whose rates differ by one percent each way.
    private const double Slack = 1.02;

    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(ViewsAgree), "No face names another leader than the one that leads.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        var last = new Dictionary<(string, string?), Operation>();
        foreach (var view in history.Done(View))
        {
            if (last.TryGetValue((view.Who, view.Clock), out var former) && former.Precedes(view) && view.Epoch < former.Epoch)
            {
                yield return ($"{view.Who} went back from epoch {former.Epoch} to {view.Epoch}", [former, view]);
            }

            if (view.Epoch is not null)
            {
                last[(view.Who, view.Clock)] = view;
            }

            if ((view.Subject is null ? Leading(history, view) : Wrong(history, view)) is { } found)
            {
                yield return found;
            }
        }
    }

    // Nobody was named though somebody led the whole time.
    private static (string, Operation[])? Leading(History history, Operation view) =>
        history.Reigns.FirstOrDefault(reign => reign.First.Clock == view.Clock
            && reign.From < view.Began && view.Ended < reign.Until
            && history.Done(Begin).Any(begin => begin.Who == reign.Who && begin.Precedes(view))) is { } reign
            ? ($"{view.Who} showed no leader while {reign.Who} led, epoch {reign.Epoch}", [reign.First, view])
            : null;

    private static (string, Operation[])? Wrong(History history, Operation view)
    {
        var leases = history.Done(Acquire, Renew).ToArray();
        // Where an epoch has several holders, that is another promise's fault.
        if (leases.FirstOrDefault(lease => lease.Epoch == view.Epoch && lease.Who != view.Subject) is { } other
            && !leases.Any(lease => lease.Epoch == view.Epoch && lease.Who == view.Subject))
        {
            return ($"{view.Who} named {view.Subject} for epoch {view.Epoch}, which is {other.Who}'s", [other, view]);
        }

        if (view.Note is not (null or "leading"))
        {
            return null;
        }

        if (leases.FirstOrDefault(lease => lease.Epoch > view.Epoch && lease.Precedes(view)) is { } newer)
        {
            return ($"{view.Who} showed epoch {view.Epoch} as leading after {newer.Who} had epoch {newer.Epoch}",
                [newer, view]);
        }

        if (history.Done(Release).FirstOrDefault(
            release => release.Who == view.Subject && release.Epoch == view.Epoch && release.Precedes(view)) is { } release)
        {
            return ($"{view.Who} showed {view.Subject} as leading after it had given the lease back", [release, view]);
        }

        // Its last renewal may have been cut off with it, so a death counts as a renewal.
        // A renewal that was long under way may be heard after one that was sent later.
        var own = leases.Where(lease => lease.Epoch == view.Epoch && lease.Clock == view.Clock)
            .MaxBy(lease => lease.Ended);
        var end = history.EndOf(view.Subject!);
        return own is { Ttl: { } ttl, Ended: { } renewed }
            && view.Began > (end?.Ended > renewed ? end.Ended.Value : renewed) + (ttl * Slack)
            && !history.Of(Renew).Any(renew =>
                renew.Who == view.Subject && renew.Outcome == Outcome.Unknown && renew.Began > own.Began)
            ? ($"{view.Who} showed {view.Subject} as leading after its lease had run out", [own, view])
            : null;
    }
}
