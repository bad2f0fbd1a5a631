using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>How the files of specs are named.</summary>
public static partial class SpecNames
{
    /// <summary>The folder of the specs, relative to the workspace.</summary>
    public const string Folder = "docs/specs";

    /// <summary>The file that lists them.</summary>
    public const string IndexFile = "README.md";

    private const int LongestSlug = 30;

    /// <summary>The path of a task's spec when nothing else was said: digits of the id, and a slug of the title.</summary>
    public static string PathOf(DurableTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return $"{Folder}/task_{DigitsOf(task.Id)}_{SlugOf(task.Title)}.md";
    }

    /// <summary>The path for a task whose first choice is another task's file.</summary>
    public static string OtherPathOf(DurableTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return $"{Folder}/{task.Id}.md";
    }

    /// <summary>The digits of an id, or the id itself where it has no such part.</summary>
    public static string DigitsOf(TaskId id) => IdDigits().Match(id.Value) is { Success: true } match
        ? match.Groups[1].Value : id.Value;

    /// <summary>The digits in the name of a file; null where it is named otherwise.</summary>
    public static string? DigitsOf(string file) => FileDigits().Match(file) is { Success: true } match
        ? match.Groups[1].Value : null;

    /// <summary>
    /// The title in small letters and hyphens, at most 30 characters, cut where it is too long, even after a
    /// hyphen. Letters of every script stay; other signs are left out.
    /// </summary>
    public static string SlugOf(string title)
    {
        ArgumentNullException.ThrowIfNull(title);
        var slug = new StringBuilder();
        var length = 0;
        foreach (var rune in title.EnumerateRunes())
        {
            var isGap = Rune.IsWhiteSpace(rune) || rune.Value == '-';
            var isLetter = Rune.IsLetterOrDigit(rune);
            if (length < LongestSlug && (isLetter || (isGap && slug.Length > 0 && slug[^1] != '-')))
            {
                slug.Append(isGap ? "-" : Rune.ToLowerInvariant(rune).ToString());
                length++;
            }
        }

        return slug.Length == 0 ? "untitled" : slug.ToString();
    }

    [GeneratedRegex(@"\Atask_(\d+)(?:_|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex IdDigits();

    [GeneratedRegex(@"\Atask_(\d+)_", RegexOptions.CultureInvariant)]
    private static partial Regex FileDigits();
}
