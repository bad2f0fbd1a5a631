using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Baton.Work;

/// <summary>The page that lists the specs: a line each, by the names of their files. Other lines stay.</summary>
public static partial class SpecIndex
{
    private const string Heading = "# Task specs\n\n";

    /// <summary>The page with these specs in it.</summary>
    /// <param name="text">The page as it stands; null where there is none.</param>
    /// <param name="specs">File name and title of each.</param>
    public static string With(string? text, IEnumerable<(string File, string Title)> specs)
    {
        ArgumentNullException.ThrowIfNull(specs);
        var page = string.IsNullOrWhiteSpace(text) ? Heading : text;
        var end = page.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var lines = (page.EndsWith('\n') ? page : page + end).Split('\n').SkipLast(1)
            .Select(line => line.TrimEnd('\r')).ToList();
        foreach (var (file, title) in specs)
        {
            Put(lines, file, $"- [{Escaped(SpecText.OneLine(title))}]({Uri.EscapeDataString(file)})");
        }

        return string.Join(end, lines) + end;
    }

    /// <summary>The links to files of the same folder, with their lines, from 1.</summary>
    public static ImmutableArray<(string File, int Line)> Links(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. (SpecLayout.TryParse(text)?.Descendants<LinkInline>() ?? [])
            .Where(link => !link.IsImage && link.Url is { Length: > 0 } url && !Elsewhere().IsMatch(url))
            .Select(link => (Uri.UnescapeDataString(link.Url!.Split('#')[0]), link.Line + 1))];
    }

    private static void Put(List<string> lines, string file, string line)
    {
        var place = -1;
        var last = -1;
        for (var i = 0; i < lines.Count; i++)
        {
            if (Entry().Match(lines[i]) is not { Success: true } entry)
            {
                continue;
            }

            var other = Uri.UnescapeDataString(entry.Groups[1].Value);
            if (other == file)
            {
                lines[i] = line;
                return;
            }

            last = i;
            if (place < 0 && string.CompareOrdinal(other, file) > 0)
            {
                place = i;
            }
        }

        lines.Insert(place >= 0 ? place : last >= 0 ? last + 1 : lines.Count, line);
    }

    private static string Escaped(string title) => Special().Replace(title, "\\$0");

    [GeneratedRegex(@"\A- \[(?:[^\[\]\\]|\\.)*\]\(([^()/\s]+\.md)\)\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Entry();

    [GeneratedRegex(@"[\[\]\\`*_<>&!]", RegexOptions.CultureInvariant)]
    private static partial Regex Special();

    [GeneratedRegex(@"\A(?:[a-z][a-z0-9+.-]*:|#|/)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Elsewhere();
}
