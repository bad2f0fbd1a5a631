using Baton.Work;

namespace Baton.Tests;

public sealed class HyrmAssessmentTests : IDisposable
{
    private const string Dimensions = """
        "dimensions": [
          {"name": "completeness", "score": 9, "weight": 0.3, "notes": "all of it"},
          {"name": "code_quality", "score": 8.123456789012345, "weight": 0.25},
          {"name": "documentation", "score": 7, "weight": 0.15},
          {"name": "efficiency", "score": 8, "weight": 0.15},
          {"name": "impact", "score": 8, "weight": 0.15}]
        """;

    private readonly HyrmFolder _folder = new HyrmFolder().WithTasks(
        "\"id\": \"a\", \"title\": \"A\", \"status\": \"completed\", \"completed_at\": \"2026-01-03T00:00:00Z\"");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Scores_times_authors_and_lessons_stay_as_they_are()
    {
        var whole = With($$"""
            {"task_id": "a", "task_title": "A", "assessed_at": "2026-01-03T01:02:03.456Z", "assessed_by": "ses_1",
             {{Dimensions}}, "overall_score": 8.2, "strengths": ["fast"], "improvements": ["names"],
             "lessons_learned": "two\nlines"}
            """);
        Assert.Empty(whole.Report.Findings);
        var task = Assert.Single(whole.Batch.Tasks);
        var quality = Assert.IsType<Assessment>(task.Quality);
        Assert.Equal("ses_1", quality.By);
        Assert.Equal(new(2026, 1, 3, 1, 2, 3, 456, TimeSpan.Zero), quality.At);
        Assert.Equal(8.123456789012345m, quality.Of(QualityDimension.CodeQuality)?.Score);
        Assert.Equal("all of it", quality.Of(QualityDimension.Completeness)?.Notes);
        Assert.Equal(["fast"], quality.Strengths);
        Assert.Equal(["names"], quality.Improvements);
        Assert.Equal(["two\nlines"], quality.Lessons);
        Assert.Equal(8.2m, quality.Recorded);
        Assert.Equal(8.2m, task.QualityScore);
        Assert.Equal("two\nlines", task.QualityNotes);
        Assert.Contains(new("memory/quality-assessments.json", true, 1, "assessments"), whole.Report.Files);
    }

    [Fact]
    public void A_recorded_score_that_is_not_the_mean_is_kept_and_told()
    {
        var whole = With($$"""{"task_id": "a", {{When}}, {{Dimensions}}, "overall_score": 7.5}""");
        Assert.Equal(7.5m, Assert.Single(whole.Batch.Tasks).QualityScore);
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Equal(FindingKind.Disagreement, finding.Kind);
        Assert.Equal("a: overall_score 7.5 is recorded, 8.2 computed from the scores; the recorded one is kept",
            finding.Message);
    }

    [Fact]
    public void Without_a_recorded_score_the_mean_counts()
    {
        var task = Assert.Single(With($$"""{"task_id": "a", {{When}}, {{Dimensions}}}""").Batch.Tasks);
        Assert.Null(task.Quality?.Recorded);
        Assert.Equal(8.2m, task.QualityScore);
    }

    [Fact]
    public void Of_several_the_newest_is_taken_and_the_others_are_told()
    {
        var whole = With(
            """{"task_id": "a", "assessed_at": "2026-01-05T00:00:00Z", "assessed_by": "new", "overall_score": 9}""",
            """{"task_id": "a", "assessed_at": "2026-01-04T00:00:00Z", "assessed_by": "old", "overall_score": 5}""");
        Assert.Equal("new", Assert.Single(whole.Batch.Tasks).Quality?.By);
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Equal(FindingKind.LeftOut, finding.Kind);
        Assert.Equal(3, finding.Line);
        Assert.Equal("a: old judged it 5 on 2026-01-04; the newer assessment in line 2 is taken", finding.Message);
    }

    [Theory]
    [InlineData("""{"task_id": "b", "overall_score": 8}""", "it is of 'b', and there is no such task")]
    [InlineData("""{"task_id": "../b", "overall_score": 8}""", "it is of '../b', and there is no such task")]
    [InlineData("""{"overall_score": 8}""", "it names no task")]
    [InlineData("""{"task_id": "a", "assessed_by": "x", "assessed_at": "2026-01-04"}""", "the assessment holds no score")]
    [InlineData("""{"task_id": "a", "assessed_by": "x", "assessed_at": "2026-01-04", "overall_score": 11}""",
        "overall_score '11' is not from 1 to 10")]
    public void What_says_nothing_of_a_task_is_left_out_and_told(string assessment, string message)
    {
        var whole = With(assessment);
        Assert.Null(Assert.Single(whole.Batch.Tasks).Quality);
        Assert.Contains(whole.Report.Findings, finding => finding.Kind == FindingKind.LeftOut
            && finding.Message.EndsWith(message, StringComparison.Ordinal));
    }

    [Fact]
    public void Odd_dimensions_weights_and_counts_are_told()
    {
        var whole = _folder.With("quality-assessments.json", $$"""
            {"assessments": [{"task_id": "a", {{When}}, "dimensions": [
               {"name": "beauty", "score": 9}, {"name": "impact", "score": 8, "weight": 0.2},
               {"name": "impact", "score": 3}], "metadata": {"duration_minutes": 5} }],
             "aggregate_stats": {"total_assessed": 7} }
            """).ReadWhole();
        Assert.Equal(8m, Assert.Single(whole.Batch.Tasks).QualityScore);
        Assert.Equal(
            [
                "a: 'beauty' is no dimension of quality here",
                "a: impact weighs 0.2 here and 0.15 in this program",
                "a: impact is judged again; the first is believed",
                "total_assessed says 7, but the file holds 1; they are believed",
                "field 'metadata.duration_minutes' has no place here, in 1 record",
            ],
            whole.Report.Findings.Select(finding => finding.Message));
    }

    [Fact]
    public void Without_time_and_author_the_task_s_time_stands_for_it()
    {
        var whole = With("""{"task_id": "a", "overall_score": 8}""");
        var quality = Assert.Single(whole.Batch.Tasks).Quality;
        Assert.Equal(new(2026, 1, 3, 0, 0, 0, TimeSpan.Zero), quality?.At);
        Assert.Equal("unknown", quality?.By);
        Assert.Equal(FindingKind.Changed, Assert.Single(whole.Report.Findings).Kind);
    }

    [Fact]
    public void A_cut_file_of_assessments_ends_the_import()
    {
        _folder.With("quality-assessments.json", "{\"assessments\": [{\"task_id\"");
        Assert.StartsWith("memory/quality-assessments.json, line 1", _folder.ReadDamage(), StringComparison.Ordinal);
    }

    private const string When = "\"assessed_at\": \"2026-01-04T00:00:00Z\", \"assessed_by\": \"x\"";

    private ImportReading.Whole With(params string[] assessments) => _folder.With("quality-assessments.json",
        $"{{\"assessments\": [\n{string.Join(",\n", assessments.Select(text => text.ReplaceLineEndings(" ")))}]}}").ReadWhole();
}
