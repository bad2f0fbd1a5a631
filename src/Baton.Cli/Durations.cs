using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Baton.Cli;

/// <summary>
/// Durations as people type and read them: <c>500ms</c>, <c>6s</c>, <c>2m</c>, <c>1h</c>, <c>7d</c>.
/// </summary>
internal static partial class Durations
{
    /// <summary>The duration that a text stands for; null where it is none.</summary>
    public static TimeSpan? Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success || !double.TryParse(
            match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
        {
            return null;
        }

        var milliseconds = count * match.Groups[2].Value switch
        {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => 86_400_000,
        };
        return milliseconds <= TimeSpan.FromDays(3650).TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;
    }

    /// <summary>An option that takes a duration and refuses everything else.</summary>
    public static Option<TimeSpan?> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "D",
        CustomParser = Read,
    };

    /// <summary>The two largest units, as <c>1h 4m</c> or <c>5.2s</c>.</summary>
    public static string Text(TimeSpan span)
    {
        if (span < TimeSpan.Zero)
        {
            span = TimeSpan.Zero;
        }

        return span.TotalSeconds < 10 ? $"{Math.Floor(span.TotalSeconds * 10) / 10:0.0}s"
            : span.TotalMinutes < 1 ? $"{(int)span.TotalSeconds}s"
            : span.TotalHours < 1 ? $"{(int)span.TotalMinutes}m {span.Seconds}s"
            : span.TotalDays < 1 ? $"{(int)span.TotalHours}h {span.Minutes}m"
            : $"{(int)span.TotalDays}d {span.Hours}h";
    }

    /// <summary>As a person would type it, as <c>90s</c> or <c>2h</c>.</summary>
    public static string Exact(TimeSpan span)
    {
        var milliseconds = (long)span.TotalMilliseconds;
        return milliseconds % 3_600_000 == 0 ? $"{milliseconds / 3_600_000}h"
            : milliseconds % 60_000 == 0 ? $"{milliseconds / 60_000}m"
            : milliseconds % 1000 == 0 ? $"{milliseconds / 1000}s"
            : $"{milliseconds}ms";
    }

    private static TimeSpan? Read(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Parse(text) is { } span)
        {
            return span;
        }

        result.AddError($"'{text}' is no duration: write 500ms, 6s, 2m or 1h");
        return null;
    }

    [GeneratedRegex(@"\A([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
