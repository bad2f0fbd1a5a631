using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The fence: the highest epoch that the work store has seen, and whose it is.</summary>
public sealed record Fence(Epoch Epoch, HolderId? Holder, string? LeaseStoreId);

/// <summary>How many tasks stand where.</summary>
/// <param name="Pending">Waiting for a dependency.</param>
/// <param name="Ready">Could be taken, a back-off aside.</param>
/// <param name="InProgress">Claimed.</param>
/// <param name="Blocked">Waiting for a person.</param>
/// <param name="Completed">Done.</param>
/// <param name="Failed">Given up.</param>
/// <param name="Cancelled">Called off.</param>
public sealed record TaskCounts(
    int Pending, int Ready, int InProgress, int Blocked, int Completed, int Failed, int Cancelled)
{
    /// <summary>All of them.</summary>
    public int Total => Pending + Ready + InProgress + Blocked + Completed + Failed + Cancelled;

    /// <summary>Whether no task can go on by itself.</summary>
    public bool IsIdle => Ready == 0 && InProgress == 0;

    /// <summary>Whether all are done or called off.</summary>
    public bool IsDone => IsIdle && Pending == 0 && Blocked == 0 && Failed == 0;
}

/// <summary>What cleaning up has done since the beginning, counted from the event log.</summary>
public sealed record CleanupTally(
    int OrchestratorsEvicted, int AgentsEvicted, int TasksRequeued, DateTimeOffset? LastAt);

/// <summary>A store was found older than the mark; shown until a person acknowledges it.</summary>
public sealed record RollbackAlarm(DateTimeOffset At, Epoch Known, Epoch Floor);

/// <summary>
/// The state of one election's work as of one moment; with <see cref="WorkEvent"/>s after <see cref="Seq"/> a
/// face stays current.
/// </summary>
public sealed record Snapshot(ElectionName Election, long Seq, Fence Fence)
{
    /// <summary>Agents that are on the roster, in the order of their start.</summary>
    public ImmutableArray<Agent> Agents { get; init; } = [];

    /// <summary>Agents that stopped or were evicted last, newest first, at most 50.</summary>
    public ImmutableArray<Agent> Gone { get; init; } = [];

    /// <summary>The tasks in progress, in the order of their claims.</summary>
    public ImmutableArray<DurableTask> InProgress { get; init; } = [];

    /// <summary>How many tasks stand where.</summary>
    public required TaskCounts Tasks { get; init; }

    /// <summary>What cleaning up has done.</summary>
    public required CleanupTally Cleanup { get; init; }

    /// <summary>How many terms began in the last 24 hours.</summary>
    public int Transitions24h { get; init; }

    /// <summary>What the leader has been asked for and has not done.</summary>
    public ImmutableArray<LeaderRequest> Requests { get; init; } = [];

    /// <summary>The alarm over a rolled back store.</summary>
    public RollbackAlarm? Alarm { get; init; }
}
