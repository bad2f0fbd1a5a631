using Baton.Work;

namespace Baton.Cli;

/// <summary>A message as lines for people: who may have written anything into it.</summary>
internal static class MessageText
{
    private const string Indent = "       ";

    /// <summary>
    /// Number, time, id, sender, audience and subject, and the text: beside them if it is one line, else below.
    /// </summary>
    public static IEnumerable<string> Lines(Message message, Ink ink)
    {
        var draft = message.Draft;
        var lines = Plain.Text(draft.Text.ReplaceLineEndings("\n")).TrimEnd('\n').Split('\n');
        var to = draft.To.Kind switch
        {
            AudienceKind.Direct => draft.To.Name!,
            AudienceKind.Role => $"role {draft.To.Name}",
            AudienceKind.All => "all",
            _ => throw new ArgumentOutOfRangeException(nameof(message)),
        };
        var answers = draft.ReplyTo is { } answered ? $" (answers {answered})" : "";
        var subject = draft.Subject is { } words ? $"{Plain.Line(words)}: " : "";
        var said = lines.Length == 1 ? subject + lines[0] : subject.TrimEnd(' ', ':');
        yield return $"{message.Seq,5}  {UtcMilliseconds.Text(message.At)}  {ink.Faint(draft.Id.Value)}  "
            + $"{ink.Strong(Plain.Line(draft.From))} -> {Plain.Line(to)}{answers}  {said}".TrimEnd();
        foreach (var line in lines.Length == 1 ? [] : lines)
        {
            yield return $"{Indent}{line}".TrimEnd();
        }
    }
}
