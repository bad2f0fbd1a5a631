using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The mean of the scores in one dimension; null where there is none.</summary>
public sealed record DimensionAverage(QualityDimension Dimension, decimal? Average, int Count);

/// <summary>
/// Where scores are going: the mean of the newer half of the assessments against that of the older half.
/// </summary>
/// <param name="Earlier">The mean of the older half.</param>
/// <param name="Recent">The mean of the newer half.</param>
public sealed record QualityTrend(decimal Earlier, decimal Recent)
{
    /// <summary>Below this a change is no direction.</summary>
    public const decimal Stable = 0.3m;

    /// <summary>Up or down, by how much.</summary>
    public decimal Change => Recent - Earlier;

    /// <summary><c>improving</c>, <c>declining</c> or <c>stable</c>.</summary>
    public string Direction => Change >= Stable ? "improving" : Change <= -Stable ? "declining" : "stable";
}

/// <summary>What the assessments of all tasks say together. A pure function of the tasks.</summary>
/// <param name="Assessed">The tasks with a score, best first.</param>
/// <param name="Unassessed">The completed tasks without one, the oldest first.</param>
/// <param name="Average">The mean of all scores; null where there is none.</param>
/// <param name="Dimensions">The mean in each dimension.</param>
/// <param name="Trend">Null where there are fewer than four scores.</param>
public sealed record QualityReport(ImmutableArray<DurableTask> Assessed, ImmutableArray<DurableTask> Unassessed,
    decimal? Average, ImmutableArray<DimensionAverage> Dimensions, QualityTrend? Trend)
{
    private const int FewestForATrend = 4;

    /// <summary>The report on these tasks.</summary>
    public static QualityReport Of(IEnumerable<DurableTask> tasks)
    {
        var all = tasks.ToImmutableArray();
        ImmutableArray<DurableTask> assessed = [.. all.Where(task => task.QualityScore is not null)];
        // A tie is broken by the id, so that two runs print the same.
        ImmutableArray<DurableTask> best =
        [
            .. assessed.OrderByDescending(task => task.QualityScore).ThenBy(task => task.Id.Value, StringComparer.Ordinal),
        ];
        var byTime = assessed.OrderBy(AssessedAt).ThenBy(task => task.Id.Value, StringComparer.Ordinal)
            .Select(task => task.QualityScore!.Value).ToArray();
        return new(best,
            [.. all.Where(task => task is { Status: DurableTaskStatus.Completed, QualityScore: null })],
            Mean(byTime),
            [.. Enum.GetValues<QualityDimension>().Select(dimension => AverageOf(assessed, dimension))],
            byTime.Length < FewestForATrend ? null
                : new(Mean(byTime[..(byTime.Length / 2)])!.Value, Mean(byTime[(byTime.Length / 2)..])!.Value));
    }

    private static DateTimeOffset AssessedAt(DurableTask task) => task.Quality?.At ?? task.CompletedAt ?? task.UpdatedAt;

    private static DimensionAverage AverageOf(ImmutableArray<DurableTask> tasks, QualityDimension dimension)
    {
        var scores = tasks.Select(task => task.Quality?.Of(dimension)?.Score).OfType<decimal>().ToArray();
        return new(dimension, Mean(scores), scores.Length);
    }

    private static decimal? Mean(decimal[] scores) =>
        scores.Length == 0 ? null : Math.Round(scores.Average(), 2, MidpointRounding.AwayFromZero);
}
