using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>What an agent's row says of it; whether it lives is computed when it is read.</summary>
public enum AgentStatus
{
    /// <summary>Takes part.</summary>
    Active,

    /// <summary>Finishes what it has and takes no more.</summary>
    Draining,

    /// <summary>Left in good order.</summary>
    Stopped,

    /// <summary>Was found stale; its id never comes back.</summary>
    Evicted,
}

/// <summary>How alive an agent is, as one observer sees it now.</summary>
public enum Liveness
{
    /// <summary>Heard of in time.</summary>
    Alive,

    /// <summary>Silent for more than two beats.</summary>
    Late,

    /// <summary>Silent for longer than its ttl, or its process is proven dead.</summary>
    Stale,

    /// <summary>Left.</summary>
    Stopped,

    /// <summary>Evicted.</summary>
    Evicted,
}

/// <summary>
/// An agent as the roster keeps it: a worker's or an orchestrator's process life, or whoever claims by hand.
/// </summary>
/// <param name="Id">The id of this life.</param>
/// <param name="Name">The stable name.</param>
/// <param name="Role">What it does; orchestrators have <see cref="OrchestratorRole"/>.</param>
public sealed record Agent(AgentId Id, string Name, string Role)
{
    /// <summary>The role of orchestrators.</summary>
    public const string OrchestratorRole = "orchestrator";

    /// <summary>The role of agents that take tasks and say nothing else of themselves.</summary>
    public const string WorkerRole = "worker";

    /// <summary>How many beats make a ttl.</summary>
    public const int BeatsPerTtl = 6;

    /// <summary>What it can do that a task may need.</summary>
    public ImmutableArray<string> Can { get; init; } = [];

    /// <summary>What the row says.</summary>
    public AgentStatus Status { get; init; }

    /// <summary>The host's name.</summary>
    public string Host { get; init; } = "";

    /// <summary>The process on that host; 0 where it has none of its own.</summary>
    public int Pid { get; init; }

    /// <summary>When that process started, in the kernel's ticks; 0 where unknown.</summary>
    public long ProcessStart { get; init; }

    /// <summary>When it registered.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was last heard of (wall clock, display).</summary>
    public DateTimeOffset LastSeenAt { get; init; }

    /// <summary>
    /// How long before this reading it was last heard of, by the store's own clock (display). Null where the store
    /// keeps none; the store fills it in when it reads.
    /// </summary>
    public TimeSpan? SilentFor { get; init; }

    /// <summary>How often it was heard of; standing still is silence.</summary>
    public long Beats { get; init; }

    /// <summary>How long it may be silent.</summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>When it becomes stale on the boot clock of its host.</summary>
    public LeaseExpiry? Expiry { get; init; }

    /// <summary>The witness of its process; null where it keeps none.</summary>
    public FileIdentity? Witness { get; init; }

    /// <summary>Whether its heartbeat is its own word, not tied to a process.</summary>
    public bool SelfReported { get; init; }

    /// <summary>Whether the leader's worker pool started it.</summary>
    public bool IsPooled { get; init; }

    /// <summary>The task it holds; the store fills it in when it reads.</summary>
    public TaskId? Task { get; init; }

    /// <summary>What it offers.</summary>
    public Skills Skills => new(Role, Can);

    /// <summary>Whether it is an orchestrator.</summary>
    public bool IsOrchestrator => Role == OrchestratorRole;

    /// <summary>Whether it still takes part, alive or not.</summary>
    public bool IsOnRoster => Status is AgentStatus.Active or AgentStatus.Draining;
}

/// <summary>What is said of an agent.</summary>
/// <param name="Id">Whom.</param>
public sealed record AgentReport(AgentId Id)
{
    /// <summary>
    /// A new status; null leaves it. An evicted or stopped agent never becomes active again.
    /// </summary>
    public AgentStatus? Status { get; init; }

    /// <summary>The witness, where it was made anew.</summary>
    public FileIdentity? Witness { get; init; }

    /// <summary>Whether this is a sign of life. A request to drain by someone else is not.</summary>
    public bool IsBeat { get; init; } = true;

    /// <summary>
    /// An event to write with it: <c>leader.at_risk</c>, <c>leader.demoted</c>, <c>orchestrator.standby</c>.
    /// </summary>
    public EventDraft? Event { get; init; }
}

/// <summary>The pure rules of liveness.</summary>
public static class AgentRules
{
    /// <summary>Judges an agent at one instant.</summary>
    /// <param name="agent">The row as read.</param>
    /// <param name="here">The observer's clock domain.</param>
    /// <param name="now">The observer's boot clock.</param>
    /// <param name="utcNow">The wall clock, used only for rows of another clock in a store without one.</param>
    /// <param name="provablyDead">Whether its witness proves its death.</param>
    public static Liveness Judge(
        Agent agent, ClockDomain here, Instant now, DateTimeOffset utcNow, bool provablyDead)
    {
        ArgumentNullException.ThrowIfNull(agent);
        switch (agent.Status)
        {
            case AgentStatus.Stopped:
                return Liveness.Stopped;
            case AgentStatus.Evicted:
                return Liveness.Evicted;
            case AgentStatus.Active or AgentStatus.Draining when provablyDead:
                return Liveness.Stale;
            case AgentStatus.Active or AgentStatus.Draining:
                var left = agent.Expiry is { } expiry && expiry.Domain.Knows(here)
                    ? expiry.At - now
                    : LeaseRules.LeftAtOneLook(agent.Ttl, agent.SilentFor, agent.LastSeenAt, utcNow);
                var silent = agent.Ttl - left;
                return left <= TimeSpan.Zero ? Liveness.Stale
                    : silent > agent.Ttl * 2 / Agent.BeatsPerTtl ? Liveness.Late
                    : Liveness.Alive;
            default:
                throw new ArgumentOutOfRangeException(nameof(agent));
        }
    }
}
