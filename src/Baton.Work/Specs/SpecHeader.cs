using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Baton.Work;

/// <summary>The bold fields below the title, as text and back.</summary>
internal static partial class SpecHeader
{
    public const string Id = "Task ID";
    public const string Priority = "Priority";
    public const string Status = "Status";
    public const string Complexity = "Complexity";
    public const string Issue = "GitHub Issue";
    public const string Branch = "Branch";
    public const string Estimate = "Estimated Time";
    public const string Assigned = "Assigned To";
    public const string Tags = "Tags";
    public const string DependsOn = "Depends On";

    private const string NoIssue = "pending";
    private const string NoBranch = "not created";
    private const string NoEstimate = "TBD";
    private const string Nobody = "unassigned";

    /// <summary>The fields in their order; the value is null where the field is left out.</summary>
    public static ImmutableArray<(string Name, string? Value)> Of(DurableTask task) =>
    [
        (Id, $"`{task.Id}`"),
        (Priority, task.Priority.Name()),
        (Status, task.Status.Name()),
        (Complexity, task.Complexity?.Name() ?? SpecLayout.Undefined),
        (Issue, task.GithubIssue is { } issue ? IssueText(issue) : NoIssue),
        (Branch, $"`{(task.Branch is { Length: > 0 } branch ? SpecText.OneLine(branch) : NoBranch)}`"),
        (Estimate, task.EstimatedHours is { } hours ? HoursText(hours) : NoEstimate),
        (Assigned, task.AssignedTo is { Length: > 0 } agent ? SpecText.OneLine(agent) : Nobody),
        (Tags, task.Tags.Where(tag => !string.IsNullOrWhiteSpace(tag)).Select(TagText).ToArray() is { Length: > 0 } tags
            ? string.Join(", ", tags) : null),
        (DependsOn, task.DependsOn.IsEmpty ? null : string.Join(", ", task.DependsOn)),
    ];

    public static string? Bare(string value)
    {
        var bare = value.Length > 1 && value[0] == '`' && value[^1] == '`' ? value[1..^1].Trim() : value;
        return bare.Length == 0 ? null : bare;
    }

    public static string? BranchOf(string value) => Bare(value) is { } name && name != NoBranch ? name : null;

    public static string? AssignedOf(string value) => value is "" or Nobody ? null : value;

    public static bool IsNothing(string value) => value.Length == 0
        || value.Equals(SpecLayout.Undefined, StringComparison.OrdinalIgnoreCase) || NoHours().IsMatch(value);

    /// <summary>The hours of a text as <c>3 hours</c> or <c>0.5</c>; null where it tells none.</summary>
    public static decimal? HoursOf(string value) => Hours().Match(value) is { Success: true } match
        && decimal.TryParse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out var hours) && hours <= 1_000_000 ? hours : null;

    public static ImmutableArray<string> TagsOf(string value)
    {
        var tags = ImmutableArray.CreateBuilder<string>();
        var tag = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\' && i + 1 < value.Length && value[i + 1] is '\\' or ',')
            {
                tag.Append(value[++i]);
            }
            else if (value[i] == ',')
            {
                Take();
            }
            else
            {
                tag.Append(value[i]);
            }
        }

        Take();
        return tags.ToImmutable();

        void Take()
        {
            if (tag.ToString().Trim() is { Length: > 0 } word && !tags.Contains(word))
            {
                tags.Add(word);
            }

            tag.Clear();
        }
    }

    /// <summary>The issue of a link, an address or a number; null where the text is none of these.</summary>
    public static GithubIssue? IssueOf(string value)
    {
        foreach (var inline in SpecLayout.TryParse(value)?.Descendants<Inline>() ?? [])
        {
            var (url, text) = inline switch
            {
                LinkInline { IsImage: false, Url: { } target } link =>
                    (target, link.FirstChild is LiteralInline literal ? literal.Content.ToString() : ""),
                AutolinkInline auto => (auto.Url, auto.Url),
                _ => (null, ""),
            };
            if (url is not null && Uri.TryCreate(url, UriKind.Absolute, out var uri)
                && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp))
            {
                return new(NumberOf(text), url);
            }
        }

        return Uri.TryCreate(value, UriKind.Absolute, out var bare) && bare.Scheme is "https" or "http"
            ? new(null, value)
            : NumberOf(value) is { } number ? new(number, null) : null;
    }

    public static bool IsNoIssue(string value) => value.Length == 0 || value == NoIssue;

    private static string IssueText(GithubIssue issue) => issue switch
    {
        { Number: { } number, Url: { Length: > 0 } url } => $"[#{number}]({Target(url)})",
        { Url: { Length: > 0 } url } => $"[issue]({Target(url)})",
        { Number: { } number } => $"#{number}",
        _ => NoIssue,
    };

    private static string Target(string url) => url.AsSpan().ContainsAny("()<> ")
        ? $"<{url.Replace("<", "%3C", StringComparison.Ordinal).Replace(">", "%3E", StringComparison.Ordinal)}>"
        : url;

    private static int? NumberOf(string text) => Number().Match(text) is { Success: true } match
        && int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        ? number : null;

    private static string HoursText(decimal hours) =>
        string.Create(CultureInfo.InvariantCulture, $"{hours:0.##########} {(hours == 1 ? "hour" : "hours")}");

    private static string TagText(string tag) => SpecText.OneLine(tag)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal);

    [GeneratedRegex(@"\A#?(\d{1,9})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@"\A(\d{1,9}(?:\.\d{1,10})?)\s*(?:h|hrs?|hours?)?\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Hours();

    [GeneratedRegex(@"\ATBD(?:\s+hours?)?\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex NoHours();
}
