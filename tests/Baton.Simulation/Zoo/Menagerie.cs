using System.Collections.Immutable;
using Baton.Validation;

namespace Baton.Simulation;

/// <summary>Every beast. A checker that catches none of them proves nothing.</summary>
internal static class Menagerie
{
    /// <summary>An elector without a bad habit: it must never be caught.</summary>
    public static Beast Tame { get; } = Elector("tame", "nothing", new());

    public static ImmutableArray<Beast> All { get; } =
    [
        Elector("trust-from-answer", "trust counts from when the answer came, not from when it was asked for",
            new() { TrustsFromTheAnswer = true }, nameof(TrustEndsBeforeLease)),
        Elector("no-deadline", "believes that it leads until the store says otherwise",
            new() { HasNoDeadline = true }, nameof(TrustEndsBeforeLease)),
        Elector("flag-for-clock", "a flag says that it leads; on waking it looks at no clock",
            new() { LooksAtAFlag = true }, nameof(TrustEndsBeforeLease)),
        Elector("revived", "a renewal that is heard behind the deadline makes it believe again",
            new() { Revives = true }, nameof(SilentAfterStop)),
        Elector("acts-on", "acts outside once more when its leadership is over",
            new() { ActsOn = true }, nameof(SilentAfterStop)),
        Elector("acts-as-a-follower", "acts outside under the epoch of the leader that it follows",
            new() { ActsAsAFollower = true }, nameof(OnlyTheHolderActs)),
        Elector("renewal-outlives-stop", "stops leading and goes on renewing",
            new() { RenewsAfterTheStop = true }, nameof(LeaderAppearsWithin)),
        Elector("renewal-revives-release", "renews after its release, and the store writes it",
            new() { RenewsAfterTheRelease = true }, nameof(SilentAfterStop)) with
            { Leases = (_, rows) => new LeasesRenewedBlindly(rows) },
        Elector("nobody-replaces", "never takes a lease that was not given back",
            new() { NeverReplaces = true }, nameof(LeaderAppearsWithin)),
        Elector("release-by-anyone", "a release blanks whoever leads by now",
            new() { ReleasesWhatItLost = true }, nameof(NoTakeoverOfAFreshLease)) with
            { Leases = (_, rows) => new LeasesReleasedByAnyone(rows) },
        new("takes-fresh-lease", "judges a lease by a third of its ttl", nameof(NoTakeoverOfAFreshLease))
            { Client = leases => new ImpatientClient(leases) },
        Elector("hint-for-renewal", "a hint that its lease stands counts as a renewal",
            new() { TrustsHints = true }, nameof(TrustEndsBeforeLease)),
        new("frozen-for-dead", "takes a process that does nothing for dead", nameof(NoTakeoverOfAFreshLease))
            { TakesForDead = life => life.IsFrozen },
        new("won-by-two", "reads the row, then writes it without comparing", nameof(OneHolderPerEpoch))
            { Leases = (stores, rows) => new LeasesWithoutCompare(rows, stores.Clock) },
        new("epoch-reset-on-release", "a release deletes the row and its epoch", nameof(EpochsOnlyGrow))
            { Leases = (stores, rows) => new LeasesDeletedOnRelease(stores, rows) },
        new("epoch-reset-on-loss", "a lost store begins at epoch 1 again", nameof(EpochsOnlyGrow))
            { Leases = (_, rows) => new LeasesWithoutFloor(rows) },
        new("never-looks-old", "a row that has run out is shown as leading", nameof(ViewsAgree))
            { Leases = (_, rows) => new LeasesThatNeverLookOld(rows) },
        new("fence-without-lock", "looks at the fence, takes its time, and writes", nameof(NothingBehindTheFence))
            { Work = (work, clock) => new WorkWithoutLock(work, clock) },
        new("cleanup-without-fence", "evicts and requeues for whoever asks", nameof(NothingBehindTheFence))
            { Work = (work, _) => new WorkWithoutFence(work) },
        new("requeue-blindly", "requeues a task whatever has become of it", nameof(RequeuedOnce))
            { Work = (work, _) => new WorkThatRequeuesBlindly(work) },
        new("claimed-by-two", "gives one attempt to two", nameof(OneLiveClaimPerTask))
            { Work = (work, _) => new WorkClaimedTwice(work) },
        new("hears-zombies", "accepts the late completion of a lost claim", nameof(OneLiveClaimPerTask))
            { Work = (work, _) => new WorkThatHearsZombies(work) },
        new("forgets-a-task", "acknowledges a task and loses it", nameof(NoTaskLost))
            { Work = (work, _) => new WorkThatForgets(work) },
        new("runs-again", "puts a completed task back into the queue", nameof(NoCompletedTaskRunsAgain))
            { Work = (work, _) => new WorkThatRunsAgain(work) },
        new("evicts-the-living", "takes agents for gone after a sixth of their ttl", nameof(OnlyTheStaleAreEvicted))
            { Leader = work => new ImpatientLeader(work) },
        new("requeues-never", "leaves the tasks of lost agents in progress", Trial.WorkFinishes)
            { Leader = work => new NegligentLeader(work) },
    ];

    /// <summary>
    /// Lets a beast loose until the checker that must catch it does; null when none of the seeds is enough.
    /// </summary>
    public static (ulong Seeds, Ruling Ruling)? Hunt(Beast beast, ulong seeds)
    {
        for (var seed = 1UL; seed <= seeds; seed++)
        {
            var verdict = Trial.Of(seed, beast);
            if (verdict.Violations.Any(found => found.Promise == beast.CaughtBy))
            {
                return (seed, verdict);
            }
        }

        return null;
    }

    private static Beast Elector(string name, string wrong, Habits habits, string caughtBy = "") =>
        new(name, wrong, caughtBy)
        { Contender = (arena, host, seat, id) => new PlainContender(arena, host, seat, id, habits) };
}
