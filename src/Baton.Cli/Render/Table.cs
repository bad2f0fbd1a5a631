using System.Text;

namespace Baton.Cli;

/// <summary>
/// Columns of text without borders; the last one is never padded, and cut only to fit a terminal.
/// </summary>
internal sealed class Table(params string[] titles)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row; null prints as a dash.</summary>
    public void Add(params ReadOnlySpan<string?> cells)
    {
        var row = new string[titles.Length];
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = cells[i] is { Length: > 0 } cell ? Plain.Line(cell) : "-";
        }

        _rows.Add(row);
    }

    /// <summary>The lines, titles first.</summary>
    /// <param name="ink">The colours; words for states get theirs.</param>
    /// <param name="columns">Where to cut; 0: nowhere.</param>
    public IEnumerable<string> Lines(Ink ink, int columns = 0)
    {
        var widths = titles.Select((title, i) =>
            _rows.Select(row => Plain.Width(row[i])).Append(title.Length).Max()).ToArray();
        yield return ink.Faint(Join(titles, widths, columns, cell => cell));
        foreach (var row in _rows)
        {
            yield return Join(row, widths, columns, ink.State);
        }
    }

    /// <summary>Prints the lines.</summary>
    public void Write(TextWriter writer, Output output)
    {
        foreach (var line in Lines(output.Ink, output.Columns))
        {
            writer.WriteLine(line);
        }
    }

    private static string Join(string[] cells, int[] widths, int columns, Func<string, string> paint)
    {
        var line = new StringBuilder();
        var used = 0;
        for (var i = 0; i < cells.Length; i++)
        {
            var isLast = i == cells.Length - 1;
            var cell = isLast && columns > used + 8 ? Plain.Cut(cells[i], columns - used) : cells[i];
            line.Append(paint(cell));
            if (!isLast)
            {
                // The padding is counted without the colours.
                line.Append(' ', widths[i] - Plain.Width(cell) + 2);
                used += widths[i] + 2;
            }
        }

        return line.ToString().TrimEnd();
    }
}
