using Baton.Work;

namespace Baton.Cli;

/// <summary>An assessment; a dimension that nobody judged is not in it.</summary>
internal sealed record QualityJson(string AssessedBy, DateTimeOffset AssessedAt, decimal? OverallScore,
    IReadOnlyList<ScoreJson> Dimensions, IReadOnlyList<string> Strengths, IReadOnlyList<string> Improvements,
    IReadOnlyList<string> Lessons, string? Notes)
{
    public static QualityJson Of(Assessment assessment) => new(assessment.By, assessment.At, assessment.Overall,
        [.. assessment.Scores.Select(score => new ScoreJson(
            score.Dimension.Name(), score.Score, score.Dimension.Weight(), score.Notes))],
        assessment.Strengths, assessment.Improvements, assessment.Lessons, assessment.Notes);
}

/// <summary>A score in one dimension, 1 to 10.</summary>
internal sealed record ScoreJson(string Name, decimal Score, decimal Weight, string? Notes);
