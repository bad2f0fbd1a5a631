using System.Globalization;
using System.Text;
using Baton.Work;

namespace Baton.Validation;

/// <summary>Findings as a section of the working memory.</summary>
public static class MarkdownFindings
{
    /// <summary>What the heading says between number and date.</summary>
    public const string Title = "LEADER ELECTION VALIDATION";

    /// <summary>The section; the same run is one section, however often it is written.</summary>
    public static NewSection Section(Findings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var text = new StringBuilder();
        Field(text, "Result", $"{(findings.IsPass ? "PASS" : "FAIL")} ({findings.Tally()})");
        Field(text, "Leader", findings.Leader is { } leader ? $"`{leader}`" : "nobody");
        Field(text, "Epoch", findings.Epoch?.ToString() ?? "unknown");
        Field(text, "TTL", findings.Ttl is { } ttl
            ? string.Create(CultureInfo.InvariantCulture, $"{ttl.TotalMilliseconds:0} ms")
            : "unknown");
        Field(text, "Run", $"`{findings.RunId}`, mode {findings.Mode.Name()}"
            + (findings.Seed is { } seed ? string.Create(CultureInfo.InvariantCulture, $", seed {seed}") : ""));
        Field(text, "Store", $"{Plain(findings.Store)}, election `{findings.Election}`");
        Field(text, "Time", string.Create(CultureInfo.InvariantCulture,
            $"{findings.StartedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}, took {FindingsWords.Span(findings.Duration)}"));
        text.Append("\n| Criteria | Status |\n|---|---|\n");
        foreach (var criterion in findings.Criteria)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Plain(criterion.Title)} (`{criterion.Id}`) | {Word(criterion)} |\n");
        }

        text.Append("\n### Evidence\n");
        foreach (var criterion in findings.Criteria)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n**{criterion.Id}**: {Word(criterion)}\n");
            foreach (var line in criterion.Evidence)
            {
                text.Append("- ").Append(Plain(line)).Append('\n');
            }
        }

        text.Append("\n### Conclusion\n\n").Append(findings.Conclusion()).Append('\n');
        return new(Title, DateOnly.FromDateTime(findings.StartedAt.UtcDateTime), text.ToString())
        {
            Key = $"validate:{findings.RunId}",
        };
    }

    private static string Word(Criterion criterion) => criterion.Result.Name().ToUpperInvariant();

    private static void Field(StringBuilder text, string name, string value) =>
        text.Append("- **").Append(name).Append("**: ").Append(value).Append('\n');

    // Evidence quotes names and notes that anyone may have chosen: it stays on its line and is no markup.
    private static string Plain(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '<' => text.Append("&lt;"),
                '&' => text.Append("&amp;"),
                '\\' or '`' or '*' or '|' or '[' => text.Append('\\').Append(letter),
                _ => text.Append(char.IsControl(letter) || letter is '\u2028' or '\u2029' ? ' ' : letter),
            };
        }

        return text.ToString();
    }
}
