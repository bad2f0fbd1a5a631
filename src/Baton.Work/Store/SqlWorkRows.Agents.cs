using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The agents, the messages between them, and how far each reader is.</summary>
public abstract partial class SqlWorkRows
{
    /// <summary>The task that an agent holds.</summary>
    protected const string HeldTask = """
        (SELECT task.id FROM task WHERE task.election = agent.election AND task.claim_agent = agent.id
            AND task.claim_agent IS NOT NULL ORDER BY task.claimed_at, task.place LIMIT 1)
        """;

    /// <inheritdoc/>
    public override Agent? Agent(AgentId id) => Agents("id = @id", ("id", id.Value)) is [var agent] ? agent : null;

    /// <inheritdoc/>
    public override Agent? LifeOf(string name) => Agents("""
        (id = @name OR name = @name)
        ORDER BY left_as IS NULL DESC, id = @name DESC, started_at DESC, left_as DESC LIMIT 1
        """, ("name", name)) is [var agent] ? agent : null;

    /// <inheritdoc/>
    public override Message? Message(MessageId id) =>
        Messages("AND id = @id", ("id", id.Value)) is [var message] ? message : null;

    /// <inheritdoc/>
    public override ImmutableArray<Message> Messages(MessageQuery query, Inbox? inbox)
    {
        ArgumentNullException.ThrowIfNull(query);
        var messages = Messages($"""
            AND seq > @after
            {(query.From is null ? "" : "AND sender = @from")}
            {(query.To is null ? "" : "AND recipient = @to")}
            {(query.IdPrefix is null ? "" : HasPrefix)}
            {(inbox is null ? "" : IsUnread())}
            ORDER BY seq {(query.Newest ? "DESC" : "ASC")} {(query.Limit is null ? "" : "LIMIT @limit")}
            """,
            [("after", query.After), .. Given("limit", query.Limit), .. Given("from", query.From),
                .. Given("to", query.To), .. Given("prefix", query.IdPrefix), .. ValuesOf(inbox)]);
        return query.Newest ? [.. messages.Reverse()] : messages;
    }

    /// <inheritdoc/>
    public override Cursor? Cursor(string reader, string? role) => Ask("""
        SELECT name, since, read_up_to FROM reader WHERE election = @election AND reader = @reader AND role = @role
        """,
        row => row.Read() ? new Cursor(reader, row.GetString(0), role, row.GetInt64(1), row.GetInt64(2)) : null,
        Here, ("reader", reader), ("role", role ?? ""));

    /// <inheritdoc/>
    public override long? ReachedBy(string name) => Scalar($"""
        SELECT max({Dialect.Greatest}(since, read_up_to)) FROM reader
        WHERE election = @election AND name = @name AND role = ''
        """, Here, ("name", name)) as long?;

    /// <inheritdoc/>
    public override void Put(Cursor cursor)
    {
        ArgumentNullException.ThrowIfNull(cursor);
        Run($"""
            INSERT INTO reader (election, reader, role, name, since, read_up_to)
            VALUES (@election, @reader, @role, @name, @since, @read)
            ON CONFLICT (election, reader, role) DO UPDATE SET
                read_up_to = {Dialect.Greatest}(reader.read_up_to, excluded.read_up_to)
            """,
            Here, ("reader", cursor.Reader), ("role", cursor.Role ?? ""), ("name", cursor.Name),
            ("since", cursor.Since), ("read", cursor.Read));
    }

    /// <inheritdoc/>
    public override void Trim(int newest, int unread)
    {
        if (Before(newest) is not { } cut)
        {
            return;
        }

        Run($"""
            DELETE FROM message WHERE election = @election AND seq <= @cut AND NOT (
                seq > @deepest AND audience = 'direct'
                AND (read_by IS NULL OR NOT {Dialect.IsReadByRecipient})
                AND NOT EXISTS (SELECT 1 FROM reader r WHERE r.election = message.election
                    AND r.reader = message.recipient AND r.role = '' AND r.read_up_to >= message.seq))
            """, Here, ("cut", cut), ("deepest", Before(unread) ?? 0));
        Run($"""
            DELETE FROM reader
            WHERE election = @election AND reader <> name AND {Dialect.Greatest}(since, read_up_to) < @cut
            AND NOT EXISTS (SELECT 1 FROM agent WHERE agent.election = reader.election AND agent.id = reader.reader
                AND agent.left_as IS NULL)
            """, Here, ("cut", cut));
    }

    /// <summary>The agents of which a condition holds, each with the task it holds.</summary>
    protected virtual ImmutableArray<Agent> Agents(
        string which, params ReadOnlySpan<(string Name, object? Value)> parameters) => All(
        $"SELECT {RowReading.AgentColumns}, {HeldTask} FROM agent WHERE election = @election AND {which}",
        RowReading.ReadAgent, [Here, .. parameters]);

    /// <summary>An agent's columns, and whether it is <c>on_roster</c>.</summary>
    protected static (string Name, object? Value)[] ValuesOf(Agent agent) =>
    [
        ("id", agent.Id.Value), ("name", agent.Name), ("role", agent.Role), ("status", agent.Status.Name()),
        ("host", agent.Host), ("pid", agent.Pid), ("start", agent.ProcessStart),
        ("started", Milliseconds(agent.StartedAt)), ("seen", Milliseconds(agent.LastSeenAt)), ("beats", agent.Beats),
        ("ttl", Milliseconds(agent.Ttl)), ("domain", agent.Expiry?.Domain.Value),
        ("expires", agent.Expiry?.At.Nanoseconds), ("device", agent.Witness?.Device),
        ("inode", agent.Witness?.Inode), ("self", agent.SelfReported), ("pooled", agent.IsPooled),
        ("can", WorkJson.Words(agent.Can)), ("on_roster", agent.IsOnRoster),
    ];

    /// <summary>A message's columns but for its number.</summary>
    protected static (string Name, object? Value)[] ValuesOf(Message message)
    {
        var draft = message.Draft;
        return
        [
            ("id", draft.Id == default ? null : draft.Id.Value), ("prefix", MessageRules.AnnouncementPrefix),
            ("at", Milliseconds(message.At)), ("from", draft.From), ("audience", draft.To.KindName),
            ("to", draft.To.Name), ("type", draft.Type), ("subject", draft.Subject), ("body", draft.Text),
            ("reply", draft.ReplyTo?.Value), ("data", draft.Data),
            ("read", message.ReadBy is { } readers ? WorkJson.Words(readers) : null),
        ];
    }

    private static (string, object?)[] ValuesOf(Inbox? inbox) => inbox is null ? [] :
    [
        ("reader", inbox.Reader), ("name", inbox.Name), ("role", inbox.Role), ("direct", inbox.Direct),
        ("named", inbox.Named), ("to_all", inbox.ToAll), ("to_role", inbox.ToRole),
    ];

    // What an inbox holds, as Inbox.Holds says it.
    private string IsUnread() => $"""
        AND CASE audience
            WHEN 'direct' THEN
                ((recipient = @reader AND seq > @direct) OR (recipient = @name AND seq > @named))
                AND (read_by IS NULL OR NOT {Dialect.IsReadByReader})
            WHEN 'role' THEN recipient = @role AND seq > @to_role AND sender <> @reader AND read_by IS NULL
            ELSE seq > @to_all AND sender <> @reader AND read_by IS NULL
        END
        """;

    private ImmutableArray<Message> Messages(
        string which, params ReadOnlySpan<(string Name, object? Value)> parameters) => All(
        $"SELECT {RowReading.MessageColumns} FROM message WHERE election = @election {which}",
        RowReading.ReadMessage, [Here, .. parameters]);

    private long? Before(int newest) => Scalar(
        "SELECT seq FROM message WHERE election = @election ORDER BY seq DESC LIMIT 1 OFFSET @newest",
        Here, ("newest", newest)) as long?;
}
