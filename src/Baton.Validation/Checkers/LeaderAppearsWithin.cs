namespace Baton.Validation;

/// <summary>L1: once the faults are over there is a leader within the bound.</summary>
public static class LeaderAppearsWithin
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(
        nameof(LeaderAppearsWithin), "Once the faults are over a leader appears in time.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history) =>
        from heal in history.Of(OperationKind.Heal)
        where heal.Until is not null
            && !history.Reigns.Any(reign => reign.First.Clock == heal.Clock
                && reign.From <= heal.Until.Value && reign.Until >= heal.Began)
        select (FormattableString.Invariant(
            $"nobody led within {(heal.Until!.Value - heal.Began).TotalMilliseconds:0} ms of the last fault"), new[] { heal });
}
