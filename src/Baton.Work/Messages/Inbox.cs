namespace Baton.Work;

/// <summary>How far a reader is with what is sent to it and to all, or with what is sent to one role.</summary>
/// <param name="Reader">Whose: the id of a life, or a name.</param>
/// <param name="Name">The stable name behind it.</param>
/// <param name="Role">The role; null: its own messages and those to all.</param>
/// <param name="Since">The number of the last message that was there when the reader first appeared.</param>
/// <param name="Read">Up to where it has read; never goes back.</param>
public sealed record Cursor(string Reader, string Name, string? Role, long Since, long Read)
{
    /// <summary>After which number messages to all are unread.</summary>
    public long Reached => Math.Max(Since, Read);
}

/// <summary>What is unread for a reader: after which number, for each of the ways in which it is spoken to.</summary>
/// <param name="Reader">Who reads: the id of a life, or a name.</param>
/// <param name="Name">The stable name behind it.</param>
/// <param name="Role">The role; null for who has none.</param>
public sealed record Inbox(string Reader, string Name, string? Role)
{
    /// <summary>For messages to the reader itself.</summary>
    public required long Direct { get; init; }

    /// <summary>For messages to its stable name; whichever of its lives reads first has read them.</summary>
    public required long Named { get; init; }

    /// <summary>For messages to all.</summary>
    public required long ToAll { get; init; }

    /// <summary>For messages to its role.</summary>
    public required long ToRole { get; init; }

    /// <summary>Whether a message is unread.</summary>
    public bool Holds(Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var (draft, seq) = (message.Draft, message.Seq);
        return draft.To.Kind switch
        {
            AudienceKind.Direct => ((draft.To.Name == Reader && seq > Direct) || (draft.To.Name == Name && seq > Named))
                && (message.ReadBy is not { } readers || !(readers.Contains(Reader) || readers.Contains(Name))),
            AudienceKind.Role => draft.To.Name == Role && seq > ToRole && IsOthers(message),
            AudienceKind.All => seq > ToAll && IsOthers(message),
            _ => throw new ArgumentOutOfRangeException(nameof(message)),
        };
    }

    // What was imported is history to all but those whom it names.
    private bool IsOthers(Message message) => message.Draft.From != Reader && message.ReadBy is null;
}
