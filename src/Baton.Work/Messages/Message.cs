using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>To how many a message speaks.</summary>
public enum AudienceKind
{
    /// <summary>One name: a person, an agent's stable name, or the id of one of its lives.</summary>
    Direct,

    /// <summary>Every agent of a role.</summary>
    Role,

    /// <summary>Everybody.</summary>
    All,
}

/// <summary>To whom a message is sent.</summary>
public sealed record Audience
{
    /// <summary>Everybody.</summary>
    public static readonly Audience All = new(AudienceKind.All, null);

    private Audience(AudienceKind kind, string? name) => (Kind, Name) = (kind, name);

    /// <summary>To how many it speaks.</summary>
    public AudienceKind Kind { get; }

    /// <summary>The name or the role; null for <see cref="All"/>.</summary>
    public string? Name { get; }

    /// <summary>One name: a person, an agent's stable name, or the id of one of its lives.</summary>
    public static Audience Direct(string name) => new(AudienceKind.Direct, name);

    /// <summary>Every agent of a role.</summary>
    public static Audience Role(string role) => new(AudienceKind.Role, role);

    /// <summary>The kind as rows and faces write it: <c>direct</c>, <c>role</c>, <c>all</c>.</summary>
    public string KindName => Kind switch
    {
        AudienceKind.Direct => "direct",
        AudienceKind.Role => "role",
        AudienceKind.All => "all",
        _ => throw new InvalidOperationException($"no name for {Kind}"),
    };

    /// <summary>The audience of a row; null where the words name none.</summary>
    public static Audience? Of(string kind, string? name) => kind switch
    {
        "direct" when name is not null => Direct(name),
        "role" when name is not null => Role(name),
        "all" => All,
        _ => null,
    };
}

/// <summary>A message to be sent; the store adds its number and time.</summary>
/// <param name="Id">Drawn by the sender, so that a repeated send is the same message.</param>
/// <param name="From">Who says it.</param>
/// <param name="To">Who is to read it.</param>
/// <param name="Text">What it says.</param>
public sealed record MessageDraft(MessageId Id, string From, Audience To, string Text)
{
    /// <summary>What it is about, in a line; null where the sender did not say.</summary>
    public string? Subject { get; init; }

    /// <summary>A word for programs, as <c>leader.elected</c>; null where the sender gave none.</summary>
    public string? Type { get; init; }

    /// <summary>The message that this one answers.</summary>
    public MessageId? ReplyTo { get; init; }

    /// <summary>JSON for programs; null where there is none.</summary>
    public string? Data { get; init; }
}

/// <summary>A message as the store keeps it.</summary>
/// <param name="Seq">Its number; only grows, and none is missed by who asks for those after it.</param>
/// <param name="At">When it was sent (wall clock, display).</param>
/// <param name="Draft">What was sent.</param>
public sealed record Message(long Seq, DateTimeOffset At, MessageDraft Draft)
{
    /// <summary>
    /// Who had read it in the system that it was imported from; null: it was sent here. An imported message is
    /// unread only for the name it was sent to, and only if that name had not read it.
    /// </summary>
    public ImmutableArray<string>? ReadBy { get; init; }
}

/// <summary>Who reads.</summary>
/// <param name="Name">
/// The id of an agent's life (<c>BATON_AGENT_ID</c>), a stable name, or a person's name.
/// </param>
public sealed record Reader(string Name)
{
    /// <summary>As which role it reads; null: the one that the roster knows, if it does.</summary>
    public string? Role { get; init; }
}

/// <summary>Which messages.</summary>
public sealed record MessageQuery
{
    /// <summary>After this number.</summary>
    public long After { get; init; }

    /// <summary>Of this sender.</summary>
    public string? From { get; init; }

    /// <summary>Sent to this name or role.</summary>
    public string? To { get; init; }

    /// <summary>Whose id begins so.</summary>
    public string? IdPrefix { get; init; }

    /// <summary>Those that this reader has not acknowledged.</summary>
    public Reader? UnreadFor { get; init; }

    /// <summary>No more than this many; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>
    /// Whether a limit keeps the newest instead of the oldest. The order is oldest first all the same.
    /// </summary>
    public bool Newest { get; init; }
}
