using System.Collections.Immutable;
using System.Data.Common;

namespace Baton.Work;

/// <summary>The words in which SQL databases differ; parameters are <c>@named</c> in all of them.</summary>
public sealed record SqlDialect
{
    /// <summary>The aggregate that joins texts.</summary>
    public required string Joins { get; init; }

    /// <summary>The function that gives the greater of two values.</summary>
    public required string Greatest { get; init; }

    /// <summary>Whether what a task <c>needs</c> is among what <c>@can</c> lists.</summary>
    public required string NeedsAreMet { get; init; }

    /// <summary>Whether a task's <c>tags</c> name <c>@tag</c>.</summary>
    public required string IsTagged { get; init; }

    /// <summary>Whether a message's <c>read_by</c>, which is not NULL, names <c>@reader</c> or <c>@name</c>.</summary>
    public required string IsReadByReader { get; init; }

    /// <summary>Whether a message's <c>read_by</c>, which is not NULL, names its <c>recipient</c>.</summary>
    public required string IsReadByRecipient { get; init; }
}

/// <summary>
/// The rows of a work store in SQL tables. What two databases say alike is said here, once; how statements are run,
/// rows locked and events numbered is each driver's own.
/// </summary>
public abstract partial class SqlWorkRows(ElectionName election) : WorkRows
{
    private const int MostGone = 50;

    /// <summary>The parameter that names the election.</summary>
    protected (string Name, object? Value) Here => ("election", election.Value);

    /// <summary>The database's words.</summary>
    protected abstract SqlDialect Dialect { get; }

    /// <summary>The number of the last event that is committed, or written here; 0 before the first.</summary>
    protected abstract long LastEvent { get; }

    /// <inheritdoc/>
    public override Fence Fence
    {
        get => Ask("SELECT epoch, holder, lease_store_id FROM fence WHERE election = @election", row => row.Read()
            ? new Fence(new(row.GetInt64(0)), row.ReadText(1) is { } holder ? new HolderId(holder) : null, row.ReadText(2))
            : new(Epoch.None, null, null), Here);

        set => Run("""
            INSERT INTO fence (election, epoch, holder, lease_store_id) VALUES (@election, @epoch, @holder, @leases)
            ON CONFLICT (election) DO UPDATE SET
                epoch = excluded.epoch, holder = excluded.holder, lease_store_id = excluded.lease_store_id
            """,
            Here, ("epoch", value.Epoch.Value), ("holder", value.Holder?.Value), ("leases", value.LeaseStoreId));
    }

    /// <inheritdoc/>
    public override RollbackAlarm? Alarm
    {
        get => Ask("SELECT at, known_epoch, floor_epoch FROM alarm WHERE election = @election", row => row.Read()
            ? new RollbackAlarm(RowReading.Time(row.GetInt64(0)), new(row.GetInt64(1)), new(row.GetInt64(2)))
            : null, Here);

        set
        {
            Run("DELETE FROM alarm WHERE election = @election", Here);
            if (value is not null)
            {
                Run("""
                    INSERT INTO alarm (election, at, known_epoch, floor_epoch)
                    VALUES (@election, @at, @known, @floor)
                    """,
                    Here, ("at", Milliseconds(value.At)), ("known", value.Known.Value), ("floor", value.Floor.Value));
            }
        }
    }

    /// <inheritdoc/>
    public override bool IsTold(EventType type, Epoch epoch) => Scalar(
        "SELECT 1 FROM event WHERE election = @election AND type = @type AND epoch = @epoch LIMIT 1",
        Here, ("type", type.Name()), ("epoch", epoch.Value)) is not null;

    /// <inheritdoc/>
    public override ImmutableArray<WorkEvent> Events(EventQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var events = Ask($"""
            SELECT {RowReading.EventColumns} FROM event
            WHERE election = @election AND seq > @after
            {(query.Type is null ? "" : "AND type = @type")}
            {(query.Subject is null ? "" : "AND subject = @subject")}
            ORDER BY seq {(query.Newest ? "DESC" : "ASC")} {(query.Limit is null ? "" : "LIMIT @limit")}
            """, rows =>
        {
            var found = ImmutableArray.CreateBuilder<WorkEvent>();
            while (rows.Read())
            {
                if (rows.ReadEvent() is { } told)
                {
                    found.Add(told);
                }
            }

            return found.ToImmutable();
        }, [Here, ("after", query.After), .. Given("limit", query.Limit), .. Given("type", query.Type?.Name()),
            .. Given("subject", query.Subject)]);
        return query.Newest ? [.. events.Reverse()] : events;
    }

    /// <inheritdoc/>
    public override ImmutableArray<LeaderRequest> Requests() => All(
        $"SELECT {RowReading.RequestColumns} FROM request WHERE election = @election ORDER BY number",
        RowReading.ReadRequest, Here);

    /// <inheritdoc/>
    public override long Add(LeaderRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return (long)Scalar("""
            INSERT INTO request (election, kind, asked_by, epoch, agent) VALUES (@election, @kind, @by, @epoch, @agent)
            RETURNING number
            """,
            Here, ("kind", request.Kind.ToString().ToLowerInvariant()), ("by", request.By),
            ("epoch", request.Epoch?.Value), ("agent", request.Agent?.Value))!;
    }

    /// <inheritdoc/>
    public override void Drop(long request) => Run(
        "DELETE FROM request WHERE election = @election AND number = @number", Here, ("number", request));

    /// <inheritdoc/>
    public override Snapshot Snapshot(DateTimeOffset since)
    {
        var tally = Tally();
        int Count(string name) => tally.TryGetValue(name, out var entry) ? entry.Count : 0;
        var evictedOrchestrators = EventType.OrchestratorEvicted.Name();
        var evictedAgents = EventType.AgentEvicted.Name();
        var requeued = EventType.TaskRequeued.Name();
        return new(election, LastEvent, Fence)
        {
            Agents = Agents("left_as IS NULL ORDER BY started_at, agent.id"),
            Gone = Agents("left_as IS NOT NULL ORDER BY left_as DESC LIMIT @most", ("most", MostGone)),
            InProgress = Tasks("AND status = 'in_progress' ORDER BY claimed_at NULLS FIRST, place"),
            Tasks = new(Count("pending"), Count("ready"), Count("in_progress"), Count("blocked"),
                Count("completed"), Count("failed"), Count("cancelled")),
            Cleanup = new(Count(evictedOrchestrators), Count(evictedAgents), Count(requeued),
                new[] { evictedOrchestrators, evictedAgents, requeued }
                    .Max(name => tally.TryGetValue(name, out var entry) ? entry.LastAt : null)),
            Transitions24h = (int)(long)Scalar("""
                SELECT count(*) FROM event WHERE election = @election AND type = @type AND at > @since
                """, Here, ("type", EventType.LeaderElected.Name()), ("since", Milliseconds(since)))!,
            Requests = Requests(),
            Alarm = Alarm,
        };
    }

    /// <summary>Runs a statement that gives no rows, before the next question or the commit at the latest.</summary>
    protected abstract void Run(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters);

    /// <summary>Runs a statement, and reads its rows.</summary>
    protected abstract T Ask<T>(string sql, Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters);

    /// <summary>The first column of the first row; null where there is none, or it is NULL.</summary>
    protected object? Scalar(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Ask(sql, row => row.Read() && !row.IsDBNull(0) ? row.GetValue(0) : null, parameters);

    /// <summary>Every row, each read as a record.</summary>
    protected ImmutableArray<T> All<T>(string sql, Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters) => Ask(sql, rows =>
        {
            var all = ImmutableArray.CreateBuilder<T>();
            while (rows.Read())
            {
                all.Add(read(rows));
            }

            return all.ToImmutable();
        }, parameters);

    /// <summary>An event's columns but for its number.</summary>
    protected static (string Name, object? Value)[] ValuesOf(EventDraft draft, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(draft);
        return
        [
            ("at", Milliseconds(at)), ("type", draft.Type.Name()), ("actor", draft.Actor), ("subject", draft.Subject),
            ("message", draft.Message), ("epoch", draft.Epoch?.Value), ("data", WorkJson.Facts(draft.Data)),
        ];
    }

    /// <summary>A time as a column keeps it.</summary>
    protected static long Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    /// <summary>A span as a column keeps it.</summary>
    protected static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    private static long? Milliseconds(DateTimeOffset? at) => at is { } time ? Milliseconds(time) : null;

    private static long? Milliseconds(TimeSpan? span) => span is { } some ? Milliseconds(some) : null;

    // A parameter that no statement names, and whose type nothing tells, is refused by some.
    private static (string, object?)[] Given(string name, object? value) => value is null ? [] : [(name, value)];

    private Dictionary<string, (int Count, DateTimeOffset? LastAt)> Tally() => Ask(
        "SELECT name, count, last_at FROM tally WHERE election = @election", rows =>
        {
            var tally = new Dictionary<string, (int, DateTimeOffset?)>(StringComparer.Ordinal);
            while (rows.Read())
            {
                tally[rows.GetString(0)] = ((int)rows.GetInt64(1), rows.ReadTime(2));
            }

            return tally;
        }, Here);
}
