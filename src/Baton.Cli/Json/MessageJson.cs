using System.Text.Json;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// A message as <c>message send</c>, <c>list</c> and <c>read</c> print it: <c>audience</c> is <c>direct</c>,
/// <c>role</c> or <c>all</c>, <c>read_by</c> who had read it where it was imported from.
/// </summary>
internal sealed record MessageJson(long Seq, string Id, DateTimeOffset At, string From, string Audience, string? To,
    string? Type, string? Subject, string Text, string? ReplyTo, JsonElement? Data, string[] ReadBy)
{
    public static MessageJson Of(Message message)
    {
        var draft = message.Draft;
        return new(message.Seq, draft.Id.Value, message.At, draft.From, draft.To.KindName, draft.To.Name, draft.Type,
            draft.Subject, draft.Text, draft.ReplyTo?.Value, Parsed(draft.Data), [.. message.ReadBy ?? []]);
    }

    private static JsonElement? Parsed(string? json)
    {
        if (json is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
