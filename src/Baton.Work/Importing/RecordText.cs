using System.Text;

namespace Baton.Work;

/// <summary>Makes text of another system safe to store and to show.</summary>
internal static class RecordText
{
    private const int MostShown = 60;

    /// <summary>
    /// The text without control characters, each of which becomes a space: a terminal would obey them.
    /// A text of several lines keeps its line ends and tabs.
    /// </summary>
    public static string Clean(string text, bool oneLine)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        return lines.Any(Offends)
            ? string.Create(lines.Length, lines, (span, from) =>
            {
                for (var i = 0; i < span.Length; i++)
                {
                    span[i] = Offends(from[i]) ? ' ' : from[i];
                }
            })
            : lines;

        bool Offends(char c) => char.IsControl(c) && (oneLine || c is not ('\n' or '\t'));
    }

    /// <summary>A foreign value as a message may quote it: on one line, and short.</summary>
    public static string Shown(string text)
    {
        var clean = Clean(text, oneLine: true);
        return clean.Length <= MostShown ? clean : new StringBuilder(clean, 0, MostShown, MostShown + 1)
            .Append('…').ToString();
    }
}
