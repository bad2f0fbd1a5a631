using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace Baton.Work;

/// <summary>
/// Puts a task's text into a spec so that it breaks nothing there, and takes it out again. A line that would
/// open a section, a rule, or a block that never closes gets a backslash before it; so does a line that has one
/// there already, which makes taking it out exact.
/// </summary>
internal static partial class SpecText
{
    // A text made to cost time may need a pass for each of its lines; after some, every such line is escaped.
    private const int MostPasses = 16;

    /// <summary>The text with line feeds only, without the blank lines around it.</summary>
    public static string Plain(string text)
    {
        var lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return AroundBlank().Replace(lines, "");
    }

    /// <summary>The text as it may stand in a section.</summary>
    public static string Escape(string text)
    {
        var lines = Plain(text).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (IsEscaped().IsMatch(lines[i]) || lines[i].StartsWith(SpecLayout.Context, StringComparison.Ordinal))
            {
                lines[i] = Escaped(lines[i]);
            }
        }

        for (var pass = 0; pass < MostPasses; pass++)
        {
            if (Dangerous(lines) is not { } dangerous)
            {
                break;
            }

            if (dangerous.Count == 0)
            {
                return string.Join('\n', lines);
            }

            foreach (var line in dangerous)
            {
                lines[line] = Escaped(lines[line]);
            }
        }

        return string.Join('\n', lines.Select(line => CanOpen().IsMatch(line) ? Escaped(line) : line));
    }

    /// <summary>The text that <see cref="Escape"/> was given.</summary>
    public static string Unescape(string text) => Plain(EscapedLine().Replace(Plain(text), "$1$2"));

    /// <summary>The text on one line.</summary>
    public static string OneLine(string text) => Spaces().Replace(text, " ").Trim();

    private static string Escaped(string line)
    {
        var at = line.Length - line.TrimStart(' ').Length;
        return line.Insert(at, "\\");
    }

    /// <summary>The lines that break the page; null where so much is nested that nobody can tell.</summary>
    private static HashSet<int>? Dangerous(string[] lines)
    {
        const string probe = "\n\n## probe\n";
        var text = string.Join('\n', lines) + probe;
        var starts = new LineStarts(text);
        if (SpecLayout.TryParse(text) is not { } document)
        {
            return null;
        }

        var dangerous = new HashSet<int>();
        for (var i = 0; i < document.Count; i++)
        {
            var block = document[i];
            var isLast = i == document.Count - 1;
            if (isLast && block is HeadingBlock { Level: 2 } && block.Line == lines.Length + 1)
            {
                break;
            }

            if (block is HeadingBlock { IsSetext: true })
            {
                dangerous.Add(starts.LineOf(block.Span.End));
            }
            else if (block is HeadingBlock { Level: <= 2 })
            {
                dangerous.Add(block.Line);
            }
            else if (block is ThematicBreakBlock || isLast)
            {
                // Where the probe is no heading any more, the last block has swallowed it.
                dangerous.Add(block.Line);
            }
        }

        dangerous.RemoveWhere(line => line >= lines.Length);
        return dangerous;
    }

    [GeneratedRegex(@"\A(?:[ \t]*\n)+|\s+\z", RegexOptions.CultureInvariant)]
    private static partial Regex AroundBlank();

    [GeneratedRegex(@"\A {0,3}\\+[#=\-*_`~<>+0-9]", RegexOptions.CultureInvariant)]
    private static partial Regex IsEscaped();

    [GeneratedRegex(@"^( {0,3})\\(\\*[#=\-*_`~<>+0-9])", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex EscapedLine();

    [GeneratedRegex(@"\A {0,3}[#=\-*_`~<>+0-9]", RegexOptions.CultureInvariant)]
    private static partial Regex CanOpen();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();
}

/// <summary>Where the lines of a text begin.</summary>
internal sealed class LineStarts
{
    private readonly List<int> _starts = [0];
    private readonly string _text;

    public LineStarts(string text)
    {
        _text = text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n')
            {
                _starts.Add(i + 1);
            }
        }
    }

    /// <summary>The line, from 0, of a place.</summary>
    public int LineOf(int at)
    {
        var found = _starts.BinarySearch(at);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>Where a line begins; the end of the text for a line after the last.</summary>
    public int StartOf(int line) => line < _starts.Count ? _starts[line] : _text.Length;

    /// <summary>Where the content of a line ends, before its line end.</summary>
    public int EndOf(int line)
    {
        var end = line + 1 < _starts.Count ? _starts[line + 1] - 1 : _text.Length;
        return end > StartOf(line) && _text[end - 1] == '\r' ? end - 1 : end;
    }
}
