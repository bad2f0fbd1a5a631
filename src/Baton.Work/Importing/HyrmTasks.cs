using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>Reads the tasks of a Hyrm workspace as they are to stand in the store.</summary>
/// <param name="file">The file, for findings.</param>
/// <param name="now">The time of what tells none.</param>
/// <param name="findings">Takes the findings.</param>
internal sealed partial class HyrmTasks(string file, DateTimeOffset now, FindingList findings)
{
    /// <summary>A task with the dependencies it names, not yet checked.</summary>
    private sealed record Entry(DurableTask Task, int Line, ImmutableArray<(string Text, int Line)> Names);

    /// <summary>All tasks, in the order of the file.</summary>
    /// <exception cref="RecordDamageException">There is no list of tasks, or one has no good id.</exception>
    public ImmutableArray<DurableTask> Read(JsonPart root)
    {
        var list = HyrmReader.ListIn(root, "tasks", file);
        var entries = Unique(list.Items.Select(ReadOne));
        var tasks = WithDependencies(entries);
        var heading = new RecordFields(root, file, findings);
        heading.Part("tasks", "version", "last_updated");
        var completed = tasks.Count(task => task.Status == DurableTaskStatus.Completed);
        if (heading.Number("completed_count", decimal.MinValue, decimal.MaxValue) is { } counted
            && counted != completed)
        {
            findings.Add(FindingKind.Disagreement, file, heading.Part("completed_count")!.Line,
                $"completed_count says {counted}, but {completed} of the tasks {(completed == 1 ? "is" : "are")} "
                    + "completed; the tasks are believed");
        }

        heading.ReportTheRest();
        return tasks;
    }

    private Entry ReadOne(JsonPart item)
    {
        var id = HyrmReader.IdOf(item, file, "task", "id");
        var fields = new RecordFields(item, file, findings) { Label = id };
        fields.Part("id");
        var completed = fields.Time("completed_at");
        var claimed = fields.Time("claimed_at");
        var updated = fields.Time("updated_at");
        var created = fields.Time("created_at") ?? TimeInId(id) ?? claimed ?? completed ?? updated ?? now;
        var lastChange = updated ?? completed ?? claimed ?? created;
        var task = new DurableTask(new(id), Title(fields, item, id))
        {
            Description = fields.Lines("description") ?? "",
            Priority = Priority(fields),
            Status = Status(fields, completed),
            Complexity = Complexity(fields),
            EstimatedHours = fields.Number("estimated_hours", 0, 1_000_000),
            Tags = [.. fields.List("tags", AtCommas).Select(tag => tag.Text).Distinct()],
            CreatedBy = fields.Text("created_by") ?? "",
            CreatedAt = created,
            UpdatedAt = lastChange,
            AssignedTo = fields.Text("assigned_to") is { Length: > 0 } agent ? agent : null,
            ClaimedAt = claimed,
            CompletedAt = completed,
            Notes = Notes(fields.List("notes", AtTimes, oneLine: false), lastChange),
            GithubIssue = Issue(fields),
            Branch = fields.Text("github_branch"),
            QualityScore = fields.Number("quality_score", 1, 10),
            QualityNotes = fields.Lines("quality_notes"),
            SpecFile = SpecFile(fields),
        };
        ImmutableArray<(string, int)> names =
            [.. fields.List("depends_on", AtCommas), .. fields.List("dependencies", AtCommas)];
        fields.ReportTheRest();
        if (task is { Status: DurableTaskStatus.InProgress, AssignedTo: null })
        {
            fields.Report(FindingKind.Disagreement, (fields.Part("status") ?? item).Line,
                "it is in progress and nobody is on it; the first sweep of a leader puts it back");
        }

        return new(task, item.Line, names);
    }

    /// <summary>One entry per id: of several the one that changed last, else the first.</summary>
    private List<Entry> Unique(IEnumerable<Entry> all)
    {
        var entries = new List<Entry>();
        var places = new Dictionary<TaskId, int>();
        foreach (var entry in all)
        {
            if (places.TryAdd(entry.Task.Id, entries.Count))
            {
                entries.Add(entry);
                continue;
            }

            var place = places[entry.Task.Id];
            var first = entries[place];
            var isNewer = entry.Task.UpdatedAt > first.Task.UpdatedAt;
            entries[place] = isNewer ? entry : first;
            findings.Add(FindingKind.LeftOut, file, (isNewer ? first : entry).Line,
                $"{entry.Task.Id} is at lines {first.Line} and {entry.Line}; the later change is believed");
        }

        return entries;
    }

    /// <summary>The tasks with those of their dependencies that exist and close no circle.</summary>
    private ImmutableArray<DurableTask> WithDependencies(List<Entry> entries)
    {
        var known = entries.Select(entry => entry.Task.Id).ToHashSet();
        var named = new Dictionary<TaskId, List<(TaskId On, int Line)>>();
        foreach (var entry in entries)
        {
            var kept = named[entry.Task.Id] = [];
            foreach (var (name, line) in entry.Names)
            {
                if (!HolderId.IsWellFormed(name) || !known.Contains(new(name)))
                {
                    findings.Add(FindingKind.LeftOut, file, line,
                        $"{entry.Task.Id} depends on '{RecordText.Shown(name)}', and there is no such task");
                }
                else if (!kept.Exists(other => other.On.Value == name))
                {
                    kept.Add((new(name), line));
                }
            }
        }

        CutCircles(entries, named);
        return [.. entries.Select(entry => entry.Task with
        {
            DependsOn = [.. named[entry.Task.Id].Select(dependency => dependency.On)],
        })];
    }

    /// <summary>
    /// Takes out each dependency that leads back to a task on its own path, since a circle of tasks waits for
    /// ever. Depth first with a stack of its own, so that a long chain can't overflow the thread's.
    /// </summary>
    private void CutCircles(List<Entry> entries, Dictionary<TaskId, List<(TaskId On, int Line)>> named)
    {
        var done = new HashSet<TaskId>();
        var onPath = new HashSet<TaskId>();
        var path = new Stack<(TaskId Task, int Next)>();
        foreach (var entry in entries)
        {
            Enter(entry.Task.Id);
            while (path.TryPop(out var step))
            {
                var dependencies = named[step.Task];
                if (step.Next == dependencies.Count)
                {
                    onPath.Remove(step.Task);
                    done.Add(step.Task);
                    continue;
                }

                var (on, line) = dependencies[step.Next];
                if (onPath.Contains(on))
                {
                    dependencies.RemoveAt(step.Next);
                    path.Push(step);
                    findings.Add(FindingKind.LeftOut, file, line,
                        $"{step.Task} depends on {on}, which waits for it in turn; that circle is cut here");
                }
                else
                {
                    path.Push((step.Task, step.Next + 1));
                    Enter(on);
                }
            }
        }

        void Enter(TaskId task)
        {
            if (!done.Contains(task))
            {
                onPath.Add(task);
                path.Push((task, 0));
            }
        }
    }

    private static string Title(RecordFields fields, JsonPart item, string id)
    {
        if (fields.Text("title")?.Trim() is { Length: > 0 } title)
        {
            return title;
        }

        fields.Report(FindingKind.Changed, item.Line, "it has no title; the id stands for it");
        return id;
    }

    private static DurableTaskStatus Status(RecordFields fields, DateTimeOffset? completed)
    {
        if (fields.Text("status") is not { Length: > 0 } word)
        {
            return completed is null ? DurableTaskStatus.Pending : DurableTaskStatus.Completed;
        }

        var plain = Plain(word);
        if (TaskNames.ParseStatus(plain) is { } status)
        {
            return status;
        }

        var (taken, why) = plain switch
        {
            "done" or "complete" => (DurableTaskStatus.Completed, ""),
            "canceled" => (DurableTaskStatus.Cancelled, ""),
            "claimed" or "assigned" or "running" => (DurableTaskStatus.InProgress, ""),
            "open" or "todo" or "available" or "queued" => (DurableTaskStatus.Pending, ""),

            // Nobody may start on work that might be done already: a person looks and requeues it.
            _ => (DurableTaskStatus.Blocked, "; 'baton task requeue' lets it run"),
        };
        fields.Report(FindingKind.Changed, fields.Part("status")!.Line,
            $"status '{RecordText.Shown(word)}' is not known here and became {taken.Name()}{why}");
        return taken;
    }

    private static TaskPriority Priority(RecordFields fields)
    {
        if (fields.Text("priority") is not { Length: > 0 } word)
        {
            return TaskPriority.Medium;
        }

        if (TaskNames.ParsePriority(Plain(word)) is { } priority)
        {
            return priority;
        }

        fields.Report(FindingKind.Changed, fields.Part("priority")!.Line,
            $"priority '{RecordText.Shown(word)}' is not known here and became medium");
        return TaskPriority.Medium;
    }

    private static TaskComplexity? Complexity(RecordFields fields)
    {
        if (fields.Text("complexity") is not { Length: > 0 } word)
        {
            return null;
        }

        var complexity = TaskNames.ParseComplexity(Plain(word));
        if (complexity is null)
        {
            fields.Report(FindingKind.LeftOut, fields.Part("complexity")!.Line,
                $"complexity '{RecordText.Shown(word)}' is not known here");
        }

        return complexity;
    }

    private static GithubIssue? Issue(RecordFields fields)
    {
        var number = fields.Count("github_issue_number");
        var url = fields.Text("github_issue_url");
        if (url is { Length: > 0 } && !(Uri.TryCreate(url, UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)))
        {
            fields.Report(FindingKind.LeftOut, fields.Part("github_issue_url")!.Line,
                $"github_issue_url '{RecordText.Shown(url)}' is no web address");
            url = null;
        }

        return number is null && string.IsNullOrEmpty(url) ? null : new(number, url);
    }

    private static string? SpecFile(RecordFields fields)
    {
        if (fields.Text("spec_file") is not { Length: > 0 } path)
        {
            return null;
        }

        // It is written to later on, so it must not lead out of the workspace.
        if (!Path.IsPathRooted(path) && !path.Split('/', '\\').Contains(".."))
        {
            return path;
        }

        fields.Report(FindingKind.LeftOut, fields.Part("spec_file")!.Line,
            $"spec_file '{RecordText.Shown(path)}' leads out of the workspace");
        return null;
    }

    /// <summary>The notes; <c>[TIME] text</c> gives the note its time; any other has the task's.</summary>
    private static ImmutableArray<TaskNote> Notes(
        ImmutableArray<(string Text, int Line)> entries, DateTimeOffset otherwise) =>
        [.. entries.Select(entry => TimedNote().Match(entry.Text) is { Success: true } match
            && RecordFields.ParseTime(match.Groups[1].Value) is { } at
                ? new TaskNote(at, match.Groups[2].Value)
                : new TaskNote(otherwise, entry.Text))];

    private static DateTimeOffset? TimeInId(string id) =>
        MillisecondsInId().Match(id) is { Success: true } match
            ? RecordFields.TimeOfMilliseconds(match.Groups[1].Value) : null;

    private static string[] AtCommas(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string[] AtTimes(string text) => NextTimedNote().Split(text);

    private static string Plain(string word) =>
        word.Trim().Replace('-', '_').Replace(' ', '_').ToLowerInvariant();

    [GeneratedRegex(@"\A\[(\d{4}-\d\d-\d\d[^\]]*)\][ \t]*((?s:.*))\z", RegexOptions.CultureInvariant)]
    private static partial Regex TimedNote();

    [GeneratedRegex(@"\n+(?=\[\d{4}-\d\d-\d\dT)", RegexOptions.CultureInvariant)]
    private static partial Regex NextTimedNote();

    [GeneratedRegex(@"\Atask_(\d{13})_", RegexOptions.CultureInvariant)]
    private static partial Regex MillisecondsInId();
}
