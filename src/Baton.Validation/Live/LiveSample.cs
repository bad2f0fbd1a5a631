using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Validation;

/// <summary>What a face says of the leadership.</summary>
/// <param name="Face">The face as it is typed: <c>status</c>.</param>
/// <param name="Leader">Whom it names; null for nobody.</param>
/// <param name="Epoch">Of which epoch.</param>
/// <param name="IsLeading">Whether it says that this one leads now.</param>
public sealed record FaceView(string Face, string? Leader, long? Epoch, bool IsLeading)
{
    /// <summary>What is wrong with the face itself; null while it can be read.</summary>
    public string? Trouble { get; init; }

    /// <summary>The same in words.</summary>
    public override string ToString() => Trouble ?? (Leader is null ? "nobody"
        : FormattableString.Invariant($"{Leader} epoch {Epoch?.ToString() ?? "unknown"}{(IsLeading ? " leading" : "")}"));
}

/// <summary>A running system at one moment, seen on ways that don't depend on each other.</summary>
/// <param name="At">When the rows were read.</param>
/// <param name="Lease">The lease row, as it stands in the store.</param>
/// <param name="Status">What the read model makes of it, and the roster.</param>
public sealed record LiveSample(Instant At, LeaseView Lease, SystemStatus Status)
{
    /// <summary>The recorded terms, oldest first.</summary>
    public ImmutableArray<Term> Terms { get; init; } = [];

    /// <summary>The <c>leader.elected</c> events, oldest first.</summary>
    public ImmutableArray<WorkEvent> Elections { get; init; } = [];

    /// <summary>The high-water mark; null where it can't be read.</summary>
    public Epoch? Mark { get; init; }

    /// <summary>The agents whose process is gone from this host, by pid and start time.</summary>
    public ImmutableArray<AgentId> Dead { get; init; } = [];

    /// <summary>Whether the leadership was the same after the faces were asked as before.</summary>
    public bool IsSteady { get; init; }

    /// <summary>What each face says of the leader.</summary>
    public ImmutableArray<FaceView> Faces { get; init; } = [];

    /// <summary>Whom <c>agent list</c> shows as alive or late.</summary>
    public ImmutableArray<string> ShownAlive { get; init; } = [];

    /// <summary>Whom <c>agent list</c> shows as the leader.</summary>
    public ImmutableArray<string> ShownLeading { get; init; } = [];

    /// <summary>How many evictions <c>status</c> counts; null where it could not be read.</summary>
    public int? EvictionsCounted { get; init; }

    /// <summary>How many evictions <c>events</c> lists; null where it could not be read.</summary>
    public int? EvictionsListed { get; init; }

    /// <summary>The leadership as the read model has it.</summary>
    public LeaderStatus Leader => Status.Leader;
}
