using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>
/// A lease is taken only after it was given back, revoked, or ran out, or its holder was dead.
/// </summary>
public static class NoTakeoverOfAFreshLease
{
    // Clocks whose rates differ by one percent each way.
    private const double Slack = 0.98;

    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(nameof(NoTakeoverOfAFreshLease),
        "A lease is taken only once it was given back, ran out, or its holder had died.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        var ends = history.Of(Release, Revoke, Kill, Exit, Fault).ToArray();
        Operation? lease = null;
        foreach (var operation in history.Done(Acquire, Renew))
        {
            if (operation.Kind == Acquire && lease is not null && lease.Who != operation.Who
                && lease.Clock == operation.Clock && IsFresh(lease, operation)
                && !ends.Any(end => Excuses(end, lease, operation)))
            {
                var age = operation.Ended!.Value - lease.Began;
                yield return ($"{operation.Who} took epoch {operation.Epoch} while the lease of {lease.Who} "
                    + FormattableString.Invariant($"(epoch {lease.Epoch}) was {age.TotalMilliseconds:0} ms old of its ")
                    + FormattableString.Invariant($"{lease.Ttl!.Value.TotalMilliseconds:0}"), [lease, operation]);
            }

            // A renewal of a term that has been followed says nothing of the lease that stands now.
            if (lease is null || operation.Kind == Acquire || operation.Epoch >= lease.Epoch)
            {
                lease = operation;
            }
        }
    }

    private static bool IsFresh(Operation lease, Operation acquire) =>
        lease.Ttl is { } ttl && acquire.Ended is { } taken && taken < lease.Began + (ttl * Slack);

    // Whatever may have ended the lease before it was taken. A release is its holder's own, and of this epoch.
    private static bool Excuses(Operation end, Operation lease, Operation acquire) =>
        end.Clock == lease.Clock && end.Outcome != Outcome.Refused && end.Began <= acquire.Ended && end.Kind switch
        {
            Release => end.Who == lease.Who && end.Epoch == lease.Epoch && end.Began >= lease.Began,
            Revoke or Kill or Exit => end.Subject == lease.Who,
            _ => (end.Ended ?? end.Began) >= lease.Began,
        };
}
