using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace Baton.Work;

/// <summary>The entries of the lists in a text.</summary>
internal static partial class SpecItems
{
    /// <summary>The entries of all lists, and the lines with a box but without a dash.</summary>
    public static ImmutableArray<SpecItem> In(string text)
    {
        var items = ImmutableArray.CreateBuilder<SpecItem>();
        string? phase = null;
        foreach (var block in SpecLayout.Parse(text))
        {
            var raw = Slice(text, block);
            if (block is ListBlock list)
            {
                items.AddRange(Of(text, list, phase));
            }
            else if (block is ParagraphBlock && Bold().Match(raw) is { Success: true } bold)
            {
                phase = bold.Groups[1].Value.Trim().TrimEnd(':');
            }
            else if (block is ParagraphBlock)
            {
                items.AddRange(raw.Split('\n').Where(line => Box().IsMatch(line)).Select(line => Item(line, phase)));
            }
        }

        return items.ToImmutable();
    }

    /// <summary>The entries of one list, those of lists within it after their own.</summary>
    public static IEnumerable<SpecItem> Of(string text, ListBlock list, string? phase) => list
        .Descendants<ListItemBlock>()
        .Select(item => item.FirstOrDefault() is ParagraphBlock paragraph ? Slice(text, paragraph) : "")
        .Where(raw => raw.Length > 0)
        .Select(raw => Item(raw, phase));

    public static string Slice(string text, Block block) => block.Span.IsEmpty ? ""
        : text[block.Span.Start..Math.Min(block.Span.End + 1, text.Length)];

    private static SpecItem Item(string raw, string? phase)
    {
        var box = Box().Match(raw);
        return new(SpecText.OneLine(box.Success ? raw[box.Length..] : raw), phase,
            box.Success ? box.Groups[1].Value != " " : null);
    }

    [GeneratedRegex(@"\A\s*\[([ xX])\](?=\s)", RegexOptions.CultureInvariant)]
    private static partial Regex Box();

    [GeneratedRegex(@"\A\*\*([^\n]+?)\*\*:?\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Bold();
}
