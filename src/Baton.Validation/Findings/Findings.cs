using System.Collections.Immutable;

namespace Baton.Validation;

/// <summary>What became of a criterion.</summary>
public enum Judgement
{
    /// <summary>Shown.</summary>
    Pass,

    /// <summary>Broken, or could not be shown.</summary>
    Fail,

    /// <summary>Not tried; its evidence says why. Never counts as a pass.</summary>
    Skip,
}

/// <summary>One criterion and what was seen.</summary>
/// <param name="Id">The fixed name, as <c>crash-failover</c>.</param>
/// <param name="Title">The same for a person.</param>
/// <param name="Result">What became of it.</param>
/// <param name="Evidence">What was seen, a line each: which processes, which epochs, which times.</param>
public sealed record Criterion(string Id, string Title, Judgement Result, ImmutableArray<string> Evidence);

/// <summary>How a validation looked at the system.</summary>
public enum ValidationMode
{
    /// <summary>Real processes and real faults in a store of the run's own.</summary>
    Drills,

    /// <summary>The running system, read only.</summary>
    Live,

    /// <summary>A recording.</summary>
    History,
}

/// <summary>What was recorded while one thing was tried.</summary>
/// <param name="Name">What was tried: the id of a criterion.</param>
/// <param name="History">What was recorded.</param>
public sealed record NamedHistory(string Name, History History);

/// <summary>What a validation found.</summary>
/// <param name="RunId">Names the run; its section is written once.</param>
/// <param name="Mode">How it looked.</param>
/// <param name="Criteria">The criteria, in their fixed order.</param>
public sealed record Findings(string RunId, ValidationMode Mode, ImmutableArray<Criterion> Criteria)
{
    /// <summary>The store, without a password.</summary>
    public string Store { get; init; } = "";

    /// <summary>The election.</summary>
    public ElectionName Election { get; init; } = ElectionName.Main;

    /// <summary>When the run began (wall clock).</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The ttl of the leases; null where a recording does not tell.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Who led last; null where nobody did.</summary>
    public HolderId? Leader { get; init; }

    /// <summary>The epoch of who led last.</summary>
    public Epoch? Epoch { get; init; }

    /// <summary>What the run's random choices were drawn from; null where it made none.</summary>
    public long? Seed { get; init; }

    /// <summary>All that was recorded.</summary>
    public History History { get; init; } = new([]);

    /// <summary>The same, apart by what was tried; the picture shows one after the other.</summary>
    public ImmutableArray<NamedHistory> Parts { get; init; } = [];

    /// <summary>How many criteria of this mode were not asked for.</summary>
    public int NotAskedFor { get; init; }

    /// <summary>Failed when a criterion failed, or when none was shown.</summary>
    public bool IsPass => Criteria.All(criterion => criterion.Result != Judgement.Fail)
        && Criteria.Any(criterion => criterion.Result == Judgement.Pass);
}
