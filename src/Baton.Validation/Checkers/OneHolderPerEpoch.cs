using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>I1: one epoch has one holder.</summary>
public static class OneHolderPerEpoch
{
    /// <summary>The checker.</summary>
    public static Checker Checker { get; } = new(nameof(OneHolderPerEpoch), "An epoch has one holder.", Find);

    private static IEnumerable<(string, Operation[])> Find(History history) =>
        from operation in history.Done(Acquire, Renew, Trust, Begin, Write, Effect)
        where operation.Epoch is not null
        group operation by operation.Epoch!.Value into epoch
        let first = epoch.DistinctBy(operation => operation.Who).ToArray()
        where first.Length > 1
        orderby epoch.Key
        select ($"epoch {epoch.Key} has {first.Length} holders: {string.Join(", ", first.Select(each => each.Who))}", first);
}
