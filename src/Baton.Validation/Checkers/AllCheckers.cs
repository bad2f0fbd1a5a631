using System.Collections.Immutable;

namespace Baton.Validation;

/// <summary>Every promise that a history is judged by.</summary>
public static class AllCheckers
{
    /// <summary>The checkers, the election's first.</summary>
    public static ImmutableArray<Checker> List { get; } =
    [
        OneHolderPerEpoch.Checker,
        EpochsOnlyGrow.Checker,
        TrustEndsBeforeLease.Checker,
        NoTakeoverOfAFreshLease.Checker,
        NothingBehindTheFence.Checker,
        OnlyTheHolderActs.Checker,
        SilentAfterStop.Checker,
        LeaderAppearsWithin.Checker,
        OneLiveClaimPerTask.Checker,
        RequeuedOnce.Checker,
        NoTaskLost.Checker,
        NoCompletedTaskRunsAgain.Checker,
        OnlyTheStaleAreEvicted.Checker,
        ViewsAgree.Checker,
    ];

    /// <summary>Everything in a history that breaks a promise.</summary>
    public static ImmutableArray<Violation> Judge(History history) =>
        [.. List.SelectMany(checker => checker.Judge(history))];
}
