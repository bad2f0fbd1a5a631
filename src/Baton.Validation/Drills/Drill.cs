using System.Collections.Immutable;

namespace Baton.Validation;

/// <summary>What a run of drills is to do.</summary>
/// <param name="Run">The run's id: letters, digits and hyphens.</param>
/// <param name="Beside">The folder in which the run makes its own.</param>
public sealed record DrillOrder(string Run, string Beside)
{
    /// <summary>How many orchestrators take part where many do; default 5, at least 1.</summary>
    public int Orchestrators { get; init; } = 5;

    /// <summary>The ttl of the leases; default 2 s.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The criteria to try; empty: all.</summary>
    public ImmutableArray<string> Only { get; init; } = [];

    /// <summary>What random choices are drawn from.</summary>
    public long Seed { get; init; }

    /// <summary>The election, as it is named in the findings and led in the drills.</summary>
    public ElectionName Election { get; init; } = ElectionName.Main;

    /// <summary>
    /// How long what must come about may take: three ttl and what a busy machine needs. A limit to waiting; the times
    /// that were measured are the evidence.
    /// </summary>
    public TimeSpan Bound => (Ttl * 3) + TimeSpan.FromSeconds(20);
}

/// <summary>
/// One criterion and how it is tried: what is done to real processes, and what their recording must show. The second is
/// a pure function, so a doctored recording can show how it fails.
/// </summary>
/// <param name="Id">The criterion.</param>
/// <param name="Title">The same for a person.</param>
/// <param name="Least">How many orchestrators it takes.</param>
/// <param name="Play">Makes the faults, and demands at once what no recording shows.</param>
/// <param name="Judge">Finds in the recording what was to be shown; on an empty one it must fail.</param>
internal sealed record Drill(
    string Id, string Title, int Least, Func<Arena, Task> Play, Action<History, Verdict, DrillOrder> Judge)
{
    /// <summary>All, in their fixed order.</summary>
    public static ImmutableArray<Drill> All { get; } =
    [
        SingleLeader.Drill,
        LeaderHeartbeat.Drill,
        FollowersYield.Drill,
        EpochsGrow.Drill,
        GracefulHandover.Drill,
        CrashFailover.Drill,
        FrozenLeader.Drill,
        StaleOrchestrators.Drill,
        OrphanedTasks.Drill,
        StoreDamage.Drill,
        NoWorkLost.Drill,
        ViewsInStep.Drill,
    ];

    /// <summary>Judges a recording by this criterion and by every promise.</summary>
    public Criterion Conclude(History history, Verdict verdict, DrillOrder order)
    {
        Judge(history, verdict, order);
        verdict.Judge(history);
        return verdict.ToCriterion(Id, Title);
    }
}
