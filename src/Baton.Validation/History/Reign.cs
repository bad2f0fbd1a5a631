using System.Collections.Immutable;

namespace Baton.Validation;

/// <summary>
/// How long a process believed, without a break, that it leads: put together from its
/// <see cref="OperationKind.Trust"/>, and cut short by its <see cref="OperationKind.Yield"/> or its end.
/// </summary>
/// <param name="Who">The process life.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="First">The operation with which it began.</param>
/// <param name="Last">The operation by which it ended: the last trust, a yield, or the end of the process.</param>
/// <param name="Until">When it ended.</param>
public sealed record Reign(string Who, Epoch Epoch, Operation First, Operation Last, Instant Until)
{
    /// <summary>When it began.</summary>
    public Instant From => First.Began;

    /// <summary>Whether it shares an instant with another, on the same clock.</summary>
    public bool Overlaps(Reign other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return First.Clock == other.First.Clock && From < other.Until && other.From < Until;
    }

    internal static ImmutableArray<Reign> Of(History history)
    {
        var reigns = ImmutableArray.CreateBuilder<Reign>();
        var yields = history.Of(OperationKind.Yield).ToLookup(yield => (yield.Who, yield.Epoch, yield.Clock));
        var trusts = history.Done(OperationKind.Trust)
            .Where(trust => trust is { Epoch: not null, Until: not null })
            .GroupBy(trust => (trust.Who, trust.Epoch, trust.Clock));
        foreach (var term in trusts)
        {
            var end = history.EndOf(term.Key.Who);
            Reign? reign = null;
            foreach (var trust in term)
            {
                if (reign is not null && end is not null && reign.Last == end && !end.Precedes(trust))
                {
                    // Still alive while it was being killed.
                    continue;
                }

                var cut = Cut(trust, yields[term.Key], end);
                // A yield or an end that comes after this trust cuts this one too; the former was not over before.
                if (reign is not null && trust.Began <= reign.Until)
                {
                    reign = reign with { Last = cut.By, Until = cut.At };
                    continue;
                }

                if (reign is not null)
                {
                    reigns.Add(reign);
                }

                reign = new(trust.Who, trust.Epoch!.Value, trust, cut.By, cut.At);
            }

            reigns.Add(reign!);
        }

        return [.. reigns.OrderBy(reign => reign.From)];
    }

    // A yield lies between the trust that it ends and the one that would follow.
    private static (Operation By, Instant At) Cut(Operation trust, IEnumerable<Operation> yields, Operation? end)
    {
        var (by, at) = (trust, trust.Until!.Value);
        var yielded = yields.FirstOrDefault(yield => yield.Began >= trust.Began);
        if (yielded is not null && yielded.Began < at)
        {
            (by, at) = (yielded, yielded.Began);
        }

        // It died at some time while the kill was under way; only until that began did it surely live.
        if (end is not null && end.Clock == trust.Clock && end.Began < at)
        {
            (by, at) = (end, end.Began > trust.Began ? end.Began : trust.Began);
        }

        return (by, at);
    }
}
