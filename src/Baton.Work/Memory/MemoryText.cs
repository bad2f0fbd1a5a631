using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>A section of the working memory: a heading <c>## Session N - TITLE (DATE)</c> and what follows it.</summary>
/// <param name="Number">N.</param>
/// <param name="Title">What stands after N, without the date.</param>
/// <param name="Date">As it is written; null where there is none.</param>
/// <param name="Line">The heading's line in the file, from 1.</param>
/// <param name="Text">The section as it stands, heading included.</param>
public sealed record MemorySection(long Number, string Title, string? Date, int Line, string Text)
{
    /// <summary>The file that it stands in.</summary>
    public string Path { get; init; } = "";

    /// <summary>Where it begins in the file, in bytes.</summary>
    internal int Start { get; init; }

    /// <summary>Where the next heading of its rank begins, or the file ends.</summary>
    internal int End { get; init; }
}

/// <summary>A section to be written.</summary>
/// <param name="Title">One line.</param>
/// <param name="Date">The day in its heading.</param>
/// <param name="Body">Markdown; a code fence or comment that it leaves open is closed.</param>
public sealed record NewSection(string Title, DateOnly Date, string Body)
{
    /// <summary>Names what the section tells of; the same name is written once. Null: written each time.</summary>
    public string? Key { get; init; }
}

/// <summary>
/// The text of a working-memory file, as bytes, so that whatever is not touched stays as it is.
/// </summary>
internal sealed partial class MemoryText
{
    private static readonly UTF8Encoding Utf8 = new(false);
    private readonly byte[] _bytes;
    private readonly string? _open;
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    /// <summary>Reads the structure of a file.</summary>
    public MemoryText(byte[] bytes)
    {
        _bytes = bytes;
        var blocks = new MarkdownBlocks();
        var found = new List<(int Start, int Line, Match? Session)>();
        // A mark of the byte order is no part of the first line.
        var at = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        for (var number = 1; at < bytes.Length; number++)
        {
            var rest = bytes.AsSpan(at);
            var length = rest.IndexOf((byte)'\n') is >= 0 and var cut ? cut + 1 : rest.Length;
            var line = Utf8.GetString(rest[..length]).TrimEnd('\r', '\n');
            if (blocks.Take(line) && TopHeading().IsMatch(line))
            {
                found.Add((at, number, Heading().Match(line) is { Success: true } session ? session : null));
            }
            else if (Key().Match(line) is { Success: true } key && blocks.Closing is null)
            {
                _keys.Add(key.Groups[1].Value);
            }

            at += length;
        }

        _open = blocks.Closing;
        Sections = [.. found.Select((heading, i) => (heading, End: i + 1 < found.Count ? found[i + 1].Start : at))
            .Where(pair => pair.heading.Session is not null)
            .Select(pair => SectionOf(pair.heading.Session!, pair.heading.Line, pair.heading.Start, pair.End))];
    }

    /// <summary>The sections in the order of the file.</summary>
    public ImmutableArray<MemorySection> Sections { get; }

    /// <summary>
    /// Whether the newest stands first: by what most neighbours say, else by the first and the last. One section
    /// alone, or none, says nothing: then newest first, as such files are kept.
    /// </summary>
    public bool IsNewestFirst
    {
        get
        {
            var order = Sections.Zip(Sections.Skip(1), Compare).Sum();
            return (order != 0 ? order : Sections.Length > 1 ? Compare(Sections[0], Sections[^1]) : 1) >= 0;

            static int Compare(MemorySection first, MemorySection second) => first.Number != second.Number
                ? first.Number.CompareTo(second.Number)
                : string.CompareOrdinal(first.Date, second.Date) is var byDate ? Math.Sign(byDate) : 0;
        }
    }

    /// <summary>The number of the next section.</summary>
    public long Next => Sections.IsEmpty ? 1 : Sections.Max(section => section.Number) + 1;

    /// <summary>Whether a section with this key stands here.</summary>
    public bool Has(string key) => _keys.Contains(key);

    /// <summary>The bytes of one of its sections.</summary>
    public ReadOnlySpan<byte> BytesOf(MemorySection section) => _bytes.AsSpan(section.Start, section.End - section.Start);

    /// <summary>How long it is.</summary>
    public int Bytes => _bytes.Length;

    /// <summary>The file with one more section, where its own order asks for it.</summary>
    public byte[] With(NewSection section, long number)
    {
        var breaks = LineBreak;
        var text = new StringBuilder();
        var isFirst = !Sections.IsEmpty && IsNewestFirst;
        var at = isFirst ? Sections[0].Start : _bytes.Length;
        if (!isFirst)
        {
            // What is left open would swallow the section.
            text.Append(EndsLine ? "" : "\n").Append(_open is null ? "" : $"{_open}\n").Append(EndsBlank ? "" : "\n");
        }

        text.Append(CultureInfo.InvariantCulture,
            $"## Session {number} - {OneLine(section.Title)} ({section.Date:yyyy-MM-dd})\n\n");
        if (section.Key is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"<!-- baton:{section.Key} -->\n\n");
        }

        text.Append(Closed(section.Body)).Append(isFirst ? HasRules ? "\n---\n\n" : "\n" : "");
        var added = text.ToString();
        return [.. _bytes[..at], .. Utf8.GetBytes(breaks == "\n" ? added : added.Replace("\n", breaks,
            StringComparison.Ordinal)), .. _bytes[at..]];
    }

    /// <summary>The file without some of its sections.</summary>
    public byte[] Without(IEnumerable<MemorySection> sections)
    {
        var kept = new MemoryStream(_bytes.Length);
        var at = 0;
        foreach (var section in sections.OrderBy(section => section.Start))
        {
            kept.Write(_bytes, at, section.Start - at);
            at = section.End;
        }

        kept.Write(_bytes, at, _bytes.Length - at);
        return kept.ToArray();
    }

    /// <summary>A text on one line, without what could break out of a heading.</summary>
    public static string OneLine(string text) =>
        string.Join(' ', Blank().Split(text).Where(word => word.Length > 0));

    private string LineBreak
    {
        get
        {
            var lines = _bytes.AsSpan().Count((byte)'\n');
            return lines > 0 && _bytes.AsSpan().Count("\r\n"u8) * 2 > lines ? "\r\n" : "\n";
        }
    }

    private bool EndsLine => _bytes.Length == 0 || _bytes[^1] == '\n' || IsOnlyMark;

    private bool EndsBlank => _bytes.Length == 0 || IsOnlyMark || (_open is null
        && (_bytes.AsSpan().EndsWith("\n\n"u8) || _bytes.AsSpan().EndsWith("\r\n\r\n"u8)));

    private bool IsOnlyMark => _bytes.AsSpan().SequenceEqual(Encoding.UTF8.Preamble);

    // Whether sections are parted by a ruled line.
    private bool HasRules => Sections.Any(section => Rule().IsMatch(section.Text));

    private MemorySection SectionOf(Match heading, int line, int start, int end)
    {
        var title = heading.Groups["title"].Value.Trim();
        var date = Date().Match(title);
        // More digits than a number can have name no session that could be followed.
        return new(long.TryParse(heading.Groups["number"].Value, CultureInfo.InvariantCulture, out var number)
                && number < long.MaxValue ? number : 0,
            date.Success ? title[..date.Index].TrimEnd() : title, date.Success ? date.Groups[1].Value : null, line,
            Utf8.GetString(_bytes.AsSpan(start, end - start)))
        {
            Start = start,
            End = end,
        };
    }

    private static string Closed(string body)
    {
        var lines = body.ReplaceLineEndings("\n").TrimEnd().Split('\n');
        var blocks = new MarkdownBlocks();
        foreach (var line in lines)
        {
            blocks.Take(line);
        }

        return string.Join('\n', blocks.Closing is { } closing ? [.. lines, closing] : lines) + "\n";
    }

    /// <summary>
    /// The first line of a text that would end its section, or begin another, from 1; null where none does.
    /// </summary>
    public static int? HeadingWithin(string body)
    {
        var blocks = new MarkdownBlocks();
        var number = 0;
        foreach (var line in body.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            if (blocks.Take(line) && TopHeading().IsMatch(line))
            {
                return number;
            }
        }

        return null;
    }

    [GeneratedRegex(@"\A {0,3}##?(?:[ \t]|\z)", RegexOptions.CultureInvariant)]
    internal static partial Regex TopHeading();

    [GeneratedRegex(@"\A {0,3}##[ \t]+Session[ \t]+(?<number>[0-9]+)(?!\w)[ \t]*[-–—:]?(?<title>.*?)[ \t]*#*[ \t]*\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\(([0-9]{4}-[0-9]{2}-[0-9]{2})\)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Date();

    [GeneratedRegex(@"\A {0,3}<!-- baton:(\S{1,200}) -->[ \t]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Key();

    [GeneratedRegex(@"\n[ \t]*\r?\n---+[ \t]*\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rule();

    [GeneratedRegex(@"[\s\p{C}]+", RegexOptions.CultureInvariant)]
    private static partial Regex Blank();
}
