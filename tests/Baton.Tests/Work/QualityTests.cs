using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Tests;

public sealed class QualityTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    // What binary floating point gets wrong: 7.85 is 7.8499… there.
    [InlineData(8, 8, 7, 8, 8, "7.9")]
    [InlineData(8, 7.2, 6.4, 7.6, 6.8, "7.3")]
    [InlineData(10, 10, 10, 10, 10, "10")]
    [InlineData(1, 1, 1, 1, 1, "1")]
    [InlineData(8, 8, 8, 8, 7, "7.9")]
    [InlineData(7, 7, 7, 7, 8, "7.2")]
    public void The_mean_goes_by_weight_and_halves_go_up(
        double a, double b, double c, double d, double e, string mean) => Assert.Equal(decimal.Parse(mean),
            Judged("ann", 0, (decimal)a, (decimal)b, (decimal)c, (decimal)d, (decimal)e).Overall);

    [Fact]
    public void What_nobody_judged_does_not_count()
    {
        var partly = new Assessment("ann", Start,
            [new(QualityDimension.Completeness, 9, null), new(QualityDimension.Impact, 6, null)]);
        Assert.Equal(8m, partly.Overall);
        Assert.Null(new Assessment("ann", Start, []).Overall);
        Assert.Throws<ArgumentOutOfRangeException>(() => new DimensionScore(QualityDimension.Impact, 10.1m, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DimensionScore(QualityDimension.Impact, 0.9m, null));
    }

    [Fact]
    public void The_last_are_compared_with_as_many_before()
    {
        var tasks = Enumerable.Range(0, 25).Select(i => Task($"t{i:00}", Judged("ann", i, i < 15 ? 5 : 6))).ToArray();

        Assert.Equal(new QualityTrend(10, 5, 6), QualityReport.Of(tasks).Trend);
        Assert.Equal(new QualityTrend(5, 6, 6), QualityReport.Of(tasks, 5).Trend);
        Assert.Equal(new QualityTrend(12, 5, 5.83m), QualityReport.Of(tasks, 99).Trend);
        Assert.Equal("improving", QualityReport.Of(tasks).Trend!.Direction);
        Assert.Equal("declining", QualityReport.Of(tasks.Select((task, i) => task with
        {
            Quality = task.Quality! with { At = Start.AddDays(-i) },
        })).Trend!.Direction);
        Assert.Equal("stable", QualityReport.Of(tasks[..8]).Trend!.Direction);
        Assert.Null(QualityReport.Of(tasks[..3]).Trend);
    }

    [Fact]
    public void A_recorded_mean_stays_and_is_told_where_it_differs()
    {
        var right = Judged("old", 0, 7) with { Recorded = 7 };
        var wrong = Judged("old", 0, 8, 8, 7, 8, 8) with { Recorded = 7.8m };
        var report = QualityReport.Of([Task("right", right), Task("wrong", wrong), Task("none", null)]);

        var one = Assert.Single(report.Differing);
        Assert.Equal(("wrong", 7.8m, 7.9m), (one.Task.Id.Value, one.Recorded, one.Computed));
        Assert.Equal(7.8m, wrong.Overall);
        Assert.Equal(["none"], report.Unassessed.Select(task => task.Id.Value));
        Assert.Equal(["wrong", "right"], report.Assessed.Select(task => task.Id.Value));
        Assert.Equal(7.4m, report.Average);
        Assert.Equal(new(QualityDimension.Documentation, 7, 2), report.Dimensions[2]);
    }

    [Fact]
    public void Scores_go_by_stretches_of_time()
    {
        var report = QualityReport.Of(
            [Task("a", Judged("ann", 0, 5)), Task("b", Judged("ann", 1, 6)), Task("c", Judged("ann", 40, 9))]);

        Assert.Equal([new(new(2026, 1, 1), 2, 5.5m), new QualityPeriod(new(2026, 2, 1), 1, 9)],
            report.By(day => new(day.Year, day.Month, 1)));
        Assert.Empty(QualityReport.Of([]).By(day => day));
        Assert.Null(QualityReport.Of([]).Average);
    }

    [Fact]
    public void A_machine_scores_what_was_measured_and_names_it()
    {
        var done = Task("t", null) with
        {
            Attempt = 3,
            ClaimedAt = Start,
            CompletedAt = Start.AddHours(2),
            EstimatedHours = 1.5m,
            Evidence = [new("make test", 0, Start, TimeSpan.FromSeconds(1), new('a', 64), 5)],
        };
        WorkEvent failed = new(1, Start, new(EventType.TaskFailed, "w", "t", "no"));
        var claimed = failed with { Draft = failed.Draft with { Type = EventType.TaskClaimed } };
        var measured = MeasuredWork.Assess(done, [failed, claimed], Start.AddDays(1))!;

        Assert.Equal([(QualityDimension.Completeness, 10m), (QualityDimension.Efficiency, 5m)],
            measured.Scores.Select(score => (score.Dimension, score.Score)));
        Assert.Equal("1 check passed: 'make test' (output sha256 aaaaaaaaaaaa…)", measured.Scores[0].Notes);
        Assert.Equal("1 attempt failed before the last; the last attempt took 2 h of 1.5 h estimated",
            measured.Scores[1].Notes);
        Assert.EndsWith("; nothing else was measured", measured.Notes, StringComparison.Ordinal);
        Assert.Equal(7.5m, MeasuredWork.Assess(done, [], Start)!.Of(QualityDimension.Efficiency)!.Score);
        Assert.Equal(1m, MeasuredWork.Assess(done with { CompletedAt = Start.AddDays(99) }, [], Start)!
            .Of(QualityDimension.Efficiency)!.Score);
    }

    [Fact]
    public void A_machine_invents_nothing()
    {
        var imported = Task("t", null) with { EstimatedHours = 1, CompletedAt = Start };
        Assert.Null(MeasuredWork.Assess(imported, [], Start));
        var score = Assert.Single(MeasuredWork.Assess(imported with { Attempt = 1 }, [], Start)!.Scores);
        Assert.Equal((QualityDimension.Efficiency, 10m, "no attempt failed"), (score.Dimension, score.Score, score.Notes));
    }

    private static DurableTask Task(string id, Assessment? quality) => new(new(id), id)
    {
        Status = DurableTaskStatus.Completed, Quality = quality, QualityScore = quality?.Overall,
    };

    private static Assessment Judged(string by, int day, params ImmutableArray<decimal> scores) => new(by, Start.AddDays(day),
        [
            .. Enum.GetValues<QualityDimension>().Select((dimension, i) =>
                new DimensionScore(dimension, scores[Math.Min(i, scores.Length - 1)], null)),
        ]);
}
