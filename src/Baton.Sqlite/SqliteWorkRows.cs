using System.Collections.Immutable;
using System.Globalization;
using Baton.Work;
using Microsoft.Data.Sqlite;

namespace Baton.Sqlite;

/// <summary>
/// The rows of one election within one transaction: the fence, requests, events, and the snapshot.
/// </summary>
internal sealed partial class SqliteWorkRows(SqliteLink link, ElectionName election) : WorkRows
{
    private const int MostGone = 50;

    private (string, object?) Here => ("$election", election.Value);

    /// <inheritdoc/>
    public override Fence Fence
    {
        get
        {
            using var row = link.Command(
                "SELECT epoch, holder, lease_store_id FROM fence WHERE election = $election", Here).ExecuteReader();
            return row.Read()
                ? new(new(row.GetInt64(0)), Text(row, 1) is { } holder ? new HolderId(holder) : null, Text(row, 2))
                : new(Epoch.None, null, null);
        }

        set => link.Execute("""
            INSERT INTO fence (election, epoch, holder, lease_store_id) VALUES ($election, $epoch, $holder, $leases)
            ON CONFLICT (election) DO UPDATE SET
                epoch = excluded.epoch, holder = excluded.holder, lease_store_id = excluded.lease_store_id
            """,
            Here, ("$epoch", value.Epoch.Value), ("$holder", value.Holder?.Value), ("$leases", value.LeaseStoreId));
    }

    /// <inheritdoc/>
    public override RollbackAlarm? Alarm
    {
        get
        {
            using var row = link.Command(
                "SELECT at, known_epoch, floor_epoch FROM alarm WHERE election = $election", Here).ExecuteReader();
            return row.Read() ? new(At(row.GetInt64(0)), new(row.GetInt64(1)), new(row.GetInt64(2))) : null;
        }

        set
        {
            link.Execute("DELETE FROM alarm WHERE election = $election", Here);
            if (value is not null)
            {
                link.Execute("""
                    INSERT INTO alarm (election, at, known_epoch, floor_epoch)
                    VALUES ($election, $at, $known, $floor)
                    """,
                    Here, ("$at", Milliseconds(value.At)),
                    ("$known", value.Known.Value), ("$floor", value.Floor.Value));
            }
        }
    }

    /// <inheritdoc/>
    public override void Append(EventDraft draft, DateTimeOffset at) => link.Execute("""
        INSERT INTO event (election, at, type, actor, subject, message, epoch, data)
        VALUES ($election, $at, $type, $actor, $subject, $message, $epoch, $data)
        """,
        Here, ("$at", Milliseconds(at)), ("$type", draft.Type.Name()), ("$actor", draft.Actor),
        ("$subject", draft.Subject), ("$message", draft.Message), ("$epoch", draft.Epoch?.Value),
        ("$data", WorkJson.Facts(draft.Data)));

    /// <inheritdoc/>
    public override bool IsTold(EventType type, Epoch epoch) => link.Scalar(
        "SELECT 1 FROM event WHERE election = $election AND type = $type AND epoch = $epoch LIMIT 1",
        Here, ("$type", type.Name()), ("$epoch", epoch.Value)) is not null;

    /// <inheritdoc/>
    public override ImmutableArray<WorkEvent> Events(EventQuery query)
    {
        var order = query.Newest ? "DESC" : "ASC";
        using var rows = link.Command($"""
            SELECT seq, at, type, actor, subject, message, epoch, data FROM event
            WHERE election = $election AND seq > $after
            {(query.Type is null ? "" : "AND type = $type")}
            {(query.Subject is null ? "" : "AND subject = $subject")}
            ORDER BY seq {order} LIMIT $limit
            """,
            Here, ("$after", query.After), ("$limit", query.Limit ?? -1),
            ("$type", query.Type?.Name()), ("$subject", query.Subject)).ExecuteReader();
        var events = new List<WorkEvent>();
        while (rows.Read())
        {
            // A type of a later program is no event of this one's; its readers go on with the next.
            if (EventTypes.Parse(rows.GetString(2)) is { } type)
            {
                events.Add(new(rows.GetInt64(0), At(rows.GetInt64(1)),
                    new(type, rows.GetString(3), rows.GetString(4), rows.GetString(5),
                        Number(rows, 6) is { } epoch ? new Epoch(epoch) : null)
                    {
                        Data = WorkJson.Facts(Text(rows, 7)),
                    }));
            }
        }

        if (query.Newest)
        {
            events.Reverse();
        }

        return [.. events];
    }

    /// <inheritdoc/>
    public override ImmutableArray<LeaderRequest> Requests()
    {
        using var rows = link.Command("""
            SELECT number, kind, asked_by, epoch, agent FROM request WHERE election = $election ORDER BY number
            """, Here).ExecuteReader();
        var requests = ImmutableArray.CreateBuilder<LeaderRequest>();
        while (rows.Read())
        {
            requests.Add(new(Enum.Parse<RequestKind>(rows.GetString(1), ignoreCase: true), rows.GetString(2))
            {
                Number = rows.GetInt64(0),
                Epoch = Number(rows, 3) is { } epoch ? new Epoch(epoch) : null,
                Agent = Text(rows, 4) is { } agent ? new AgentId(agent) : null,
            });
        }

        return requests.ToImmutable();
    }

    /// <inheritdoc/>
    public override long Add(LeaderRequest request) => (long)link.Scalar("""
        INSERT INTO request (election, kind, asked_by, epoch, agent) VALUES ($election, $kind, $by, $epoch, $agent)
        RETURNING number
        """,
        Here, ("$kind", request.Kind.ToString().ToLowerInvariant()), ("$by", request.By),
        ("$epoch", request.Epoch?.Value), ("$agent", request.Agent?.Value))!;

    /// <inheritdoc/>
    public override void Drop(long request) => link.Execute(
        "DELETE FROM request WHERE election = $election AND number = $number", Here, ("$number", request));

    /// <inheritdoc/>
    public override Snapshot Snapshot(DateTimeOffset since)
    {
        var tally = Tally();
        int Count(string name) => tally.TryGetValue(name, out var entry) ? entry.Count : 0;
        var evictedOrchestrators = EventType.OrchestratorEvicted.Name();
        var evictedAgents = EventType.AgentEvicted.Name();
        var requeued = EventType.TaskRequeued.Name();
        return new(election, (long)link.Scalar("SELECT coalesce(max(seq), 0) FROM event")!, Fence)
        {
            Agents = Agents("left_as IS NULL ORDER BY started_at, id"),
            Gone = Agents("left_as IS NOT NULL ORDER BY left_as DESC LIMIT $most", ("$most", MostGone)),
            InProgress = Tasks("AND status = 'in_progress' ORDER BY claimed_at, place"),
            Tasks = new(Count("pending"), Count("ready"), Count("in_progress"), Count("blocked"),
                Count("completed"), Count("failed"), Count("cancelled")),
            Cleanup = new(Count(evictedOrchestrators), Count(evictedAgents), Count(requeued),
                new[] { evictedOrchestrators, evictedAgents, requeued }
                    .Max(name => tally.TryGetValue(name, out var entry) ? entry.LastAt : null)),
            Transitions24h = Convert.ToInt32(link.Scalar("""
                SELECT count(*) FROM event WHERE election = $election AND type = $type AND at > $since
                """,
                Here, ("$type", EventType.LeaderElected.Name()), ("$since", Milliseconds(since))),
                CultureInfo.InvariantCulture),
            Requests = Requests(),
            Alarm = Alarm,
        };
    }

    private Dictionary<string, (int Count, DateTimeOffset? LastAt)> Tally()
    {
        using var rows = link.Command(
            "SELECT name, count, last_at FROM tally WHERE election = $election", Here).ExecuteReader();
        var tally = new Dictionary<string, (int, DateTimeOffset?)>(StringComparer.Ordinal);
        while (rows.Read())
        {
            tally[rows.GetString(0)] = (rows.GetInt32(1), Time(rows, 2));
        }

        return tally;
    }

    private static string? Text(SqliteDataReader row, int at) => row.IsDBNull(at) ? null : row.GetString(at);

    private static long? Number(SqliteDataReader row, int at) => row.IsDBNull(at) ? null : row.GetInt64(at);

    private static decimal? Decimal(SqliteDataReader row, int at) =>
        Text(row, at) is { } text ? decimal.Parse(text, CultureInfo.InvariantCulture) : null;

    private static DateTimeOffset? Time(SqliteDataReader row, int at) => row.IsDBNull(at) ? null : At(row.GetInt64(at));

    private static LeaseExpiry? Expiry(SqliteDataReader row, int at) =>
        row.IsDBNull(at) ? null : new(new(row.GetString(at)), new(row.GetInt64(at + 1)));

    private static FileIdentity? Identity(SqliteDataReader row, int at) =>
        row.IsDBNull(at) ? null : new(row.GetInt64(at), row.GetInt64(at + 1));

    private static TimeSpan Span(SqliteDataReader row, int at) => TimeSpan.FromMilliseconds(row.GetInt64(at));

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static long Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
