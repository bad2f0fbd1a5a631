using Baton.Work;

namespace Baton.Tests;

public sealed class HyrmReaderTests : IDisposable
{
    private readonly HyrmFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_task_with_nothing_but_an_id_is_read()
    {
        var task = Assert.Single(_folder.WithTasks("""
            "id": "task_1767216141159_669a8j"
            """).ReadWhole().Batch.Tasks);
        Assert.Equal("task_1767216141159_669a8j", task.Title);
        Assert.Equal(DurableTaskStatus.Pending, task.Status);
        Assert.Equal(TaskPriority.Medium, task.Priority);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1767216141159), task.CreatedAt);
        Assert.Equal(task.CreatedAt, task.UpdatedAt);
    }

    [Fact]
    public void Ids_times_notes_and_scores_stay_as_they_are()
    {
        var whole = _folder.WithTasks("""
            "id": "t-1", "title": "One", "description": "two\nlines", "status": "completed",
            "priority": "high", "complexity": "epic", "created_by": "ses_1",
            "created_at": "2026-01-02T03:04:05.678Z",
            "updated_at": "2026-01-04T10:01:00+01:00", "completed_at": "2026-01-03T00:00:00Z",
            "assigned_to": "agent-1", "claimed_at": "2026-01-02T04:00:00Z", "quality_score": 7.30,
            "quality_notes": "good", "estimated_hours": 1.5, "tags": ["a", "b,c"],
            "github_issue_number": 3, "github_issue_url": "https://github.com/o/r/issues/3",
            "github_branch": "task/high/3", "spec_file": "docs/specs/t-1.md",
            "notes": ["[2026-01-02T05:00:00.123Z] began\nwell", "[Session 52] went on"]
            """).ReadWhole();
        Assert.Equal("docs/specs/t-1.md", Assert.Single(whole.Report.Findings).File);
        var task = Assert.Single(whole.Batch.Tasks);
        Assert.Equal("t-1", task.Id.Value);
        Assert.Equal("two\nlines", task.Description);
        Assert.Equal(DurableTaskStatus.Completed, task.Status);
        Assert.Equal(TaskComplexity.Epic, task.Complexity);
        Assert.Equal(At("2026-01-02T03:04:05.678Z"), task.CreatedAt);
        Assert.Equal(At("2026-01-04T09:01:00Z"), task.UpdatedAt);
        Assert.Equal(At("2026-01-03T00:00:00Z"), task.CompletedAt);
        Assert.Equal("agent-1", task.AssignedTo);
        Assert.Equal("7.30", $"{task.QualityScore}");
        Assert.Equal(1.5m, task.EstimatedHours);
        Assert.Equal(["a", "b,c"], task.Tags);
        Assert.Equal(new GithubIssue(3, "https://github.com/o/r/issues/3"), task.GithubIssue);
        Assert.Equal("task/high/3", task.Branch);
        Assert.Equal("docs/specs/t-1.md", task.SpecFile);
        Assert.Equal(
            [
                new TaskNote(At("2026-01-02T05:00:00.123Z"), "began\nwell"),
                new TaskNote(task.UpdatedAt, "[Session 52] went on"),
            ],
            task.Notes);
    }

    [Fact]
    public void A_bare_list_of_tasks_and_a_byte_order_mark_are_read()
    {
        var whole = _folder.With("tasks.json", "\uFEFF[{\"id\": \"a\", \"title\": \"A\"}]").ReadWhole();
        Assert.Equal("a", Assert.Single(whole.Batch.Tasks).Id.Value);
        Assert.Empty(whole.Report.Findings);
    }

    [Fact]
    public void Bare_texts_numbers_in_quotes_and_nulls_are_read()
    {
        var task = Assert.Single(_folder.WithTasks("""
            "id": "a", "title": "A", "assigned_to": null, "claimed_at": null, "tags": "x, y",
            "quality_score": "8.5", "estimated_hours": "2 hours", "github_issue_number": "#7",
            "created_at": 1767216141159,
            "notes": "first\n[2026-01-02T05:00:00Z] second"
            """).ReadWhole().Batch.Tasks);
        Assert.Null(task.AssignedTo);
        Assert.Null(task.ClaimedAt);
        Assert.Equal(["x", "y"], task.Tags);
        Assert.Equal(8.5m, task.QualityScore);
        Assert.Equal(2m, task.EstimatedHours);
        Assert.Equal(7, task.GithubIssue?.Number);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1767216141159), task.CreatedAt);
        Assert.Equal(["first", "second"], task.Notes.Select(note => note.Text));
        Assert.Equal(At("2026-01-02T05:00:00Z"), task.Notes[1].At);
    }

    [Fact]
    public void Work_in_progress_comes_without_a_claim()
    {
        var task = Assert.Single(_folder.WithTasks("""
            "id": "a", "title": "A", "status": "in_progress"
            """).ReadWhole().Batch.Tasks);
        Assert.Equal(DurableTaskStatus.InProgress, task.Status);
        Assert.Null(task.Claim);
        Assert.Null(task.AssignedTo);
    }

    [Fact]
    public void Work_that_nobody_is_on_is_told_of()
    {
        var finding = Assert.Single(_folder.WithTasks("\"id\": \"a\", \"title\": \"A\",\n\"status\": \"in_progress\"")
            .ReadWhole().Report.Findings);
        Assert.Equal((FindingKind.Disagreement, 4), (finding.Kind, finding.Line));
        Assert.Contains("nobody is on it", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("done", DurableTaskStatus.Completed)]
    [InlineData("canceled", DurableTaskStatus.Cancelled)]
    [InlineData("todo", DurableTaskStatus.Pending)]
    [InlineData("assigned", DurableTaskStatus.InProgress)]
    [InlineData("who knows", DurableTaskStatus.Blocked)]
    public void A_foreign_status_is_mapped_and_told_of(string word, DurableTaskStatus expected)
    {
        var whole = _folder.WithTasks(
            $"\"id\": \"a\", \"title\": \"A\", \"assigned_to\": \"x\",\n\"status\": \"{word}\"").ReadWhole();
        Assert.Equal(expected, Assert.Single(whole.Batch.Tasks).Status);
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Equal(
            (FindingKind.Changed, "memory/tasks.json", 4), (finding.Kind, finding.File, finding.Line));
        Assert.Contains(word, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"priority\": \"urgent\"", "urgent")]
    [InlineData("\"complexity\": \"huge\"", "huge")]
    [InlineData("\"created_at\": \"yesterday\"", "yesterday")]
    [InlineData("\"created_at\": 1e300", "1e300")]
    [InlineData("\"quality_score\": 85", "85")]
    [InlineData("\"estimated_hours\": -1", "-1")]
    [InlineData("\"github_issue_number\": 1.5", "1.5")]
    [InlineData("\"github_issue_url\": \"javascript:alert(1)\"", "javascript")]
    [InlineData("\"spec_file\": \"../../etc/passwd\"", "../../etc/passwd")]
    [InlineData("\"spec_file\": \"/etc/passwd\"", "/etc/passwd")]
    [InlineData("\"description\": {\"a\": 1}", "an object")]
    [InlineData("\"notes\": [[1]]", "a list")]
    [InlineData("\"spawned_by\": \"agent-1\"", "spawned_by")]
    public void What_can_not_be_kept_is_told_of_with_its_place(string field, string said)
    {
        var whole = _folder.WithTasks($"\"id\": \"a\", \"title\": \"A\",\n{field}").ReadWhole();
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Equal(4, finding.Line);
        Assert.Contains(said, finding.Message, StringComparison.Ordinal);
        var task = Assert.Single(whole.Batch.Tasks);
        Assert.Equal(TaskPriority.Medium, task.Priority);
        Assert.Equal(HyrmFolder.Now, task.CreatedAt);
        Assert.Null(task.QualityScore);
        Assert.Null(task.EstimatedHours);
        Assert.Null(task.GithubIssue);
        Assert.Null(task.SpecFile);
        Assert.Empty(task.Description);
        Assert.Empty(task.Notes);
    }

    [Fact]
    public void Control_characters_never_reach_a_terminal()
    {
        var whole = _folder.WithTasks("""
            "id": "a", "title": "red \u001b[31m\nalert", "description": "a\tb\r\nc\u0007"
            """).ReadWhole();
        var task = Assert.Single(whole.Batch.Tasks);
        Assert.Equal("red  [31m alert", task.Title);
        Assert.Equal("a\tb\nc ", task.Description);
        Assert.Equal(2, whole.Report.Findings.Length);
    }

    [Fact]
    public void Dependencies_that_exist_are_kept_under_either_name()
    {
        var whole = _folder.WithTasks(
            """
            "id": "a", "title": "A", "depends_on": ["b", "gone", "b"], "dependencies": ["c", "no id!"]
            """,
            """
            "id": "b", "title": "B", "dependencies": "c"
            """,
            """
            "id": "c", "title": "C"
            """).ReadWhole();
        Assert.Equal(["b", "c"], whole.Batch.Tasks[0].DependsOn.Select(id => id.Value));
        Assert.Equal(["c"], whole.Batch.Tasks[1].DependsOn.Select(id => id.Value));
        Assert.Equal(["gone", "no id!"],
            whole.Report.Findings.Select(finding => finding.Message.Split('\'')[1]));
    }

    [Fact]
    public void Circles_of_dependencies_are_cut_and_the_rest_stays()
    {
        var whole = _folder.WithTasks(
            """
            "id": "a", "title": "A", "depends_on": ["b", "d"]
            """,
            """
            "id": "b", "title": "B", "depends_on": ["c"]
            """,
            """
            "id": "c", "title": "C", "depends_on": ["d", "a", "c"]
            """,
            """
            "id": "d", "title": "D"
            """).ReadWhole();
        var byId = whole.Batch.Tasks.ToDictionary(task => task.Id.Value, task => task.DependsOn);
        Assert.Equal(["b", "d"], byId["a"].Select(id => id.Value));
        Assert.Equal(["c"], byId["b"].Select(id => id.Value));
        Assert.Equal(["d"], byId["c"].Select(id => id.Value));
        Assert.Equal(2, whole.Report.Findings.Length);
    }

    [Fact]
    public void A_chain_of_many_thousand_dependencies_is_read()
    {
        var tasks = Enumerable.Range(0, 20_000)
            .Select(i => $"\"id\": \"t{i}\", \"title\": \"T\", \"depends_on\": [\"t{i + 1}\"]");
        var whole = _folder.WithTasks([.. tasks]).ReadWhole();
        Assert.Equal(19_999, whole.Batch.Tasks.Count(task => task.DependsOn.Length == 1));
        Assert.Contains("t20000", Assert.Single(whole.Report.Findings).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "second")]
    [InlineData("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "first")]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "first")]
    public void Of_two_tasks_with_one_id_the_later_change_is_believed(
        string first, string second, string expected)
    {
        var whole = _folder.WithTasks(
            $"\"id\": \"a\", \"title\": \"first\", \"updated_at\": \"{first}\"",
            $"\"id\": \"a\", \"title\": \"second\", \"updated_at\": \"{second}\"").ReadWhole();
        Assert.Equal(expected, Assert.Single(whole.Batch.Tasks).Title);
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Contains("lines 3 and 4", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_count_that_disagrees_is_told_of()
    {
        var whole = _folder.With("tasks.json", """
            {"completed_count": 2,
             "tasks": [{"id": "a", "title": "A", "status": "completed"}]}
            """).ReadWhole();
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Equal((FindingKind.Disagreement, 1), (finding.Kind, finding.Line));
        Assert.Contains("completed_count says 2, but 1 of the tasks is completed;", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Agents_come_as_history()
    {
        var whole = _folder.WithTasks().With("agent-registry.json", """
            {"version": "1.0.0", "agents": [
              {"agent_id": "agent-1", "assigned_role": "code-worker", "pid": 42, "status": "active",
               "started_at": "2026-01-04T17:34:36.932Z", "last_heartbeat": "2026-01-04T19:15:37.443Z"},
              {"agent_id": "agent-2"},
              {"agent_id": "agent-1"}]}
            """).ReadWhole();
        Assert.Equal(2, whole.Batch.Agents.Length);
        var agent = whole.Batch.Agents[0];
        Assert.Equal(("agent-1", "code-worker", 42), (agent.Id.Value, agent.Role, agent.Pid));
        Assert.All(whole.Batch.Agents, known => Assert.Equal(AgentStatus.Stopped, known.Status));
        Assert.Equal(At("2026-01-04T17:34:36.932Z"), agent.StartedAt);
        Assert.Equal(At("2026-01-04T19:15:37.443Z"), agent.LastSeenAt);
        Assert.Equal(Agent.WorkerRole, whole.Batch.Agents[1].Role);
        Assert.Equal(FindingKind.LeftOut, Assert.Single(whole.Report.Findings).Kind);
    }

    [Fact]
    public void A_registry_that_was_reset_is_read()
    {
        var whole = _folder.WithTasks().With("agent-registry.json", """
            {"agents":[],"leader":null}
            """).ReadWhole();
        Assert.Empty(whole.Batch.Agents);
    }

    [Fact]
    public void Other_files_are_told_to_be_left_out()
    {
        var whole = _folder.WithTasks().With("message-bus.jsonl", "{}\n").ReadWhole();
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Equal((FindingKind.LeftOut, "memory/message-bus.jsonl"), (finding.Kind, finding.File));
    }

    private static DateTimeOffset At(string text) => RecordFields.ParseTime(text)!.Value;
}
