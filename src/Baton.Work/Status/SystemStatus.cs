using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>How it stands with the leadership, computed when it is read.</summary>
public enum LeaderState
{
    /// <summary>Held, as far as one can know.</summary>
    Leading,

    /// <summary>Time is left, but the leader's process is proven dead.</summary>
    Died,

    /// <summary>The lease ran out without a renewal.</summary>
    Expired,

    /// <summary>The leader gave it back, and nobody took over yet.</summary>
    Released,

    /// <summary>Nobody ever led.</summary>
    None,
}

/// <summary>The leadership as one observer sees it at one moment.</summary>
/// <param name="State">What it is worth.</param>
public sealed record LeaderStatus(LeaderState State)
{
    /// <summary>Who leads, or led last; null before the first term.</summary>
    public HolderId? Id { get; init; }

    /// <summary>Its epoch; null before the first term.</summary>
    public Epoch? Epoch { get; init; }

    /// <summary>Its host.</summary>
    public string? Host { get; init; }

    /// <summary>Its process on that host; null where unknown.</summary>
    public int? Pid { get; init; }

    /// <summary>When its term began (wall clock).</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When the lease was last renewed (wall clock).</summary>
    public DateTimeOffset? RenewedAt { get; init; }

    /// <summary>The ttl of its term.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>How much of the lease is left; zero once it ran out or was given back.</summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Whether somebody leads.</summary>
    public bool IsLeading => State == LeaderState.Leading;
}

/// <summary>How many orchestrators take part.</summary>
/// <param name="Total">On the roster.</param>
/// <param name="Leading">1 while one leads, else 0.</param>
/// <param name="Standby">Living ones that don't lead.</param>
/// <param name="Stale">Silent for longer than their ttl, or dead; not evicted yet.</param>
public sealed record OrchestratorCounts(int Total, int Leading, int Standby, int Stale);

/// <summary>How many agents are on the roster, orchestrators among them.</summary>
public sealed record AgentCounts(int Total, int Alive, int Late, int Stale);

/// <summary>An agent and what an observer makes of it.</summary>
/// <param name="Agent">The row.</param>
/// <param name="Liveness">How alive it is.</param>
/// <param name="IsLeader">Whether it holds the lease and leads.</param>
/// <param name="Epoch">The epoch that it leads; null for every other.</param>
public sealed record AgentView(Agent Agent, Liveness Liveness, bool IsLeader, Epoch? Epoch);

/// <summary>The state of one election as of one moment: the one read model of every face.</summary>
/// <param name="Election">The election.</param>
/// <param name="Store">The kind of the work store.</param>
/// <param name="GeneratedAt">When it was read (wall clock).</param>
/// <param name="Leader">The leadership.</param>
/// <param name="Snapshot">The work as it was read.</param>
public sealed record SystemStatus(
    ElectionName Election, string Store, DateTimeOffset GeneratedAt, LeaderStatus Leader, Snapshot Snapshot)
{
    /// <summary>The kind of store that keeps the leases.</summary>
    public required string Leases { get; init; }

    /// <summary>The agents on the roster, in the order of their start.</summary>
    public ImmutableArray<AgentView> Agents { get; init; } = [];

    /// <summary>The agents that stopped or were evicted last, newest first.</summary>
    public ImmutableArray<AgentView> Gone { get; init; } = [];

    /// <summary>How many orchestrators there are.</summary>
    public OrchestratorCounts OrchestratorCounts
    {
        get
        {
            var orchestrators = Agents.Where(view => view.Agent.IsOrchestrator).ToList();
            var stale = orchestrators.Count(view => !view.IsLeader && view.Liveness == Liveness.Stale);
            var leading = orchestrators.Count(view => view.IsLeader);
            return new(orchestrators.Count, leading,
                orchestrators.Count(view => !view.IsLeader && view.Liveness != Liveness.Stale), stale);
        }
    }

    /// <summary>How many agents there are.</summary>
    public AgentCounts AgentCounts => new(Agents.Length,
        Agents.Count(view => view.Liveness == Liveness.Alive),
        Agents.Count(view => view.Liveness == Liveness.Late),
        Agents.Count(view => view.Liveness == Liveness.Stale));
}
