using System.Globalization;
using Baton.Work;

namespace Baton.Validation;

/// <summary>
/// What a validation says of the quality of the task that asked for it. It measures how much of the promise holds, so
/// it judges the completeness and nothing else: what was not measured gets no score.
/// </summary>
public static class MeasuredAssessment
{
    /// <summary>The assessment; null where no criterion was tried.</summary>
    public static Assessment? Of(Findings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var (passed, failed) = (findings.Count(Judgement.Pass), findings.Count(Judgement.Fail));
        if (passed + failed == 0)
        {
            return null;
        }

        // From 1, nothing holds, to 10, everything that was tried holds.
        var share = (decimal)passed / (passed + failed);
        var score = Math.Round(
            Assessment.Lowest + ((Assessment.Highest - Assessment.Lowest) * share), 1, MidpointRounding.AwayFromZero);
        var others = findings.Count(Judgement.Skip) + findings.NotAskedFor;
        var evidence = string.Create(CultureInfo.InvariantCulture,
            $"{passed} of {passed + failed} criteria hold{(others == 0 ? "" : $", {others} were not tried")} "
            + $"(baton validate, mode {findings.Mode.Name()}, run {findings.RunId})");
        return new("baton validate", findings.StartedAt + findings.Duration,
            [new(QualityDimension.Completeness, score, evidence)])
        {
            Notes = $"completeness {score.ToString(CultureInfo.InvariantCulture)}: {evidence}; nothing else was measured",
            Improvements =
            [
                .. findings.Criteria.Where(criterion => criterion.Result == Judgement.Fail)
                    .Select(criterion => $"{criterion.Id}: {criterion.Evidence.FirstOrDefault() ?? "failed"}"),
            ],
        };
    }

    /// <summary>The note for the task, as <c>Validation passed: …</c>.</summary>
    public static string Note(Findings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        return $"Validation {(findings.IsPass ? "passed" : "failed")}: {findings.Tally()}, "
            + $"{findings.LedBy()}, run {findings.RunId}. {findings.Conclusion()}";
    }
}
