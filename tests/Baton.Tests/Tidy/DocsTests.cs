using System.Text.RegularExpressions;
using Baton.Work;

namespace Baton.Tests;

/// <summary>The pages lead somewhere, and the reference knows every event.</summary>
public sealed partial class DocsTests
{
    private static readonly string[] Pages =
        [.. Repository.Files.Where(file => file.EndsWith(".md", StringComparison.OrdinalIgnoreCase))];

    [Fact]
    public void A_link_leads_to_a_file_or_heading_that_is_there()
    {
        var links = Pages.SelectMany(page => LinksOf(page).Select(link => (page, link))).ToArray();
        Assert.NotEmpty(links);
        Assert.Empty(links.Where(found => !Leads(found.page, found.link))
            .Select(found => $"{found.page}: {found.link}"));
    }

    [Fact]
    public void The_reference_names_every_type_of_event_and_no_other() => Assert.Equal(
        EventTypes.All.Order(StringComparer.Ordinal),
        EventRow().Matches(Repository.Text("docs/reference/events.md"))
            .Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("A plain heading", "a-plain-heading")]
    [InlineData("`run` and -- CMD, again", "run-and----cmd-again")]
    public void An_anchor_is_its_heading_in_small_letters(string heading, string anchor) =>
        Assert.Equal(anchor, AnchorOf(heading));

    private static bool Leads(string page, string link)
    {
        var (path, anchor) = link.Split('#', 2) is [var before, var after] ? (before, after) : (link, null);
        var target = path.Length == 0 ? page
            : Path.GetRelativePath(Repository.Root,
                Path.GetFullPath(Uri.UnescapeDataString(path), Path.Combine(Repository.Root, page, "..")));
        return Path.Exists(Path.Combine(Repository.Root, target))
            && (anchor is null || (Pages.Contains(target) && HeadingsOf(target).Contains(anchor)));
    }

    private static IEnumerable<string> LinksOf(string page) => Link().Matches(Prose(page))
        .Select(link => link.Groups[1].Value)
        .Where(link => !Address().IsMatch(link));

    private static IEnumerable<string> HeadingsOf(string page) => Heading().Matches(Prose(page))
        .Select(heading => AnchorOf(heading.Groups[1].Value.Trim()));

    // What stands in a block of code is a sample: neither a link nor a heading.
    private static string Prose(string page) => Fence().Replace(Repository.Text(page), "");

    // As GitHub does it.
    private static string AnchorOf(string heading) => string.Concat(heading.ToLowerInvariant()
        .Where(letter => char.IsLetterOrDigit(letter) || letter is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex(@"(?<=^|\n)```.*?\n```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^()\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^[a-z]+:", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    [GeneratedRegex(@"(?<=^|\n)#+ ([^\n]*)")]
    private static partial Regex Heading();

    [GeneratedRegex(@"(?<=\n)\| `([a-z]+\.[a-z_]+)` \|")]
    private static partial Regex EventRow();
}
