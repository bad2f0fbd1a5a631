using System.Collections.Immutable;
using System.Globalization;
using Baton.Work;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// The rows of one election within one transaction: the fence, requests, events, and the snapshot. What a write
/// reads it locks, so that what it decided on still stands when it writes.
/// </summary>
internal sealed partial class PostgresWorkRows(
    PostgresSteps steps, string channel, string topic, ElectionName election, PostgresOrder order) : WorkRows
{
    private const int MostGone = 50;

    private readonly List<(EventDraft Draft, DateTimeOffset At)> _told = [];
    private readonly SortedDictionary<string, (int Change, DateTimeOffset? At)> _tally = new(StringComparer.Ordinal);
    private bool _isTold;

    private (string, object?) Here => ("election", election.Value);

    /// <inheritdoc/>
    public override Fence Fence
    {
        get => steps.Ask("SELECT epoch, holder, lease_store_id FROM fence WHERE election = @election", row => row.Read()
            ? new Fence(new(row.GetInt64(0)), Text(row, 1) is { } holder ? new HolderId(holder) : null, Text(row, 2))
            : new(Epoch.None, null, null), Here);

        set => steps.Later("""
            INSERT INTO fence (election, epoch, holder, lease_store_id) VALUES (@election, @epoch, @holder, @leases)
            ON CONFLICT (election) DO UPDATE SET
                epoch = excluded.epoch, holder = excluded.holder, lease_store_id = excluded.lease_store_id
            """,
            Here, ("epoch", value.Epoch.Value), ("holder", value.Holder?.Value), ("leases", value.LeaseStoreId));
    }

    /// <inheritdoc/>
    public override RollbackAlarm? Alarm
    {
        get => steps.Ask("SELECT at, known_epoch, floor_epoch FROM alarm WHERE election = @election", row =>
            row.Read() ? new RollbackAlarm(At(row.GetInt64(0)), new(row.GetInt64(1)), new(row.GetInt64(2))) : null, Here);

        set
        {
            steps.Later("DELETE FROM alarm WHERE election = @election", Here);
            if (value is not null)
            {
                steps.Later("""
                    INSERT INTO alarm (election, at, known_epoch, floor_epoch)
                    VALUES (@election, @at, @known, @floor)
                    """,
                    Here, ("at", Milliseconds(value.At)), ("known", value.Known.Value), ("floor", value.Floor.Value));
            }
        }
    }

    /// <summary>Opens the transaction, and takes the fence as its use asks for.</summary>
    public void Begin(FenceUse use)
    {
        steps.Begin(order);
        switch (use)
        {
            case FenceUse.None:
                break;
            case FenceUse.Check:
                steps.AskLater("SELECT 1 FROM fence WHERE election = @election FOR SHARE", Here);
                break;
            case FenceUse.Raise:
                steps.Later("""
                    INSERT INTO fence (election, epoch) VALUES (@election, 0) ON CONFLICT DO NOTHING
                    """, Here);
                steps.AskLater("SELECT 1 FROM fence WHERE election = @election FOR UPDATE", Here);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(use));
        }
    }

    /// <summary>Writes what was told, and commits.</summary>
    public void Commit()
    {
        Tell();
        steps.Commit();
    }

    /// <summary>
    /// Changes whenever anything may have changed: the upper part with what is written to last, the lower with
    /// each sign of life.
    /// </summary>
    public long Mark()
    {
        const int beatBits = 24;
        return steps.Ask("""
            SELECT coalesce((SELECT version FROM head WHERE election = @election), 0),
                coalesce((SELECT sum(beats) FROM agent WHERE election = @election AND left_as IS NULL), 0)::bigint
            """, row =>
        {
            row.Read();
            return ((row.GetInt64(0) + 1) << beatBits) + (row.GetInt64(1) & ((1 << beatBits) - 1));
        }, Here);
    }

    /// <inheritdoc/>
    public override void Append(EventDraft draft, DateTimeOffset at)
    {
        _told.Add((draft, at));
        if (draft is { Epoch: not null, Type: EventType.OrchestratorEvicted or EventType.AgentEvicted
            or EventType.TaskRequeued })
        {
            Count(draft.Type.Name(), 1, at);
        }
    }

    /// <inheritdoc/>
    public override bool IsTold(EventType type, Epoch epoch) =>
        _told.Any(told => told.Draft.Type == type && told.Draft.Epoch == epoch)
        || steps.Scalar("SELECT 1 FROM event WHERE election = @election AND type = @type AND epoch = @epoch LIMIT 1",
            Here, ("type", type.Name()), ("epoch", epoch.Value)) is not null;

    /// <inheritdoc/>
    public override ImmutableArray<WorkEvent> Events(EventQuery query)
    {
        var events = steps.Ask($"""
            SELECT seq, at, type, actor, subject, message, epoch, data FROM event
            WHERE election = @election AND seq > @after
            {(query.Type is null ? "" : "AND type = @type")}
            {(query.Subject is null ? "" : "AND subject = @subject")}
            ORDER BY seq {(query.Newest ? "DESC" : "ASC")} LIMIT @limit
            """, ReadEvents,
            [Here, ("after", query.After), ("limit", query.Limit),
                .. Given("type", query.Type?.Name()), .. Given("subject", query.Subject)]);
        if (query.Newest)
        {
            events.Reverse();
        }

        return [.. events];
    }

    /// <inheritdoc/>
    public override ImmutableArray<LeaderRequest> Requests() => steps.Ask("""
        SELECT number, kind, asked_by, epoch, agent FROM request WHERE election = @election ORDER BY number
        """, rows =>
    {
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
    }, Here);

    /// <inheritdoc/>
    public override long Add(LeaderRequest request) => (long)steps.Scalar("""
        INSERT INTO request (election, kind, asked_by, epoch, agent) VALUES (@election, @kind, @by, @epoch, @agent)
        RETURNING number
        """,
        Here, ("kind", request.Kind.ToString().ToLowerInvariant()), ("by", request.By),
        ("epoch", request.Epoch?.Value), ("agent", request.Agent?.Value))!;

    /// <inheritdoc/>
    public override void Drop(long request) => steps.Later(
        "DELETE FROM request WHERE election = @election AND number = @number", Here, ("number", request));

    /// <inheritdoc/>
    public override Snapshot Snapshot(DateTimeOffset since)
    {
        // A snapshot at the end of a write shows what that write tells.
        Tell();
        var tally = Tally();
        int Count(string name) => tally.TryGetValue(name, out var entry) ? entry.Count : 0;
        var evictedOrchestrators = EventType.OrchestratorEvicted.Name();
        var evictedAgents = EventType.AgentEvicted.Name();
        var requeued = EventType.TaskRequeued.Name();
        return new(election, (long)steps.Scalar(
            "SELECT coalesce((SELECT seq FROM head WHERE election = @election), 0)", Here)!, Fence)
        {
            Agents = Agents("left_as IS NULL ORDER BY started_at, agent.id"),
            Gone = Agents("left_as IS NOT NULL ORDER BY left_as DESC LIMIT @most", ("most", MostGone)),
            InProgress = Tasks("AND status = 'in_progress' ORDER BY claimed_at NULLS FIRST, place"),
            Tasks = new(Count("pending"), Count("ready"), Count("in_progress"), Count("blocked"),
                Count("completed"), Count("failed"), Count("cancelled")),
            Cleanup = new(Count(evictedOrchestrators), Count(evictedAgents), Count(requeued),
                new[] { evictedOrchestrators, evictedAgents, requeued }
                    .Max(name => tally.TryGetValue(name, out var entry) ? entry.LastAt : null)),
            Transitions24h = Convert.ToInt32(steps.Scalar("""
                SELECT count(*) FROM event WHERE election = @election AND type = @type AND at > @since
                """,
                Here, ("type", EventType.LeaderElected.Name()), ("since", Milliseconds(since))),
                CultureInfo.InvariantCulture),
            Requests = Requests(),
            Alarm = Alarm,
        };
    }

    /// <summary>
    /// Numbers the events and counts the tallies, under the row that keeps the log's order. From here to the
    /// commit no other write of this election goes on, so this comes last, and in one round trip with it.
    /// </summary>
    private void Tell()
    {
        if (order.IsRead
            || (_told.Count + _sent.Count == 0 && _tally.Count == 0 && (_isTold || !order.IsLasting)))
        {
            return;
        }

        _isTold = true;
        steps.Later("""
            INSERT INTO head (election, version, seq, message_seq) VALUES (@election, 1, @count, @sent)
            ON CONFLICT (election) DO UPDATE SET
                version = head.version + 1, seq = head.seq + @count, message_seq = head.message_seq + @sent
            """, Here, ("count", (long)_told.Count), ("sent", (long)_sent.Count));
        for (var i = 0; i < _told.Count; i++)
        {
            var (draft, at) = _told[i];
            steps.Later("""
                INSERT INTO event (election, seq, at, type, actor, subject, message, epoch, data)
                SELECT @election, seq - @back, @at, @type, @actor, @subject, @message, @epoch, @data
                FROM head WHERE election = @election
                """,
                Here, ("back", (long)(_told.Count - 1 - i)), ("at", Milliseconds(at)), ("type", draft.Type.Name()),
                ("actor", draft.Actor), ("subject", draft.Subject), ("message", draft.Message),
                ("epoch", draft.Epoch?.Value), ("data", WorkJson.Facts(draft.Data)));
        }

        WriteMessages();
        foreach (var (name, (change, at)) in _tally.Where(entry => entry.Value.Change != 0))
        {
            steps.Later("""
                INSERT INTO tally (election, name, count, last_at) VALUES (@election, @name, @change, @at)
                ON CONFLICT (election, name) DO UPDATE SET
                    count = tally.count + @change, last_at = coalesce(@at, tally.last_at)
                """, Here, ("name", name), ("change", (long)change), ("at", at is { } time ? Milliseconds(time) : null));
        }

        _told.Clear();
        _tally.Clear();
        steps.AskLater("SELECT pg_notify(@channel, @topic)", ("channel", channel), ("topic", topic));
    }

    private void Count(string name, int change, DateTimeOffset? at = null)
    {
        var known = _tally.GetValueOrDefault(name);
        _tally[name] = (known.Change + change, at ?? known.At);
    }

    private Dictionary<string, (int Count, DateTimeOffset? LastAt)> Tally() => steps.Ask(
        "SELECT name, count, last_at FROM tally WHERE election = @election", rows =>
        {
            var tally = new Dictionary<string, (int, DateTimeOffset?)>(StringComparer.Ordinal);
            while (rows.Read())
            {
                tally[rows.GetString(0)] = ((int)rows.GetInt64(1), Time(rows, 2));
            }

            return tally;
        }, Here);

    private static List<WorkEvent> ReadEvents(NpgsqlDataReader rows)
    {
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

        return events;
    }

    // A parameter that no statement names is refused.
    private static (string, object?)[] Given(string name, object? value) => value is null ? [] : [(name, value)];

    private static string? Text(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : row.GetString(at);

    private static long? Number(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : row.GetInt64(at);

    private static decimal? Decimal(NpgsqlDataReader row, int at) =>
        Text(row, at) is { } text ? decimal.Parse(text, CultureInfo.InvariantCulture) : null;

    private static DateTimeOffset? Time(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : At(row.GetInt64(at));

    private static LeaseExpiry? Expiry(NpgsqlDataReader row, int at) =>
        row.IsDBNull(at) ? null : new(new(row.GetString(at)), new(row.GetInt64(at + 1)));

    private static FileIdentity? Identity(NpgsqlDataReader row, int at) =>
        row.IsDBNull(at) ? null : new(row.GetInt64(at), row.GetInt64(at + 1));

    private static TimeSpan Span(NpgsqlDataReader row, int at) => TimeSpan.FromMilliseconds(row.GetInt64(at));

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static long Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
