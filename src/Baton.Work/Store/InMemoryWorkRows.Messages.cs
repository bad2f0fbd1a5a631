using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The messages, and how far each reader is.</summary>
internal sealed partial class InMemoryWorkRows
{
    private readonly List<Message> _messages = [];
    private readonly Dictionary<MessageId, Message> _messagesById = [];
    private readonly Dictionary<(string Reader, string? Role), Cursor> _cursors = [];
    private long _lastMessage;

    /// <inheritdoc/>
    public override long LastMessage => _lastMessage;

    /// <inheritdoc/>
    public override Agent? LifeOf(string name) => _onRoster.Concat(Enumerable.Reverse(_gone)).Select(id => _agents[id])
        .Where(agent => agent.Id.Value == name || agent.Name == name)
        .OrderByDescending(agent => agent.IsOnRoster).ThenByDescending(agent => agent.Id.Value == name)
        .ThenByDescending(agent => agent.StartedAt).Select(WithTask).FirstOrDefault();

    /// <inheritdoc/>
    public override Message? Message(MessageId id) => _messagesById.GetValueOrDefault(id);

    /// <inheritdoc/>
    public override void Append(Message message)
    {
        var seq = ++_lastMessage;
        var draft = message.Draft;
        var kept = message with
        {
            Seq = seq,
            Draft = draft.Id == default ? draft with { Id = MessageRules.AnnouncementId(seq) } : draft,
        };
        _messagesById.Add(kept.Draft.Id, kept);
        _messages.Add(kept);
    }

    /// <inheritdoc/>
    public override ImmutableArray<Message> Messages(MessageQuery query, Inbox? inbox)
    {
        var messages = _messages.Where(message => message.Seq > query.After
            && (query.From is null || message.Draft.From == query.From)
            && (query.To is null || message.Draft.To.Name == query.To)
            && (query.IdPrefix is null
                || message.Draft.Id.Value.StartsWith(query.IdPrefix, StringComparison.Ordinal))
            && (inbox is null || inbox.Holds(message)));
        var limit = query.Limit ?? int.MaxValue;
        return [.. query.Newest ? messages.TakeLast(limit) : messages.Take(limit)];
    }

    /// <inheritdoc/>
    public override Cursor? Cursor(string reader, string? role) => _cursors.GetValueOrDefault((reader, role));

    /// <inheritdoc/>
    public override long? ReachedBy(string name) => _cursors.Values
        .Where(cursor => cursor.Name == name && cursor.Role is null).Max(cursor => (long?)cursor.Reached);

    /// <inheritdoc/>
    public override void Put(Cursor cursor)
    {
        var known = _cursors.GetValueOrDefault((cursor.Reader, cursor.Role));
        _cursors[(cursor.Reader, cursor.Role)] = known is null ? cursor
            : known with { Read = Math.Max(known.Read, cursor.Read) };
    }

    /// <inheritdoc/>
    public override void Trim(int newest, int unread)
    {
        if (_messages.Count <= newest)
        {
            return;
        }

        var cut = _messages[^(newest + 1)].Seq;
        var deepest = _messages.Count > unread ? _messages[^(unread + 1)].Seq : 0;
        foreach (var old in _messages.TakeWhile(message => message.Seq <= cut).ToList())
        {
            if (old.Seq <= deepest || !Awaits(old))
            {
                _messages.Remove(old);
                _messagesById.Remove(old.Draft.Id);
            }
        }

        foreach (var (key, cursor) in _cursors.ToList())
        {
            if (cursor.Reader != cursor.Name && cursor.Reached < cut
                && !_onRoster.Any(id => id.Value == cursor.Reader))
            {
                _cursors.Remove(key);
            }
        }
    }

    // Whether the one to whom it was sent has not read it.
    private bool Awaits(Message message) => message.Draft.To is { Kind: AudienceKind.Direct, Name: { } name }
        && (message.ReadBy is not { } readers || !readers.Contains(name))
        && (Cursor(name, null)?.Read ?? 0) < message.Seq;
}
