using System.Collections.Immutable;
using System.Text;

namespace Baton.Work;

/// <summary>Writes a spec in the newer layout, with a stamp that tells later whether a person has edited it.</summary>
public static class SpecWriter
{
    /// <summary>The Markdown of a spec.</summary>
    public static string Write(TaskSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var text = new StringBuilder();
        text.Append("# Task: ").Append(SpecText.OneLine(spec.Task.Title)).Append("\n\n");
        text.AppendJoin("  \n", SpecHeader.Of(spec.Task).Where(field => field.Value is not null)
            .Select(field => $"**{field.Name}**: {field.Value}"));
        text.Append("\n\n---\n");
        foreach (var section in InOrder(spec))
        {
            text.Append("\n## ").Append(section.Name).Append("\n\n").Append(section.Text).Append('\n');
            if (section.Name is not (SpecLayout.Problem or SpecLayout.History))
            {
                text.Append("\n---\n");
            }
        }

        return SpecStamp.Put(text.Append('\n').ToString());
    }

    /// <summary>Whether a text is a generated spec that nobody has edited since.</summary>
    public static bool IsUntouched(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SpecStamp.Fits(text);
    }

    internal static string NoteText(TaskNote note)
    {
        var entry = $"- [{SpecLayout.Text(note.At)}] {Indented(SpecText.Plain(note.Text))}";
        // What nests too deeply would make the whole page unreadable; on one line it opens nothing.
        return SpecLayout.TryParse(entry) is not null ? entry : $"- [{SpecLayout.Text(note.At)}] {SpecText.OneLine(note.Text)}";
    }

    internal static string RowText(SpecRow row) => $"| {Cell(row.Date)} | {Cell(row.Event)} |";

    internal static string TableText(IEnumerable<SpecRow> rows) =>
        string.Join('\n', rows.Select(RowText).Prepend("|------|-------|").Prepend("| Date | Event |"));

    private static IEnumerable<SpecSection> InOrder(TaskSpec spec)
    {
        var left = spec.Sections.Where(section => section.Name is not (SpecLayout.Problem or SpecLayout.History)
            && !(section.Name == SpecLayout.Technical && SpecLayout.IsPlaceholder(section.Text))).ToList();
        foreach (var name in SpecLayout.Sections)
        {
            if (name is SpecLayout.Problem or SpecLayout.History)
            {
                // What is neither stands between them, the last of it after the notes.
                foreach (var foreign in name == SpecLayout.History ? left : [])
                {
                    yield return foreign;
                }

                yield return new(name, name == SpecLayout.Problem
                    ? ProblemText(spec.Task) : TableText(spec.History), 0);
                continue;
            }

            var at = left.FindIndex(section => section.Name == name);
            for (; at > 0; at--)
            {
                yield return left[0];
                left.RemoveAt(0);
            }

            var known = at == 0 && !SpecLayout.IsPlaceholder(left[0].Text)
                ? left[0] : new(name, name == SpecLayout.Criteria
                    ? $"- [ ] {SpecLayout.Undefined}" : $"- {SpecLayout.Undefined}", 0);
            if (at == 0)
            {
                left.RemoveAt(0);
            }

            yield return known;
        }
    }

    private static string ProblemText(DurableTask task)
    {
        var description = SpecText.Escape(task.Description);
        description = description.Length == 0 ? SpecLayout.Undefined : description;
        return task.Notes.IsEmpty ? description
            : $"{description}\n\n{SpecLayout.Context}\n{NotesText(task.Notes)}";
    }

    private static string NotesText(ImmutableArray<TaskNote> notes) => string.Join('\n', notes.Select(NoteText));

    private static string Indented(string text) => string.Join('\n', text.Split('\n')
        .Select((line, i) => line.Trim().Length == 0 ? "" : i == 0 ? line : $"  {line}"));

    private static string Cell(string text) =>
        SpecText.OneLine(text).Replace("|", "\\|", StringComparison.Ordinal);
}
