using System.Collections.Immutable;
using System.Text;

namespace Baton.Work;

/// <summary>What joining one working memory to another gives.</summary>
/// <param name="Bytes">The file as it is to be; null where nothing is missing.</param>
/// <param name="Added">How many sections were added.</param>
/// <param name="Known">How many stood there already.</param>
/// <param name="Differing">
/// The headings of sessions that stand there with another text, which stays, and their lines in the source.
/// </param>
internal sealed record MergedMemory(
    byte[]? Bytes, int Added, int Known, ImmutableArray<(string Heading, int Line)> Differing);

/// <summary>
/// Joins a working memory to the one that is there: sections that are missing are added at the end, in their order,
/// byte for byte. A section is known by its content, so that doing it again changes nothing.
/// </summary>
internal static class MemoryMerge
{
    private static readonly UTF8Encoding Utf8 = new(false);

    /// <summary>A heading of the first two ranks with what follows; what stands before the first has no heading.</summary>
    private sealed record Block(string Heading, int Line, ReadOnlyMemory<byte> Bytes)
    {
        // Rules and blank lines at the end part sections; they are no content.
        public string Content { get; } =
            Utf8.GetString(Bytes.Span).ReplaceLineEndings("\n").TrimEnd(' ', '\t', '\n', '-').TrimStart('\uFEFF', '\n');

        public bool IsHead => !Heading.StartsWith("##", StringComparison.Ordinal);
    }

    /// <summary>How many sections a memory holds; its title and what stands before the first is none.</summary>
    public static int Count(byte[] bytes) => BlocksOf(bytes).Count(block => !block.IsHead);

    /// <summary>Joins <paramref name="source"/> to <paramref name="target"/>.</summary>
    /// <param name="target">The file that is there; null where there is none.</param>
    /// <param name="elsewhere">Archives of it, whose sections are not missing.</param>
    /// <param name="source">What is to be found there.</param>
    public static MergedMemory Join(byte[]? target, IEnumerable<byte[]> elsewhere, byte[] source)
    {
        var sections = BlocksOf(source);
        if (target is null)
        {
            return new(source, sections.Count(block => !block.IsHead), 0, []);
        }

        var there = elsewhere.Prepend(target).SelectMany(BlocksOf).ToList();
        var contents = there.Select(block => block.Content).ToHashSet(StringComparer.Ordinal);
        var sessions = there.Select(block => block.Heading).Where(IsSession).ToHashSet(StringComparer.Ordinal);
        var missing = new List<Block>();
        var differing = ImmutableArray.CreateBuilder<(string, int)>();
        foreach (var block in sections.Where(block => !block.IsHead && !contents.Contains(block.Content)))
        {
            // The same session with another text was written on since: it is no other session.
            if (IsSession(block.Heading) && sessions.Contains(block.Heading))
            {
                differing.Add((block.Heading, block.Line));
            }
            else
            {
                missing.Add(block);
            }
        }

        var known = sections.Count(block => !block.IsHead) - missing.Count - differing.Count;
        return new(missing.Count == 0 ? null : Joined(target, missing), missing.Count, known, differing.ToImmutable());
    }

    private static byte[] Joined(byte[] target, List<Block> missing)
    {
        var joined = new MemoryStream();
        joined.Write(target);
        var blocks = new MarkdownBlocks();
        foreach (var line in Utf8.GetString(target).ReplaceLineEndings("\n").Split('\n'))
        {
            blocks.Take(line);
        }

        // What is left open would swallow what follows.
        var gap = (target.AsSpan().EndsWith("\n"u8) || target.Length == 0 ? "" : "\n")
            + (blocks.Closing is { } closing ? $"{closing}\n" : "");
        joined.Write(Utf8.GetBytes(gap + (target.Length == 0 || target.AsSpan().EndsWith("\n\n"u8) ? "" : "\n")));
        foreach (var block in missing)
        {
            joined.Write(block.Bytes.Span);
            if (!block.Bytes.Span.EndsWith("\n"u8))
            {
                joined.Write("\n"u8);
            }
        }

        return joined.ToArray();
    }

    private static bool IsSession(string heading) =>
        new MemoryText(Utf8.GetBytes(heading)).Sections is [{ Number: > 0 }];

    private static List<Block> BlocksOf(byte[] bytes)
    {
        var starts = new List<(int At, int Line, string Heading)> { (0, 1, "") };
        var blocks = new MarkdownBlocks();
        var at = 0;
        for (var number = 1; at < bytes.Length; number++)
        {
            var rest = bytes.AsSpan(at);
            var length = rest.IndexOf((byte)'\n') is >= 0 and var cut ? cut + 1 : rest.Length;
            var line = Utf8.GetString(rest[..length]).TrimEnd('\r', '\n').TrimStart('\uFEFF');
            if (blocks.Take(line) && MemoryText.TopHeading().IsMatch(line))
            {
                starts.Add((at, number, line.Trim()));
            }

            at += length;
        }

        return
        [
            .. starts.Select((start, i) => new Block(start.Heading, start.Line,
                bytes.AsMemory(start.At..(i + 1 < starts.Count ? starts[i + 1].At : bytes.Length))))
                .Where(block => block.Bytes.Length > 0),
        ];
    }
}
