using System.Collections.Immutable;
using System.Data.Common;
using Baton.Work;

namespace Baton.Postgres;

/// <summary>
/// The rows of one election within one transaction. What a write reads it locks, so that what it decided on still
/// stands when it writes; what it tells it numbers last.
/// </summary>
internal sealed partial class PostgresWorkRows(
    PostgresSteps steps, string channel, string topic, ElectionName election, PostgresOrder order) : SqlWorkRows(election)
{
    private static readonly SqlDialect Words = new()
    {
        Joins = "string_agg",
        Greatest = "greatest",
        NeedsAreMet = "needs::jsonb <@ CAST(@can AS jsonb)",
        IsTagged = "jsonb_exists(tags::jsonb, @tag)",
        IsReadByReader = "jsonb_exists_any(read_by::jsonb, ARRAY[@reader, @name])",
        IsReadByRecipient = "jsonb_exists(read_by::jsonb, recipient)",
    };

    private readonly List<(EventDraft Draft, DateTimeOffset At)> _told = [];
    private readonly SortedDictionary<string, (int Change, DateTimeOffset? At)> _tally = new(StringComparer.Ordinal);
    private readonly List<Message> _sent = [];
    private long? _lastMessage;
    private bool _isTold;

    /// <inheritdoc/>
    public override long LastMessage => _sent.Count + (_lastMessage ??= (long)steps.Scalar(
        "SELECT coalesce((SELECT message_seq FROM head WHERE election = @election), 0)", Here)!);

    /// <inheritdoc/>
    protected override SqlDialect Dialect => Words;

    /// <inheritdoc/>
    protected override long LastEvent => (long)steps.Scalar(
        "SELECT coalesce((SELECT seq FROM head WHERE election = @election), 0)", Here)!;

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
    public override void Append(Message message) => _sent.Add(message);

    /// <inheritdoc/>
    public override bool IsTold(EventType type, Epoch epoch) =>
        _told.Any(told => told.Draft.Type == type && told.Draft.Epoch == epoch) || base.IsTold(type, epoch);

    /// <inheritdoc/>
    public override Snapshot Snapshot(DateTimeOffset since)
    {
        // A snapshot at the end of a write shows what that write tells.
        Tell();
        return base.Snapshot(since);
    }

    /// <inheritdoc/>
    public override Agent? Agent(AgentId id)
    {
        if (!order.IsRead)
        {
            steps.AskLater("SELECT 1 FROM agent WHERE election = @election AND id = @id FOR UPDATE",
                Here, ("id", id.Value));
        }

        return base.Agent(id);
    }

    /// <inheritdoc/>
    public override void Put(Agent agent) => steps.Later($"""
        INSERT INTO agent (election, id, name, role, status, host, pid, process_start, started_at, last_seen_at,
            heard_at, beats, ttl_ms, clock_domain, expires_ns, witness_device, witness_inode, self_reported,
            is_pooled, can, left_as)
        VALUES (@election, @id, @name, @role, @status, @host, @pid, @start, @started, @seen,
            {PostgresSteps.ServerTime}, @beats, @ttl, @domain, @expires, @device, @inode, @self, @pooled, @can,
            CASE WHEN @on_roster THEN NULL ELSE nextval('departure') END)
        ON CONFLICT (election, id) DO UPDATE SET
            status = excluded.status, last_seen_at = excluded.last_seen_at,
            heard_at = CASE WHEN agent.beats = excluded.beats THEN agent.heard_at ELSE excluded.heard_at END,
            beats = excluded.beats,
            clock_domain = excluded.clock_domain, expires_ns = excluded.expires_ns,
            witness_device = excluded.witness_device, witness_inode = excluded.witness_inode,
            left_as = CASE WHEN excluded.left_as IS NULL THEN NULL ELSE coalesce(agent.left_as, excluded.left_as) END
        """, [Here, .. ValuesOf(agent)]);

    /// <inheritdoc/>
    protected override ImmutableArray<Agent> Agents(
        string which, params ReadOnlySpan<(string Name, object? Value)> parameters) => All($"""
        SELECT {RowReading.AgentColumns}, {HeldTask} AS held, {PostgresSteps.SilentFor}
        FROM agent WHERE election = @election AND {which}
        """, row => row.ReadAgent() with { SilentFor = PostgresSteps.Silence(row, 19) }, [Here, .. parameters]);

    /// <inheritdoc/>
    protected override void Run(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        steps.Later(sql, parameters);

    /// <inheritdoc/>
    protected override T Ask<T>(string sql, Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters) => steps.Ask(sql, read, parameters);

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
                [Here, ("back", (long)(_told.Count - 1 - i)), .. ValuesOf(draft, at)]);
        }

        for (var i = 0; i < _sent.Count; i++)
        {
            steps.Later("""
                INSERT INTO message (election, seq, id, at, sender, audience, recipient, type, subject, body, reply_to,
                    data, read_by)
                SELECT @election, message_seq - @back, coalesce(@id, @prefix || (message_seq - @back)), @at, @from,
                    @audience, @to, @type, @subject, @body, @reply, @data, @read
                FROM head WHERE election = @election
                """,
                [Here, ("back", (long)(_sent.Count - 1 - i)), .. ValuesOf(_sent[i])]);
        }

        foreach (var (name, (change, at)) in _tally.Where(entry => entry.Value.Change != 0))
        {
            steps.Later("""
                INSERT INTO tally (election, name, count, last_at) VALUES (@election, @name, @change, @at)
                ON CONFLICT (election, name) DO UPDATE SET
                    count = tally.count + @change, last_at = coalesce(@at, tally.last_at)
                """, Here, ("name", name), ("change", (long)change), ("at", at is { } time ? Milliseconds(time) : null));
        }

        _lastMessage += _sent.Count;
        _told.Clear();
        _sent.Clear();
        _tally.Clear();
        steps.AskLater("SELECT pg_notify(@channel, @topic)", ("channel", channel), ("topic", topic));
    }

    private void Count(string name, int change, DateTimeOffset? at = null)
    {
        var known = _tally.GetValueOrDefault(name);
        _tally[name] = (known.Change + change, at ?? known.At);
    }
}
