using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace Baton.Work;

/// <summary>A bold field, and where its value stands.</summary>
internal sealed record SpecField(string Name, string Value, int Line, int Start, int End);

/// <summary>A section, and where its text stands, without the blank lines and the rule around it.</summary>
internal sealed record SpecPart(string Name, int Line, int Start, int End);

/// <summary>Where the parts of a spec stand in its text. Lines count from 0 here.</summary>
internal sealed partial class SpecMap
{
    private const char ByteOrderMark = '\uFEFF';
    private readonly MarkdownDocument _document;

    // As long as the text, so that places are the same: a mark of the byte order is no part of the title.
    private readonly string _read;

    private SpecMap(string text)
    {
        Text = text;
        Lines = new(text);
        _read = text.StartsWith(ByteOrderMark) ? $" {text.AsSpan(1)}" : text;
        _document = SpecLayout.Parse(_read);
    }

    public string Text { get; }

    public LineStarts Lines { get; }

    /// <summary>The title without its prefix; null where there is none.</summary>
    public string? Title { get; private set; }

    public int TitleLine { get; private set; }

    public List<SpecField> Fields { get; } = [];

    public List<SpecPart> Parts { get; } = [];

    public SpecField? Field(string name) =>
        Fields.Find(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public SpecPart? Part(string name) =>
        Parts.Find(part => part.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public string TextOf(SpecPart part) => Text[part.Start..part.End];

    public static SpecMap Of(string text)
    {
        var map = new SpecMap(text);
        var headings = map.Sections();
        var first = headings.Count > 0 ? headings[0] : map._document.Count;
        for (var i = 0; i < first; i++)
        {
            map.TakeHead(map._document[i]);
        }

        for (var i = 0; i < headings.Count; i++)
        {
            map.TakePart(headings[i], i + 1 < headings.Count ? headings[i + 1] : map._document.Count);
        }

        return map;
    }

    /// <summary>
    /// The places of the headings that open a section. A heading that an older writer let through from the
    /// description lies between the problem and the goals, and opens none.
    /// </summary>
    private List<int> Sections()
    {
        var all = new List<int>();
        for (var i = 0; i < _document.Count; i++)
        {
            if (_document[i] is HeadingBlock { Level: 2, IsSetext: false })
            {
                all.Add(i);
            }
        }

        var problem = all.FindIndex(at => Is(at, SpecLayout.Problem));
        var plan = all.FindLastIndex(at => Is(at, SpecLayout.Plan));
        var goals = plan > 0 ? all.FindLastIndex(plan - 1, at => Is(at, SpecLayout.Goals))
            : all.FindIndex(at => Is(at, SpecLayout.Goals));
        if (problem >= 0 && goals > problem + 1)
        {
            all.RemoveRange(problem + 1, goals - problem - 1);
        }

        return all;

        bool Is(int at, string name) => NameOf(_document[at]).Equals(name, StringComparison.OrdinalIgnoreCase);
    }

    private string NameOf(Block heading) => Line(heading.Line).Trim().TrimStart('#').Trim().TrimEnd('#').TrimEnd();

    private string Line(int line) => _read[Lines.StartOf(line)..Lines.EndOf(line)];

    private void TakeHead(Block block)
    {
        if (block is HeadingBlock { Level: 1 } && Title is null)
        {
            TitleLine = block.Line;
            Title = TitleText().Match(Line(block.Line)).Groups[1].Value;
        }
        else if (block is ParagraphBlock)
        {
            for (var line = block.Line; line <= Lines.LineOf(block.Span.End); line++)
            {
                if (FieldText().Match(Line(line)) is { Success: true } match)
                {
                    var value = match.Groups[2];
                    var start = Lines.StartOf(line) + value.Index;
                    Fields.Add(new(match.Groups[1].Value.Trim(), value.Value, line, start, start + value.Length));
                }
            }
        }
    }

    private void TakePart(int heading, int next)
    {
        var from = Lines.StartOf(_document[heading].Line + 1);
        var last = next - 1;
        while (last > heading && (_document[last] is ThematicBreakBlock
            || (next == _document.Count && _document[last] is HtmlBlock html
                && SpecStamp.Begins(Text, html.Span.Start))))
        {
            last--;
        }

        // What stands between the last block and the next heading is blank, or a link's definition.
        var until = last + 1 < _document.Count ? Lines.StartOf(_document[last + 1].Line) : Text.Length;
        var body = Text[from..Math.Max(from, until)];
        var lead = body.Length - Blank().Replace(body, "").Length;
        var length = body.TrimEnd().Length;
        Parts.Add(new(NameOf(_document[heading]), _document[heading].Line,
            from + Math.Min(lead, length), from + length));
    }

    [GeneratedRegex(@"\A {0,3}#*\s*(?:Task(?:\s+\w+)?:)?\s*(.*?)\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex TitleText();

    [GeneratedRegex(@"\A {0,3}\*\*([^*:]+)\*\*:[ \t]*(.*?)[ \t]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex FieldText();

    [GeneratedRegex(@"\A(?:[ \t]*\r?\n)+", RegexOptions.CultureInvariant)]
    private static partial Regex Blank();
}
