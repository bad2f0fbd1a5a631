namespace Baton.Validation;

/// <summary>I4: no two processes believe at the same instant that they lead.</summary>
public static class TrustEndsBeforeLease
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(TrustEndsBeforeLease), "No two processes believe at the same instant that they lead.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history)
    {
        foreach (var clock in history.Reigns.GroupBy(reign => reign.First.Clock))
        {
            Reign? longest = null;
            foreach (var reign in clock)
            {
                if (longest is not null && longest.Who != reign.Who && longest.Overlaps(reign))
                {
                    var both = (longest.Until < reign.Until ? longest.Until : reign.Until) - reign.From;
                    yield return ($"{longest.Who} (epoch {longest.Epoch}) and {reign.Who} (epoch {reign.Epoch}) both believed "
                        + FormattableString.Invariant($"for {both.TotalMilliseconds:0.0} ms"),
                        [longest.First, longest.Last, reign.First]);
                }

                longest = longest is null || reign.Until > longest.Until ? reign : longest;
            }
        }
    }
}
