using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Sqlite;

/// <summary>The roster.</summary>
internal sealed partial class SqliteWorkRows
{
    /// <inheritdoc/>
    public override Agent? Agent(AgentId id) =>
        Agents("id = $id", ("$id", id.Value)) is [var agent] ? agent : null;

    /// <inheritdoc/>
    public override void Put(Agent agent) => link.Execute("""
        INSERT INTO agent (election, id, name, role, status, host, pid, process_start, started_at, last_seen_at,
            beats, ttl_ms, clock_domain, expires_ns, witness_device, witness_inode, self_reported, is_pooled, can, left_as)
        VALUES ($election, $id, $name, $role, $status, $host, $pid, $start, $started, $seen,
            $beats, $ttl, $domain, $expires, $device, $inode, $self, $pooled, $can,
            CASE WHEN $on_roster THEN NULL ELSE
                (SELECT coalesce(max(left_as), 0) + 1 FROM agent WHERE election = $election AND left_as IS NOT NULL)
            END)
        ON CONFLICT (election, id) DO UPDATE SET
            status = excluded.status, last_seen_at = excluded.last_seen_at, beats = excluded.beats,
            clock_domain = excluded.clock_domain, expires_ns = excluded.expires_ns,
            witness_device = excluded.witness_device, witness_inode = excluded.witness_inode,
            left_as = CASE WHEN excluded.left_as IS NULL THEN NULL ELSE coalesce(left_as, excluded.left_as) END
        """,
        Here, ("$id", agent.Id.Value), ("$name", agent.Name), ("$role", agent.Role),
        ("$status", agent.Status.Name()), ("$host", agent.Host), ("$pid", agent.Pid),
        ("$start", agent.ProcessStart), ("$started", Milliseconds(agent.StartedAt)),
        ("$seen", Milliseconds(agent.LastSeenAt)), ("$beats", agent.Beats), ("$ttl", Milliseconds(agent.Ttl)),
        ("$domain", agent.Expiry?.Domain.Value), ("$expires", agent.Expiry?.At.Nanoseconds),
        ("$device", agent.Witness?.Device), ("$inode", agent.Witness?.Inode),
        ("$self", agent.SelfReported ? 1 : 0), ("$pooled", agent.IsPooled ? 1 : 0),
        ("$can", WorkJson.Words(agent.Can)), ("$on_roster", agent.IsOnRoster ? 1 : 0));

    private ImmutableArray<Agent> Agents(string which, params ReadOnlySpan<(string, object?)> parameters)
    {
        using var rows = link.Command($"""
            SELECT id, name, role, status, host, pid, process_start, started_at, last_seen_at, beats, ttl_ms,
                clock_domain, expires_ns, witness_device, witness_inode, self_reported, is_pooled, can,
                (SELECT task.id FROM task WHERE task.election = agent.election AND task.claim_agent = agent.id
                    AND task.claim_agent IS NOT NULL ORDER BY task.claimed_at, task.place LIMIT 1)
            FROM agent WHERE election = $election AND {which}
            """, [Here, .. parameters]).ExecuteReader();
        var agents = ImmutableArray.CreateBuilder<Agent>();
        while (rows.Read())
        {
            agents.Add(new(new(rows.GetString(0)), rows.GetString(1), rows.GetString(2))
            {
                Status = TaskNames.ParseAgentStatus(rows.GetString(3))
                    ?? throw Unknown("status of an agent", rows.GetString(3)),
                Host = rows.GetString(4),
                Pid = rows.GetInt32(5),
                ProcessStart = rows.GetInt64(6),
                StartedAt = At(rows.GetInt64(7)),
                LastSeenAt = At(rows.GetInt64(8)),
                Beats = rows.GetInt64(9),
                Ttl = Span(rows, 10),
                Expiry = Expiry(rows, 11),
                Witness = Identity(rows, 13),
                SelfReported = rows.GetBoolean(15),
                IsPooled = rows.GetBoolean(16),
                Can = WorkJson.Words(rows.GetString(17)),
                Task = Text(rows, 18) is { } task ? new TaskId(task) : null,
            });
        }

        return agents.ToImmutable();
    }

    private static StoreUnavailableException Unknown(string what, string word) =>
        new(StoreFault.Damaged, $"the store has a {what} that this program does not know: '{word}'");
}
