using Baton.Work;

namespace Baton.Cli;

/// <summary><c>status --json</c>.</summary>
internal sealed record StatusJson(string Election, string Store, string Leases, DateTimeOffset GeneratedAt, LeaderJson Leader,
    OrchestratorsJson Orchestrators, AgentsJson Agents, TaskCountsJson Tasks, CleanupTallyJson Cleanup,
    [property: System.Text.Json.Serialization.JsonPropertyName("transitions_24h")] int Transitions24h,
    AlarmJson? Alarm)
{
    public static StatusJson Of(SystemStatus status)
    {
        var orchestrators = status.OrchestratorCounts;
        var agents = status.AgentCounts;
        var tasks = status.Snapshot.Tasks;
        var cleanup = status.Snapshot.Cleanup;
        return new(status.Election.Value, status.Store, status.Leases, status.GeneratedAt, LeaderJson.Of(status.Leader),
            new(orchestrators.Total, orchestrators.Leading, orchestrators.Standby, orchestrators.Stale),
            new(agents.Total, agents.Alive, agents.Late, agents.Stale),
            new(tasks.Pending, tasks.Ready, tasks.InProgress, tasks.Blocked, tasks.Completed, tasks.Failed,
                tasks.Cancelled),
            new(cleanup.OrchestratorsEvicted, cleanup.AgentsEvicted, cleanup.TasksRequeued, cleanup.LastAt),
            status.Snapshot.Transitions24h,
            status.Snapshot.Alarm is { } alarm
                ? new("store_rolled_back", alarm.At, alarm.Known.Value, alarm.Floor.Value)
                : null);
    }
}

/// <summary>The leadership; every field but <c>state</c> is null where nobody ever led.</summary>
internal sealed record LeaderJson(string? Id, long? Epoch, string State, string? Host, int? Pid,
    DateTimeOffset? Since, DateTimeOffset? RenewedAt, long? TtlMs, long? RemainingMs)
{
    public static LeaderJson Of(LeaderStatus leader) => new(leader.Id?.Value, leader.Epoch?.Value,
        NameOf(leader.State), leader.Host, leader.Pid, leader.Since, leader.RenewedAt,
        (long?)leader.Ttl?.TotalMilliseconds, (long?)leader.Remaining?.TotalMilliseconds);

    /// <summary>The word for a state.</summary>
    public static string NameOf(LeaderState state) => state switch
    {
        LeaderState.Leading => "leading",
        LeaderState.Died => "died",
        LeaderState.Expired => "expired",
        LeaderState.Released => "released",
        LeaderState.None => "none",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };
}

internal sealed record OrchestratorsJson(int Total, int Leading, int Standby, int Stale);

internal sealed record AgentsJson(int Total, int Alive, int Late, int Stale);

internal sealed record TaskCountsJson(
    int Pending, int Ready, int InProgress, int Blocked, int Completed, int Failed, int Cancelled);

internal sealed record CleanupTallyJson(
    int OrchestratorsEvicted, int AgentsEvicted, int TasksRequeued, DateTimeOffset? LastAt);

internal sealed record AlarmJson(string Code, DateTimeOffset At, long KnownEpoch, long FloorEpoch);

/// <summary>A row of <c>leader history</c>.</summary>
internal sealed record TermJson(long Epoch, string Id, string Host, int? Pid, DateTimeOffset BeganAt,
    DateTimeOffset? EndedAt, string? EndedBy)
{
    public static TermJson Of(Term term) => new(term.Epoch.Value, term.Holder.Value, term.Host,
        term.Pid == 0 ? null : term.Pid, term.BeganAt, term.EndedAt, term.EndedBy?.Name());
}

/// <summary><c>leader resign</c>: who led, and who leads now.</summary>
internal sealed record ResignJson(long FromEpoch, string FromId, long ToEpoch, string ToId, long TookMs);

/// <summary>A row of <c>agent list</c>.</summary>
internal sealed record AgentJson(string Id, string Name, string Role, string State, bool Leader, long? Epoch,
    string Host, int? Pid, DateTimeOffset StartedAt, DateTimeOffset LastSeenAt, string? Task, bool Draining,
    bool SelfReported, long TtlMs, IReadOnlyList<string> Can)
{
    public static AgentJson Of(AgentView view)
    {
        var agent = view.Agent;
        return new(agent.Id.Value, agent.Name, agent.Role, view.Liveness.Name(), view.IsLeader, view.Epoch?.Value,
            agent.Host, agent.Pid == 0 ? null : agent.Pid, agent.StartedAt, agent.LastSeenAt, agent.Task?.Value,
            agent.Status == AgentStatus.Draining, agent.SelfReported, (long)agent.Ttl.TotalMilliseconds,
            agent.Can);
    }
}

/// <summary><c>init</c>.</summary>
internal sealed record InitJson(string Workspace, string Store, string? Leases, bool Created, long? MovedAtEpoch);

/// <summary>A row of <c>config show</c>.</summary>
internal sealed record SettingJson(string Name, string? Value, string Origin);
