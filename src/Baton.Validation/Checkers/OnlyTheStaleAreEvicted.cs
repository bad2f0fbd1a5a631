using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>
/// Nobody is evicted who was heard of within its ttl and lives on, unless somebody asked for it.
/// </summary>
public static class OnlyTheStaleAreEvicted
{
    // Clocks whose rates differ by one percent each way.
    private const double Slack = 0.98;

    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(OnlyTheStaleAreEvicted), "Nobody is evicted who was heard of within its ttl and lives on.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        // To register again changes nothing: the first time counts.
        var signs = history.Done(Beat)
            .Concat(history.Done(Register).DistinctBy(register => register.Who))
            .OrderBy(sign => sign.Began)
            .ToLookup(sign => sign.Who);
        var acts = history.Operations.ToLookup(operation => operation.Who);
        foreach (var eviction in history.Done(Evict))
        {
            if (eviction.Subject is not { } agent || eviction.Note?.StartsWith("asked for", StringComparison.Ordinal) == true)
            {
                continue;
            }

            var last = signs[agent].LastOrDefault(sign => sign.Precedes(eviction));
            var after = acts[agent].FirstOrDefault(eviction.Precedes);
            if (last?.Ttl is { } ttl && after is not null && eviction.Ended < last.Began + (ttl * Slack))
            {
                yield return ($"{agent} was evicted by {eviction.Who} though it had just been heard of",
                    [last, eviction, after]);
            }
        }
    }
}
