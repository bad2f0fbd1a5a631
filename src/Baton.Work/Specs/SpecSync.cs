using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// Brings a spec up to the store: the header fields take the store's values, notes and history rows that are
/// missing are added. Nothing else is touched, byte for byte, so what a person wrote stays.
/// </summary>
public static class SpecSync
{
    /// <summary>The text of the spec as it should be now; the same text when nothing is to be done.</summary>
    /// <param name="text">The spec as it stands.</param>
    /// <param name="fresh">What the store says, as <see cref="SpecDraft"/> drafts it.</param>
    /// <exception cref="ArgumentException">The text is no spec: it names no task.</exception>
    public static string Refresh(string text, TaskSpec fresh)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(fresh);
        var map = SpecMap.Of(text);
        var now = SpecReader.Read(map, fresh.Task.CreatedAt).Spec
            ?? throw new ArgumentException("the text names no task", nameof(text));
        var edits = new List<(int Start, int End, string Text)>();
        Header(map, now, fresh, edits);
        Notes(map, now, fresh, edits);
        History(map, now, fresh, edits);
        if (edits.Count == 0)
        {
            return text;
        }

        var end = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var refreshed = text;

        // From the end, so that the places before stay where they are; at one place the first comes first.
        foreach (var edit in edits.Select((edit, i) => (edit, i)).OrderByDescending(entry => entry.edit.Start)
            .ThenByDescending(entry => entry.i).Select(entry => entry.edit))
        {
            refreshed = refreshed[..edit.Start] + edit.Text.Replace("\n", end, StringComparison.Ordinal)
                + refreshed[edit.End..];
        }

        return SpecStamp.Fits(text) ? SpecStamp.Put(refreshed) : refreshed;
    }

    /// <summary>The notes of the store that a spec does not hold.</summary>
    internal static IEnumerable<TaskNote> MissingNotes(TaskSpec spec, DurableTask task)
    {
        var known = spec.Task.Notes.Select(note => (note.At, Text: SpecText.OneLine(note.Text))).ToList();
        return task.Notes.Where(note => !known.Exists(other => other.At == note.At
            && other.Text.StartsWith(SpecText.OneLine(note.Text), StringComparison.Ordinal)));
    }

    /// <summary>The header fields in which a spec and the store differ, with the store's value.</summary>
    internal static IEnumerable<(string Name, string? Is, string? Should)> Differences(
        DurableTask spec, DurableTask task) =>
        SpecHeader.Of(spec).Zip(SpecHeader.Of(task), (left, right) => (left.Name, left.Value, right.Value))
            .Where(field => field.Item2 != field.Item3 && field.Name != SpecHeader.Id);

    private static void Header(
        SpecMap map, TaskSpec now, TaskSpec fresh, List<(int Start, int End, string Text)> edits)
    {
        var differing = Differences(now.Task, fresh.Task).ToDictionary(field => field.Name, StringComparer.Ordinal);
        SpecField? before = null;
        foreach (var (name, should) in SpecHeader.Of(fresh.Task))
        {
            var field = map.Field(name);
            if (field is not null && differing.ContainsKey(name))
            {
                edits.Add((field.Start, field.End, should ?? ""));
            }
            else if (field is null && should is not null && before is not null && differing.ContainsKey(name))
            {
                Insert(before, $"**{name}**: {should}");
            }

            before = field ?? before;
        }

        // The hard break belongs between two fields: after the last there is none.
        void Insert(SpecField after, string line)
        {
            var end = map.Lines.EndOf(after.Line);
            edits.Add((after.End, end, $"  \n{line}{map.Text[after.End..end]}"));
        }
    }

    private static void Notes(
        SpecMap map, TaskSpec now, TaskSpec fresh, List<(int Start, int End, string Text)> edits)
    {
        var missing = MissingNotes(now, fresh.Task).Select(SpecWriter.NoteText).ToList();
        if (missing.Count == 0 || map.Part(SpecLayout.Problem) is not { } part)
        {
            return;
        }

        var body = map.TextOf(part);
        var lastLine = body[(body.LastIndexOf('\n') + 1)..];
        var before = body.Length == 0 ? "\n" : SpecReader.ContextIn(body) < 0 ? $"\n\n{SpecLayout.Context}\n"
            : lastLine.StartsWith("- ", StringComparison.Ordinal) || lastLine.StartsWith("  ", StringComparison.Ordinal)
                || lastLine.StartsWith(SpecLayout.Context, StringComparison.Ordinal) ? "\n"
            : "\n\n";
        edits.Add((part.End, part.End, before + string.Join('\n', missing)));
    }

    private static void History(
        SpecMap map, TaskSpec now, TaskSpec fresh, List<(int Start, int End, string Text)> edits)
    {
        var known = now.History.Select(row => (row.Date, row.Event)).ToHashSet();
        ImmutableArray<SpecRow> missing = [.. fresh.History.Where(row => row.Event != SpecLayout.SpecGenerated
            && !known.Contains((row.Date, SpecText.OneLine(row.Event))))];
        if (missing.IsEmpty)
        {
            return;
        }

        if (map.Part(SpecLayout.History) is not { } part)
        {
            var at = map.Text.TrimEnd().Length;
            edits.Add((at, at, $"\n\n---\n\n## {SpecLayout.History}\n\n{SpecWriter.TableText(missing)}"));
            return;
        }

        var body = map.TextOf(part);
        var row = body.LastIndexOf("\n|", StringComparison.Ordinal);
        if (row < 0)
        {
            edits.Add((part.End, part.End, (body.Length == 0 ? "\n" : "\n\n") + SpecWriter.TableText(missing)));
            return;
        }

        var end = body.IndexOf('\n', row + 1);
        end = part.Start + (end < 0 ? body.Length : end);
        end = map.Text[end - 1] == '\r' ? end - 1 : end;
        edits.Add((end, end, "\n" + string.Join('\n', missing.Select(SpecWriter.RowText))));
    }
}
