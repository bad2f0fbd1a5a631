using Baton.Validation;

namespace Baton.Simulation;

/// <summary>
/// What nothing can promise about leases that are rolled back or deleted (docs/reference/limits.md). Only what lies
/// close to such a loss is excused, and never a write behind the fence.
/// </summary>
internal static class KnownLimits
{
    public static bool Excuse(History history, Violation found, TimeSpan ttl)
    {
        if (found.Evidence.Length < 2)
        {
            return false;
        }

        var (first, last) = (found.Evidence[0], found.Evidence[^1]);
        var losses = history.Of(OperationKind.Fault).ToArray();
        return found.Promise switch
        {
            // They can be taken before the leader under whom they were lost has noticed, and on the ground of what
            // was seen of the former ones.
            nameof(TrustEndsBeforeLease) or nameof(NoTakeoverOfAFreshLease) => losses.Any(loss =>
                first.Began - ttl <= loss.Began && loss.Began <= last.Began),
            // An epoch whose winner had not come as far as its mark was known to the lost row alone; and a request
            // that was under way all the time may be given an old epoch, which nobody then leads with.
            nameof(OneHolderPerEpoch) or nameof(EpochsOnlyGrow) => losses.Any(loss =>
                (first.Began <= loss.Began && loss.Began <= EndOf(last) && !Led(history, first, loss.Began))
                || IsUnledAcross(history, loss, first) || IsUnledAcross(history, loss, last)),
            nameof(SilentAfterStop) => losses.Any(loss =>
                first.Began <= loss.Began && loss.Began <= EndOf(last) && !Led(history, first, loss.Began)),
            _ => false,
        };
    }

    private static Instant EndOf(Operation operation) => operation.Ended ?? operation.Began;

    private static bool IsUnledAcross(History history, Operation loss, Operation acquire) =>
        acquire.Began <= loss.Began && loss.Began <= EndOf(acquire) && !Led(history, acquire, Instant.Never);

    private static bool Led(History history, Operation acquire, Instant end) =>
        history.Done(OperationKind.Trust, OperationKind.Begin).Any(act =>
            act.Who == acquire.Who && act.Epoch == acquire.Epoch && act.Began <= end);
}
