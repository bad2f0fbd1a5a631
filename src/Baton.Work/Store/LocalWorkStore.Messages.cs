using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The messages, and who has read them.</summary>
public abstract partial class LocalWorkStore : IMessageStore
{
    // Looking for what is too old costs more than a send; a hundredth more than is kept does no harm.
    private const int TrimEvery = MessageRules.NewestKept / 100;

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<Message>> SendAsync(
        ImmutableArray<MessageDraft> drafts, CancellationToken cancel)
    {
        if (drafts.Length > MessageRules.MostAtOnce)
        {
            throw new ArgumentException(
                $"{drafts.Length} messages at once; at most {MessageRules.MostAtOnce}", nameof(drafts));
        }

        foreach (var draft in drafts)
        {
            RefuseMalformed(draft);
        }

        Write(isLasting: true, rows => Send(rows, drafts), cancel);
        // A number is known once it is committed.
        return new(Read(rows => drafts.Select(draft => rows.Message(draft.Id)!).ToImmutableArray(), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<Message>> MessagesAsync(MessageQuery query, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new(Read(
            rows => rows.Messages(query, query.UnreadFor is { } reader ? Open(rows, reader) : null), cancel));
    }

    /// <inheritdoc/>
    public ValueTask AcknowledgeAsync(Reader reader, long upTo, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(reader);
        Write(isLasting: true, rows => Acknowledge(rows, reader, upTo), cancel);
        return default;
    }

    private int Send(WorkRows rows, ImmutableArray<MessageDraft> drafts)
    {
        var now = Now;
        var fresh = drafts.DistinctBy(draft => draft.Id).Where(draft => rows.Message(draft.Id) is null).ToList();
        foreach (var from in fresh.Select(draft => draft.From).Distinct(StringComparer.Ordinal))
        {
            Appear(rows, from, rows.LifeOf(from)?.Name ?? from);
        }

        Post(rows, [.. fresh.Select(draft => new Message(0, now, draft))]);
        return fresh.Count;
    }

    /// <summary>Writes messages; now and then what is too old goes.</summary>
    private static void Post(WorkRows rows, ImmutableArray<Message> messages)
    {
        if (messages.IsEmpty)
        {
            return;
        }

        var last = rows.LastMessage;
        foreach (var message in messages)
        {
            rows.Append(message);
        }

        if (last / TrimEvery != (last + messages.Length) / TrimEvery)
        {
            rows.Trim(MessageRules.NewestKept, MessageRules.UnreadKept);
        }
    }

    private static Inbox Open(WorkRows rows, Reader reader)
    {
        var (name, role) = Known(rows, reader);
        var own = rows.Cursor(reader.Name, null) ?? First(rows, reader.Name, name);
        return new(reader.Name, name, role)
        {
            Direct = own.Read,
            Named = name == reader.Name ? own.Read : rows.Cursor(name, null)?.Read ?? 0,
            ToAll = own.Reached,
            ToRole = role is null ? long.MaxValue : rows.Cursor(reader.Name, role)?.Reached ?? own.Since,
        };
    }

    private static long Acknowledge(WorkRows rows, Reader reader, long upTo)
    {
        var (name, role) = Known(rows, reader);
        var own = Appear(rows, reader.Name, name);
        // What is not there yet can't have been read.
        var reached = Math.Min(upTo, rows.LastMessage);
        Advance(own);
        if (name != reader.Name)
        {
            Advance(rows.Cursor(name, null) ?? new(name, name, null, own.Since, 0));
        }

        if (role is not null)
        {
            Advance(rows.Cursor(reader.Name, role) ?? new(reader.Name, name, role, own.Since, 0));
        }

        return reached;

        void Advance(Cursor cursor)
        {
            if (reached > cursor.Read)
            {
                rows.Put(cursor with { Read = reached });
            }
        }
    }

    /// <summary>The stable name and the role of a reader, as far as the roster knows them.</summary>
    private static (string Name, string? Role) Known(WorkRows rows, Reader reader)
    {
        var life = rows.LifeOf(reader.Name);
        return (life?.Name ?? reader.Name, reader.Role ?? life?.Role);
    }

    /// <summary>From the first time on that somebody is seen, what is sent to all is sent to them too.</summary>
    private static Cursor Appear(WorkRows rows, string reader, string name)
    {
        if (rows.Cursor(reader, null) is { } known)
        {
            return known;
        }

        var cursor = First(rows, reader, name);
        rows.Put(cursor);
        return cursor;
    }

    // A name has appeared with the first of its lives.
    private static Cursor First(WorkRows rows, string reader, string name) =>
        new(reader, name, null, (reader == name ? rows.ReachedBy(name) : null) ?? rows.LastMessage, 0);

    /// <summary>
    /// A new life goes on where its name had read to. Beside another life of that name, as workers of a pool are,
    /// it begins with what is sent from now on: the other one reads what was sent before.
    /// </summary>
    private static void Appear(WorkRows rows, Agent joining)
    {
        if (rows.Cursor(joining.Id.Value, null) is not null)
        {
            return;
        }

        var isBeside = joining.IsPooled || rows.LifeOf(joining.Name) is { IsOnRoster: true };
        var since = isBeside ? null : rows.ReachedBy(joining.Name);
        rows.Put(new Cursor(joining.Id.Value, joining.Name, null, since ?? rows.LastMessage, 0));
    }

    private static void RefuseMalformed(MessageDraft draft)
    {
        if (MessageRules.WhyNot(draft) is { } why)
        {
            throw new ArgumentException(why, nameof(draft));
        }
    }
}
