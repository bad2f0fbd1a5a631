using System.Collections.Immutable;
using Baton.Work;
using Npgsql;

namespace Baton.Postgres;

/// <summary>The messages, numbered as the events are, and how far each reader is.</summary>
internal sealed partial class PostgresWorkRows
{
    private const string MessageColumns =
        "seq, id, at, sender, audience, recipient, type, subject, body, reply_to, data, read_by";

    // What an inbox holds, as Inbox.Holds says it.
    private const string IsUnread = """
        AND CASE audience
            WHEN 'direct' THEN
                ((recipient = @reader AND seq > @direct) OR (recipient = @name AND seq > @named))
                AND (read_by IS NULL OR NOT jsonb_exists_any(read_by::jsonb, ARRAY[@reader, @name]))
            WHEN 'role' THEN recipient = @role AND seq > @to_role AND sender <> @reader AND read_by IS NULL
            ELSE seq > @to_all AND sender <> @reader AND read_by IS NULL
        END
        """;

    private readonly List<Message> _sent = [];
    private long? _lastMessage;

    /// <inheritdoc/>
    public override long LastMessage => _sent.Count + (_lastMessage ??= (long)steps.Scalar(
        "SELECT coalesce((SELECT message_seq FROM head WHERE election = @election), 0)", Here)!);

    /// <inheritdoc/>
    public override Agent? LifeOf(string name) => Agents("""
        (id = @name OR name = @name)
        ORDER BY left_as IS NULL DESC, id = @name DESC, started_at DESC, left_as DESC LIMIT 1
        """, ("name", name)) is [var agent] ? agent : null;

    /// <inheritdoc/>
    public override Message? Message(MessageId id) =>
        Messages("AND id = @id", ("id", id.Value)) is [var message] ? message : null;

    /// <inheritdoc/>
    public override void Append(Message message) => _sent.Add(message);

    /// <inheritdoc/>
    public override ImmutableArray<Message> Messages(MessageQuery query, Inbox? inbox)
    {
        var messages = Messages($"""
            AND seq > @after
            {(query.From is null ? "" : "AND sender = @from")}
            {(query.To is null ? "" : "AND recipient = @to")}
            {(query.IdPrefix is null ? "" : HasPrefix)}
            {(inbox is null ? "" : IsUnread)}
            ORDER BY seq {(query.Newest ? "DESC" : "ASC")} LIMIT @limit
            """,
            [("after", query.After), ("limit", query.Limit), .. Given("from", query.From), .. Given("to", query.To),
                .. Given("prefix", query.IdPrefix), .. Of(inbox)]);
        return query.Newest ? [.. messages.Reverse()] : messages;
    }

    /// <inheritdoc/>
    public override Cursor? Cursor(string reader, string? role) => steps.Ask("""
        SELECT name, since, read_up_to FROM reader WHERE election = @election AND reader = @reader AND role = @role
        """,
        row => row.Read() ? new Cursor(reader, row.GetString(0), role, row.GetInt64(1), row.GetInt64(2)) : null,
        Here, ("reader", reader), ("role", role ?? ""));

    /// <inheritdoc/>
    public override long? ReachedBy(string name) => steps.Scalar("""
        SELECT max(greatest(since, read_up_to)) FROM reader WHERE election = @election AND name = @name AND role = ''
        """, Here, ("name", name)) as long?;

    /// <inheritdoc/>
    public override void Put(Cursor cursor) => steps.Later("""
        INSERT INTO reader (election, reader, role, name, since, read_up_to)
        VALUES (@election, @reader, @role, @name, @since, @read)
        ON CONFLICT (election, reader, role) DO UPDATE SET
            read_up_to = greatest(reader.read_up_to, excluded.read_up_to)
        """,
        Here, ("reader", cursor.Reader), ("role", cursor.Role ?? ""), ("name", cursor.Name),
        ("since", cursor.Since), ("read", cursor.Read));

    /// <inheritdoc/>
    public override void Trim(int newest, int unread)
    {
        if (Before(newest) is not { } cut)
        {
            return;
        }

        steps.Later("""
            DELETE FROM message WHERE election = @election AND seq <= @cut AND NOT (
                seq > @deepest AND audience = 'direct'
                AND (read_by IS NULL OR NOT jsonb_exists(read_by::jsonb, recipient))
                AND NOT EXISTS (SELECT 1 FROM reader r WHERE r.election = message.election
                    AND r.reader = message.recipient AND r.role = '' AND r.read_up_to >= message.seq))
            """, Here, ("cut", cut), ("deepest", Before(unread) ?? 0));
        steps.Later("""
            DELETE FROM reader WHERE election = @election AND reader <> name AND greatest(since, read_up_to) < @cut
            AND NOT EXISTS (SELECT 1 FROM agent WHERE agent.election = reader.election AND agent.id = reader.reader
                AND agent.left_as IS NULL)
            """, Here, ("cut", cut));
    }

    /// <summary>Writes what is sent, under the row that keeps the log's order.</summary>
    private void WriteMessages()
    {
        for (var i = 0; i < _sent.Count; i++)
        {
            var draft = _sent[i].Draft;
            steps.Later("""
                INSERT INTO message (election, seq, id, at, sender, audience, recipient, type, subject, body, reply_to,
                    data, read_by)
                SELECT @election, message_seq - @back, coalesce(@id, @prefix || (message_seq - @back)), @at, @from,
                    @audience, @to, @type, @subject, @body, @reply, @data, @read
                FROM head WHERE election = @election
                """,
                Here, ("back", (long)(_sent.Count - 1 - i)), ("id", draft.Id == default ? null : draft.Id.Value),
                ("prefix", MessageRules.AnnouncementPrefix), ("at", Milliseconds(_sent[i].At)), ("from", draft.From),
                ("audience", draft.To.KindName), ("to", draft.To.Name), ("type", draft.Type),
                ("subject", draft.Subject), ("body", draft.Text), ("reply", draft.ReplyTo?.Value),
                ("data", draft.Data), ("read", _sent[i].ReadBy is { } readers ? WorkJson.Words(readers) : null));
        }

        _lastMessage += _sent.Count;
        _sent.Clear();
    }

    private long? Before(int newest) => steps.Scalar(
        "SELECT seq FROM message WHERE election = @election ORDER BY seq DESC LIMIT 1 OFFSET @newest",
        Here, ("newest", newest)) as long?;

    private ImmutableArray<Message> Messages(string which, params ReadOnlySpan<(string, object?)> parameters) =>
        steps.Ask($"SELECT {MessageColumns} FROM message WHERE election = @election {which}", ReadMessages,
            [Here, .. parameters]);

    private static ImmutableArray<Message> ReadMessages(NpgsqlDataReader rows)
    {
        var messages = ImmutableArray.CreateBuilder<Message>();
        while (rows.Read())
        {
            messages.Add(new(rows.GetInt64(0), At(rows.GetInt64(2)), new(new(rows.GetString(1)), rows.GetString(3),
                Audience.Of(rows.GetString(4), Text(rows, 5)) ?? throw Unknown("kind of audience", rows.GetString(4)),
                rows.GetString(8))
            {
                Type = Text(rows, 6),
                Subject = Text(rows, 7),
                ReplyTo = Text(rows, 9) is { } answered ? new MessageId(answered) : null,
                Data = Text(rows, 10),
            })
            {
                ReadBy = Text(rows, 11) is { } readers ? WorkJson.Words(readers) : null,
            });
        }

        return messages.ToImmutable();
    }

    private static (string, object?)[] Of(Inbox? inbox) => inbox is null ? [] :
    [
        ("reader", inbox.Reader), ("name", inbox.Name), ("role", inbox.Role), ("direct", inbox.Direct),
        ("named", inbox.Named), ("to_all", inbox.ToAll), ("to_role", inbox.ToRole),
    ];
}
