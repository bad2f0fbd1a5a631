using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// An assessment; a dimension that nobody judged is not in it. <c>recorded_score</c> is a mean that another system
/// recorded: then that is the overall score.
/// </summary>
internal sealed record QualityJson(string AssessedBy, DateTimeOffset AssessedAt, decimal? OverallScore,
    decimal? ComputedScore, decimal? RecordedScore, IReadOnlyList<ScoreJson> Dimensions,
    IReadOnlyList<string> Strengths, IReadOnlyList<string> Improvements, IReadOnlyList<string> Lessons, string? Notes)
{
    public static QualityJson Of(Assessment assessment) => new(assessment.By, assessment.At, assessment.Overall,
        assessment.Computed, assessment.Recorded,
        [.. assessment.Scores.Select(score => new ScoreJson(
            score.Dimension.Name(), score.Score, score.Dimension.Weight(), score.Notes))],
        assessment.Strengths, assessment.Improvements, assessment.Lessons, assessment.Notes);
}

/// <summary>A score in one dimension, 1 to 10.</summary>
internal sealed record ScoreJson(string Name, decimal Score, decimal Weight, string? Notes);

/// <summary>What all assessments say together.</summary>
internal sealed record QualityReportJson(DateTimeOffset? Since, string? Tag, int Assessed, int Unassessed,
    decimal? Average, IReadOnlyList<DimensionAverageJson> Dimensions, TrendJson? Trend,
    IReadOnlyList<PeriodJson> Periods, IReadOnlyList<AssessedJson> Best, IReadOnlyList<AssessedJson> Worst,
    IReadOnlyList<RecordedMeanJson> Differing)
{
    public static QualityReportJson Of(QualityReport report, DateTimeOffset? since, string? tag, int top,
        IReadOnlyList<PeriodJson> periods) => new(since, tag, report.Assessed.Length, report.Unassessed.Length,
            report.Average,
            [.. report.Dimensions.Select(one => new DimensionAverageJson(
                one.Dimension.Name(), one.Dimension.Weight(), one.Average, one.Count))],
            report.Trend is { } trend
                ? new(trend.Count, trend.Earlier, trend.Recent, trend.Change, trend.Direction) : null,
            periods,
            [.. report.Assessed.Take(top).Select(AssessedJson.Of)],
            [.. report.Assessed.Reverse().Take(top).Select(AssessedJson.Of)],
            [.. report.Differing.Select(one => new RecordedMeanJson(
                one.Task.Id.Value, one.Task.Title, one.Recorded, one.Computed))]);
}

/// <summary>The mean in a dimension; null where nobody judged it.</summary>
internal sealed record DimensionAverageJson(string Name, decimal Weight, decimal? Average, int Count);

/// <summary>The last assessments against as many before them.</summary>
internal sealed record TrendJson(int Count, decimal Earlier, decimal Recent, decimal Change, string Direction);

/// <summary>The scores of a week (<c>2026-W01</c>) or month (<c>2026-01</c>).</summary>
internal sealed record PeriodJson(string Period, DateOnly Begins, int Count, decimal Average);

/// <summary>An assessed task.</summary>
internal sealed record AssessedJson(string Id, string Title, decimal Score, DateTimeOffset AssessedAt)
{
    public static AssessedJson Of(DurableTask task) =>
        new(task.Id.Value, task.Title, task.QualityScore!.Value, QualityReport.AssessedAt(task));
}

/// <summary>A recorded mean that is not what its scores give.</summary>
internal sealed record RecordedMeanJson(string Id, string Title, decimal RecordedScore, decimal ComputedScore);

/// <summary>What was learned from a task.</summary>
internal sealed record LessonJson(
    string Id, string Title, DateTimeOffset AssessedAt, string AssessedBy, decimal? Score, string Lesson);
