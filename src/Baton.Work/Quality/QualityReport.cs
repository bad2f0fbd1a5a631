using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The mean of the scores in one dimension; null where there is none.</summary>
public sealed record DimensionAverage(QualityDimension Dimension, decimal? Average, int Count);

/// <summary>Where scores are going: the mean of the last assessments against that of as many before them.</summary>
/// <param name="Count">How many on each side.</param>
/// <param name="Earlier">The mean of those before.</param>
/// <param name="Recent">The mean of the last.</param>
public sealed record QualityTrend(int Count, decimal Earlier, decimal Recent)
{
    /// <summary>Below this a change is no direction.</summary>
    public const decimal Stable = 0.3m;

    /// <summary>Up or down, by how much.</summary>
    public decimal Change => Recent - Earlier;

    /// <summary><c>improving</c>, <c>declining</c> or <c>stable</c>.</summary>
    public string Direction => Change >= Stable ? "improving" : Change <= -Stable ? "declining" : "stable";
}

/// <summary>The scores of a stretch of time.</summary>
/// <param name="Begins">Its first day.</param>
/// <param name="Count">How many tasks were assessed in it.</param>
/// <param name="Average">The mean of their scores.</param>
public sealed record QualityPeriod(DateOnly Begins, int Count, decimal Average);

/// <summary>A mean that another system recorded, and that is not the mean of the scores it recorded.</summary>
public sealed record RecordedMean(DurableTask Task, decimal Recorded, decimal Computed);

/// <summary>What the assessments of all tasks say together. A pure function of the tasks.</summary>
/// <param name="Assessed">The tasks with a score, best first.</param>
/// <param name="Unassessed">The completed tasks without one, in the order of their completion.</param>
/// <param name="Average">The mean of all scores; null where there is none.</param>
/// <param name="Dimensions">The mean in each dimension.</param>
/// <param name="Trend">Null where there are fewer than four scores.</param>
/// <param name="Differing">The recorded means that are not what their scores give.</param>
public sealed record QualityReport(ImmutableArray<DurableTask> Assessed, ImmutableArray<DurableTask> Unassessed,
    decimal? Average, ImmutableArray<DimensionAverage> Dimensions, QualityTrend? Trend,
    ImmutableArray<RecordedMean> Differing)
{
    /// <summary>How many of the last assessments are compared with those before, unless something else is said.</summary>
    public const int Window = 10;

    private const int FewestForATrend = 2;

    /// <summary>The report on these tasks.</summary>
    /// <param name="tasks">Which.</param>
    /// <param name="window">
    /// How many of the last assessments are compared with as many before; half of all where there are not twice as
    /// many.
    /// </param>
    public static QualityReport Of(IEnumerable<DurableTask> tasks, int window = Window)
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
            [
                .. all.Where(task => task is { Status: DurableTaskStatus.Completed, QualityScore: null })
                    .OrderBy(task => task.CompletedAt).ThenBy(task => task.Id.Value, StringComparer.Ordinal),
            ],
            Mean(byTime),
            [.. Enum.GetValues<QualityDimension>().Select(dimension => AverageOf(assessed, dimension))],
            TrendOf(byTime, Math.Min(window, byTime.Length / 2)),
            [
                .. best.Where(task => task.Quality is { Recorded: { } recorded, Computed: { } computed }
                    && recorded != computed)
                    .Select(task => new RecordedMean(task, task.Quality!.Recorded!.Value, task.Quality.Computed!.Value)),
            ]);
    }

    /// <summary>When a task was assessed, as far as is known.</summary>
    public static DateTimeOffset AssessedAt(DurableTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.Quality?.At ?? task.CompletedAt ?? task.UpdatedAt;
    }

    /// <summary>The scores by stretches of time, oldest first; a stretch without any is left out.</summary>
    /// <param name="begins">The first day of the stretch that a day belongs to.</param>
    public ImmutableArray<QualityPeriod> By(Func<DateOnly, DateOnly> begins) =>
    [
        .. Assessed.GroupBy(task => begins(DateOnly.FromDateTime(AssessedAt(task).UtcDateTime)))
            .OrderBy(group => group.Key)
            .Select(group => new QualityPeriod(group.Key, group.Count(),
                Mean([.. group.Select(task => task.QualityScore!.Value)])!.Value)),
    ];

    private static QualityTrend? TrendOf(decimal[] byTime, int count) => count < FewestForATrend ? null
        : new(count, Mean(byTime[^(2 * count)..^count])!.Value, Mean(byTime[^count..])!.Value);

    private static DimensionAverage AverageOf(ImmutableArray<DurableTask> tasks, QualityDimension dimension)
    {
        var scores = tasks.Select(task => task.Quality?.Of(dimension)?.Score).OfType<decimal>().ToArray();
        return new(dimension, Mean(scores), scores.Length);
    }

    private static decimal? Mean(decimal[] scores) =>
        scores.Length == 0 ? null : Math.Round(scores.Average(), 2, MidpointRounding.AwayFromZero);
}
