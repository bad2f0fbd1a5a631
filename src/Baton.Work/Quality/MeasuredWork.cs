using System.Collections.Immutable;
using System.Globalization;

namespace Baton.Work;

/// <summary>
/// The assessment that a machine may give: from what was measured of the work on a task, and from nothing else. A
/// dimension of which nothing was measured gets no score.
/// </summary>
/// <remarks>
/// completeness: 10 where checks are bound to the completion, for it stands only if all of them passed. efficiency:
/// the lower of two. Attempts: 10 divided by the number of attempts that it took, failed ones and the last. Time: 10
/// within the estimate, else 10 times the estimate divided by the time taken. At least 1, to one decimal. Code quality,
/// documentation and impact are measured by nothing that the store knows.
/// </remarks>
public static class MeasuredWork
{
    /// <summary>The name of this judge.</summary>
    public const string Judge = "baton quality assess --from-evidence";

    /// <summary>The assessment of a completed task; null where nothing was measured.</summary>
    /// <param name="task">The task.</param>
    /// <param name="history">The events about it.</param>
    /// <param name="now">When it is given.</param>
    public static Assessment? Assess(DurableTask task, IEnumerable<WorkEvent> history, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(history);
        ImmutableArray<DimensionScore> scores =
            [.. new[] { Completeness(task), Efficiency(task, history) }.OfType<DimensionScore>()];
        return scores.IsEmpty ? null : new(Judge, now, scores)
        {
            Notes = $"{string.Join("; ", scores.Select(score => string.Create(
                CultureInfo.InvariantCulture, $"{score.Dimension.Name()} {score.Score}: {score.Notes}")))}; "
                + "nothing else was measured",
        };
    }

    private static DimensionScore? Completeness(DurableTask task) => task.Evidence.IsEmpty ? null
        : new(QualityDimension.Completeness, Assessment.Highest, $"{Count(task.Evidence.Length, "check")} passed: "
            + string.Join(", ", task.Evidence.Select(seen =>
                $"'{CheckEvidence.CommandLine(seen.Command)}' (output sha256 {seen.OutputSha256[..12]}…)")));

    private static DimensionScore? Efficiency(DurableTask task, IEnumerable<WorkEvent> history)
    {
        var measured = new[] { Attempts(task, history), Time(task) }.OfType<(decimal Score, string Evidence)>().ToArray();
        return measured.Length == 0 ? null : new(QualityDimension.Efficiency, measured.Min(one => one.Score),
            string.Join("; ", measured.Select(one => one.Evidence)));
    }

    // Who imported the task knows nothing of its attempts.
    private static (decimal, string)? Attempts(DurableTask task, IEnumerable<WorkEvent> history)
    {
        if (task.Attempt == 0)
        {
            return null;
        }

        var failed = history.Count(told => told.Draft.Type == EventType.TaskFailed);
        return (Part(1, failed + 1), failed == 0 ? "no attempt failed" : $"{Count(failed, "attempt")} failed before the last");
    }

    private static (decimal, string)? Time(DurableTask task)
    {
        if (task is not { ClaimedAt: { } began, CompletedAt: { } ended, EstimatedHours: > 0 and { } hours } || ended < began)
        {
            return null;
        }

        var took = (decimal)(ended - began).TotalHours;
        return (took <= hours ? Assessment.Highest : Part(hours, took), string.Create(
            CultureInfo.InvariantCulture, $"the last attempt took {Span(ended - began)} of {hours:0.##} h estimated"));
    }

    private static string Span(TimeSpan span) => span switch
    {
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.#} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0.#} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0.##} h"),
    };

    private static decimal Part(decimal share, decimal of) => Math.Max(Assessment.Lowest,
        Math.Round(Assessment.Highest * share / of, 1, MidpointRounding.AwayFromZero));

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
