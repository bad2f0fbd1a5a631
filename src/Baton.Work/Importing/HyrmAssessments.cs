using System.Collections.Immutable;
using System.Globalization;

namespace Baton.Work;

/// <summary>Reads the quality assessments of a Hyrm workspace onto its tasks.</summary>
/// <param name="file">The file, for findings.</param>
/// <param name="findings">Takes the findings.</param>
internal sealed class HyrmAssessments(string file, FindingList findings)
{
    /// <summary>An assessment, where it stands, and the task it is of.</summary>
    private sealed record Entry(TaskId Task, Assessment Assessment, int Line);

    /// <summary>How many assessments the file holds.</summary>
    public int Count { get; private set; }

    /// <summary>The tasks, each with the newest assessment that the file has of it.</summary>
    /// <exception cref="RecordDamageException">There is no list of assessments.</exception>
    public ImmutableArray<DurableTask> Onto(ImmutableArray<DurableTask> tasks, JsonPart root)
    {
        var list = HyrmReader.ListIn(root, "assessments", file);
        Count = list.Items.Length;
        var known = tasks.ToDictionary(task => task.Id);
        var newest = new Dictionary<TaskId, Entry>();
        foreach (var entry in list.Items.Select(item => ReadOne(item, known)).OfType<Entry>())
        {
            newest[entry.Task] = newest.TryGetValue(entry.Task, out var other) ? Newer(other, entry) : entry;
        }

        ReadHeading(root);
        return [.. tasks.Select(task => newest.TryGetValue(task.Id, out var entry) ? Judged(task, entry) : task)];
    }

    private void ReadHeading(JsonPart root)
    {
        var heading = new RecordFields(root, file, findings);
        heading.Part("assessments", "version", "last_updated");
        if (heading.Part("aggregate_stats") is { } stats)
        {
            var fields = new RecordFields(stats, file, findings) { Label = "aggregate_stats" };
            fields.Part("avg_overall_score");
            if (fields.Number("total_assessed", decimal.MinValue, decimal.MaxValue) is { } told && told != Count)
            {
                findings.Add(FindingKind.Disagreement, file, fields.Part("total_assessed")!.Line,
                    $"total_assessed says {told}, but the file holds {Count}; they are believed");
            }

            fields.ReportTheRest();
        }

        heading.ReportTheRest();
    }

    private Entry? ReadOne(JsonPart item, Dictionary<TaskId, DurableTask> tasks)
    {
        var fields = new RecordFields(item, file, findings) { Label = "an assessment" };
        if (fields.Text("task_id") is not { } id || !HolderId.IsWellFormed(id)
            || !tasks.TryGetValue(new(id), out var task))
        {
            fields.Report(FindingKind.LeftOut, item.Line, fields.Text("task_id") is { Length: > 0 } other
                ? $"it is of '{RecordText.Shown(other)}', and there is no such task" : "it names no task");
            return null;
        }

        fields = new(item, file, findings) { Label = id };
        fields.Part("task_id");
        if (fields.Text("task_title") is { Length: > 0 } title && title.Trim() != task.Title)
        {
            fields.Report(FindingKind.Disagreement, item.Line,
                $"task_title is '{RecordText.Shown(title)}' here; the title of the task is believed");
        }

        var at = fields.Time("assessed_at");
        var by = fields.Text("assessed_by");
        var assessment = new Assessment(string.IsNullOrWhiteSpace(by) ? "unknown" : by,
            at ?? task.CompletedAt ?? task.UpdatedAt, Scores(fields))
        {
            Strengths = Texts(fields, "strengths"),
            Improvements = Texts(fields, "improvements"),
            Lessons = Texts(fields, "lessons_learned"),
            Recorded = fields.Number("overall_score", Assessment.Lowest, Assessment.Highest),
        };
        if (at is null || string.IsNullOrWhiteSpace(by))
        {
            fields.Report(FindingKind.Changed, item.Line,
                at is null ? "the assessment tells no time; the task's stands for it" : "nobody is named as its author");
        }

        ReportMetadata(fields);
        fields.ReportTheRest();
        return IsUsable(assessment, fields, item.Line) ? new(task.Id, assessment, item.Line) : null;
    }

    private static bool IsUsable(Assessment assessment, RecordFields fields, int line)
    {
        if (assessment.Overall is not { } overall)
        {
            fields.Report(FindingKind.LeftOut, line, "the assessment holds no score");
            return false;
        }

        if (assessment.Computed is { } computed && computed != overall)
        {
            fields.Report(FindingKind.Disagreement, fields.Part("overall_score")!.Line, string.Create(
                CultureInfo.InvariantCulture,
                $"overall_score {overall} is recorded, {computed} computed from the scores; the recorded one is kept"));
        }

        return true;
    }

    private ImmutableArray<DimensionScore> Scores(RecordFields fields)
    {
        var scores = new Dictionary<QualityDimension, DimensionScore>();
        foreach (var item in fields.Part("dimensions")?.Items ?? [])
        {
            var score = new RecordFields(item, file, findings) { Label = fields.Label };
            var name = score.Text("name") ?? "";
            var value = score.Number("score", Assessment.Lowest, Assessment.Highest);
            var notes = score.Lines("notes");
            var weight = score.Number("weight", decimal.MinValue, decimal.MaxValue);
            score.ReportTheRest();
            if (DimensionOf(name) is not { } dimension)
            {
                score.Report(FindingKind.LeftOut, item.Line, $"'{RecordText.Shown(name)}' is no dimension of quality here");
            }
            else if (value is { } number && !scores.TryAdd(dimension, new(dimension, number, notes)))
            {
                score.Report(FindingKind.LeftOut, item.Line, $"{name} is judged again; the first is believed");
            }
            else if (weight is { } told && told != dimension.Weight())
            {
                score.Report(FindingKind.Disagreement, item.Line, string.Create(CultureInfo.InvariantCulture,
                    $"{name} weighs {told} here and {dimension.Weight()} in this program"));
            }
        }

        return [.. Enum.GetValues<QualityDimension>().Where(scores.ContainsKey).Select(dimension => scores[dimension])];
    }

    private static QualityDimension? DimensionOf(string name)
    {
        var word = name.Trim().Replace('-', '_').Replace(' ', '_').ToLowerInvariant();
        foreach (var dimension in Enum.GetValues<QualityDimension>())
        {
            if (dimension.Name() == word)
            {
                return dimension;
            }
        }

        return null;
    }

    private static ImmutableArray<string> Texts(RecordFields fields, string name) =>
        [.. fields.List(name, text => [text], oneLine: false).Select(text => text.Text)];

    // What the other system measured beside the scores has no place here; each field is told of once.
    private void ReportMetadata(RecordFields fields)
    {
        foreach (var (name, value) in fields.Part("metadata")?.Members ?? [])
        {
            findings.AddUnknown(file, $"metadata.{name}", value.Line);
        }
    }

    private Entry Newer(Entry one, Entry other)
    {
        var (newer, older) = other.Assessment.At >= one.Assessment.At ? (other, one) : (one, other);
        findings.Add(FindingKind.LeftOut, file, older.Line, string.Create(CultureInfo.InvariantCulture,
            $"{older.Task}: {older.Assessment.By} judged it {older.Assessment.Overall} on "
            + $"{older.Assessment.At:yyyy-MM-dd}; the newer assessment in line {newer.Line} is taken"));
        return newer;
    }

    private DurableTask Judged(DurableTask task, Entry entry)
    {
        var (assessment, overall) = (entry.Assessment, entry.Assessment.Overall);
        if (task.QualityScore is { } score && score != overall)
        {
            findings.Add(FindingKind.Disagreement, file, entry.Line, string.Create(CultureInfo.InvariantCulture,
                $"{task.Id}: quality_score of the task says {score}, its assessment {overall}, which is believed"));
        }

        return task with
        {
            Quality = assessment,
            QualityScore = overall,
            QualityNotes = string.IsNullOrEmpty(task.QualityNotes) ? assessment.Summary() : task.QualityNotes,
        };
    }
}
