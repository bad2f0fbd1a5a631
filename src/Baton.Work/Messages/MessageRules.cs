using System.Text;
using System.Text.Json;

namespace Baton.Work;

/// <summary>The pure rules of messages: what may be sent, and what the store itself announces.</summary>
public static class MessageRules
{
    /// <summary>The sender of announcements; nobody else may be called so.</summary>
    public const string Announcer = "baton";

    /// <summary>How many of the newest messages are kept, read or not.</summary>
    public const int NewestKept = 10_000;

    /// <summary>Among how many of the newest a message to one name is kept until it was read.</summary>
    public const int UnreadKept = 100_000;

    /// <summary>How many can be sent at once.</summary>
    public const int MostAtOnce = 1_000;

    /// <summary>The longest text, and the longest data, in bytes of UTF-8.</summary>
    public const int LongestText = 64 * 1024;

    /// <summary>The longest subject, in characters.</summary>
    public const int LongestSubject = 500;

    /// <summary>The longest name, role or type, in characters.</summary>
    public const int LongestName = 200;

    /// <summary>How the ids of announcements begin, and no others.</summary>
    public const string AnnouncementPrefix = "baton-";

    /// <summary>The id of the announcement of a number.</summary>
    public static MessageId AnnouncementId(long seq) => new($"{AnnouncementPrefix}{seq}");

    /// <summary>Why a message can't be sent, in a sentence; null when it can.</summary>
    public static string? WhyNot(MessageDraft draft)
    {
        ArgumentNullException.ThrowIfNull(draft);
        return draft.Id.Value.Length == 0 ? "the message has no id"
            : draft.Id.Value.StartsWith(AnnouncementPrefix, StringComparison.Ordinal)
                ? $"ids that begin with {AnnouncementPrefix} are those of announcements"
            : draft.From == Announcer ? $"'{Announcer}' is the sender of announcements, and of nothing else"
            : WhyNoName("sender", draft.From)
            ?? (draft.To.Name is { } name ? WhyNoName(draft.To.Kind == AudienceKind.Role ? "role" : "name", name) : null)
            ?? (draft.Type is { } type ? WhyNoName("type", type) : null)
            ?? WhyNoText(draft.Text)
            ?? WhyNoSubject(draft.Subject)
            ?? WhyNoJson(draft.Data);
    }

    /// <summary>Why a word is no name of somebody, no role and no type; null when it is.</summary>
    /// <param name="what">How the sentence calls it.</param>
    /// <param name="name">The word.</param>
    public static string? WhyNoName(string what, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return string.IsNullOrWhiteSpace(name) ? $"the {what} is empty"
            : name.Length > LongestName ? $"the {what} has {name.Length} characters; at most {LongestName}"
            : name.Any(char.IsControl) ? $"the {what} holds a control character or a line break"
            : null;
    }

    /// <summary>What the store tells everybody of an event; null for what nobody needs to be told of.</summary>
    public static MessageDraft? Announcement(EventDraft told)
    {
        ArgumentNullException.ThrowIfNull(told);
        return told.Type is EventType.LeaderElected or EventType.LeaderReleased or EventType.LeaderExpired
            or EventType.LeaderDemoted or EventType.OrchestratorEvicted or EventType.AgentEvicted
            or EventType.TaskBuried or EventType.StoreRolledBack
            // In the log the subject stands beside it; a reader of messages sees the text alone.
            ? new(default, Announcer, Audience.All,
                told.Type == EventType.TaskBuried ? $"{told.Subject} {told.Message}" : told.Message)
            {
                Type = told.Type.Name(),
                Data = WorkJson.Of(new AnnouncedEvent(told.Actor, told.Subject, told.Epoch?.Value, told.Data)),
            }
            : null;
    }

    private static string? WhyNoText(string text) => string.IsNullOrWhiteSpace(text) ? "the text is empty"
        : text.Contains('\0', StringComparison.Ordinal) ? "the text holds a NUL"
        : TooLong("text", text);

    private static string? WhyNoSubject(string? subject) => subject is null ? null
        : string.IsNullOrWhiteSpace(subject) ? "the subject is empty"
        : subject.Length > LongestSubject
            ? $"the subject has {subject.Length} characters; at most {LongestSubject}"
        : subject.Any(char.IsControl) ? "the subject holds a control character or a line break"
        : null;

    private static string? WhyNoJson(string? json)
    {
        if (json is null)
        {
            return null;
        }

        if (TooLong("data", json) is { } why)
        {
            return why;
        }

        try
        {
            using var parsed = JsonDocument.Parse(json);
            return null;
        }
        catch (JsonException e)
        {
            return $"the data is no JSON: line {(e.LineNumber ?? 0) + 1}, column {(e.BytePositionInLine ?? 0) + 1}";
        }
    }

    private static string? TooLong(string what, string text) => Encoding.UTF8.GetByteCount(text) is var bytes
        && bytes > LongestText ? $"the {what} has {bytes} bytes; at most {LongestText}" : null;
}

/// <summary>The event behind an announcement, as its data tells it to programs.</summary>
/// <param name="Actor">Who did it, or who reports it.</param>
/// <param name="Subject">Whom or what it happened to.</param>
/// <param name="Epoch">The term under whose authority it was written.</param>
/// <param name="Facts">The particulars.</param>
public sealed record AnnouncedEvent(string Actor, string Subject, long? Epoch, EventFacts? Facts);
