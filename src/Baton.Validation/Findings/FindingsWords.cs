using System.Globalization;
using System.Text.Json;

namespace Baton.Validation;

/// <summary>The words for findings, the same in every form.</summary>
public static class FindingsWords
{
    /// <summary>The word, as <c>pass</c>.</summary>
    public static string Name(this Judgement judgement) => judgement switch
    {
        Judgement.Pass => "pass",
        Judgement.Fail => "fail",
        Judgement.Skip => "skip",
        _ => throw new ArgumentOutOfRangeException(nameof(judgement)),
    };

    /// <summary>The word, as <c>drills</c>.</summary>
    public static string Name(this ValidationMode mode) => JsonNamingPolicy.SnakeCaseLower.ConvertName(mode.ToString());

    /// <summary>How many criteria came out so.</summary>
    public static int Count(this Findings findings, Judgement judgement) =>
        findings.Criteria.Count(criterion => criterion.Result == judgement);

    /// <summary>How the criteria came out, as <c>11 passed, 0 failed, 1 skipped</c>.</summary>
    public static string Tally(this Findings findings) => string.Create(CultureInfo.InvariantCulture,
        $"{findings.Count(Judgement.Pass)} passed, {findings.Count(Judgement.Fail)} failed, "
        + $"{findings.Count(Judgement.Skip)} skipped");

    /// <summary>A duration as people read it, as <c>63.2 s</c> or <c>250 ms</c>.</summary>
    public static string Span(TimeSpan span) =>
        span.TotalSeconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0} ms")
        : span.TotalMinutes < 10 ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0.0} min");

    /// <summary>What the findings amount to, in a sentence or two.</summary>
    public static string Conclusion(this Findings findings)
    {
        var skipped = Ids(findings, Judgement.Skip);
        var rest = (skipped.Length == 0 ? "" : $" Not tried, and no pass: {skipped}.")
            + (findings.NotAskedFor == 0 ? "" : $" Not asked for: {findings.NotAskedFor} more.");
        if (findings.Count(Judgement.Fail) is > 0 and var failed)
        {
            return $"{failed} of {findings.Criteria.Length} criteria FAILED: {Ids(findings, Judgement.Fail)}. "
                + "Their evidence says what was seen." + rest;
        }

        return findings.Count(Judgement.Pass) is > 0 and var passed
            ? $"All {passed} criteria that were tried were shown; none failed." + rest
            : "Nothing was shown, so the validation FAILED." + rest;
    }

    /// <summary>The names of the criteria that came out so.</summary>
    public static string Ids(this Findings findings, Judgement judgement) => string.Join(", ",
        findings.Criteria.Where(criterion => criterion.Result == judgement).Select(criterion => criterion.Id));

    /// <summary>Who led last and with which epoch, as <c>orc-1-abcdef, epoch 8</c>.</summary>
    public static string LedBy(this Findings findings) => findings.Leader is { } leader
        ? $"{leader}, epoch {findings.Epoch?.ToString() ?? "unknown"}"
        : "nobody";
}
