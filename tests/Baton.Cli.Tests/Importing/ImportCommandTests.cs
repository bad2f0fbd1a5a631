using System.Text.Json;
using Baton.Work;

namespace Baton.Cli.Tests;

public sealed class ImportCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("baton-import-").FullName;
    private readonly VolatileMark _mark = new();
    private readonly InMemoryWorkStore _work =
        new(ElectionName.Main, BootClock.Instance, ClockDomain.Current);
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();
    private bool _opened;
    private CancellationToken _stop = TestContext.Current.CancellationToken;
    private string _folder;
    private string? _store;

    public ImportCommandTests()
    {
        _folder = _root;
        _store = $"sqlite:{Path.Combine(_root, "baton.db")}";
        Directory.CreateDirectory(Path.Combine(_root, "memory"));
        Write("tasks.json", """
            {"completed_count": 9, "tasks": [
              {"id": "a", "title": "A", "status": "completed"},
              {"id": "b", "title": "B", "status": "in_progress", "spawned_by": "x"}]}
            """);
        Write("coordination.log", "2026-01-02T21:21:47Z [WARN] [a] Took over (epoch 24)\n");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Tasks_land_in_the_store_and_the_floor_in_the_mark()
    {
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root, "--json"));
        var data = Json().GetProperty("data");
        Assert.False(data.GetProperty("dry_run").GetBoolean());
        Assert.Equal(2, data.GetProperty("tasks").GetProperty("added").GetInt32());
        var byStatus = data.GetProperty("tasks").GetProperty("by_status");
        Assert.Equal(1, byStatus.GetProperty("completed").GetInt32());
        Assert.Equal(24, data.GetProperty("epoch_floor").GetInt64());
        Assert.Equal("memory/coordination.log:1", data.GetProperty("epoch_floor_named_in").GetString());
        var findings = data.GetProperty("findings").EnumerateArray();
        Assert.Equal(["disagreement", "disagreement", "left_out"],
            findings.Select(finding => finding.GetProperty("kind").GetString()));
        Assert.Equal(new Epoch(24), _mark.Read(ElectionName.Main));
        Assert.Equal(2, (await _work.TasksAsync(new(), TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task A_second_import_says_that_nothing_is_new()
    {
        await RunAsync("import", "hyrm", _root);
        Assert.Contains("imported     2 new tasks (0 there already), 0 new agents (0 there already), "
            + "0 new messages (0 there already); epochs go on above the floor\n", _out.ToString(), StringComparison.Ordinal);
        _out.GetStringBuilder().Clear();
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root));
        Assert.Contains(
            "imported     0 new tasks (2 there already), 0 new agents (0 there already), 0 new messages (0 there already)\n",
            _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_says_what_is_new_and_changes_nothing()
    {
        Write("message-bus.jsonl", """
            {"message_id": "m1", "from_agent": "x", "to_agent": "y", "type": "note", "payload": "one"}
            """);
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root, "--dry-run", "--json"));
        var data = Json().GetProperty("data");
        Assert.True(data.GetProperty("dry_run").GetBoolean());
        Assert.True(data.GetProperty("epoch_floor_raised").GetBoolean());
        Assert.Equal((2, 0), NewOf("tasks"));
        Assert.Equal((0, 0), NewOf("agents"));
        Assert.Equal((1, 0), NewOf("messages"));
        Assert.Empty(await _work.TasksAsync(new(), TestContext.Current.CancellationToken));
        Assert.Equal(Epoch.None, _mark.Read(ElectionName.Main));

        await RunAsync("import", "hyrm", _root);
        _out.GetStringBuilder().Clear();
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root, "--dry-run"));
        Assert.Contains(
            "would import 0 new tasks (2 there already), 0 new agents (0 there already), 0 new messages (1 there already)\n",
            _out.ToString(), StringComparison.Ordinal);

        (int, int) NewOf(string what) =>
            (data.GetProperty(what).GetProperty("added").GetInt32(), data.GetProperty(what).GetProperty("known").GetInt32());
    }

    [Fact]
    public async Task A_dry_run_needs_no_workspace()
    {
        _store = null;
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root, "--dry-run"));
        Assert.Contains("would import all of it: there is no workspace here", _out.ToString(), StringComparison.Ordinal);
        Assert.False(_opened);
    }

    [Fact]
    public async Task Files_land_in_the_workspace_and_a_second_import_touches_none()
    {
        var workspace = FullSource();
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root, "--json"));
        var files = Json().GetProperty("data").GetProperty("workspace");
        Assert.Equal((2, 2), (files.GetProperty("written").GetInt32(), files.GetProperty("memory_sections").GetInt32()));
        Assert.Equal(1, Json().GetProperty("data").GetProperty("assessments").GetProperty("read").GetInt32());
        Assert.Equal(File.ReadAllBytes(Path.Combine(_root, "memory", "working.md")),
            File.ReadAllBytes(Path.Combine(workspace, "memory", "working.md")));
        Assert.Contains("task_1_a.md", File.ReadAllText(Path.Combine(workspace, "docs", "specs", "README.md")),
            StringComparison.Ordinal);
        var task = (await _work.TasksAsync(new() { IdPrefix = "a" }, TestContext.Current.CancellationToken)).Single();
        Assert.Equal("docs/specs/task_1_a.md", task.SpecFile);
        Assert.Equal(7.5m, task.Quality?.Overall);

        var before = Contents(workspace);
        _out.GetStringBuilder().Clear();
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root));
        Assert.Contains("files        0 written, 2 there already, 0 kept as they are; 0 sections of working memory added\n",
            _out.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, Contents(workspace));
    }

    [Fact]
    public async Task A_workspace_that_is_the_source_keeps_its_files()
    {
        FullSource();
        _folder = _root;
        Directory.CreateDirectory(Path.Combine(_root, ".baton"));
        string[] before = [.. Directory.EnumerateFiles(_root, "*.md", SearchOption.AllDirectories)];
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root));
        Assert.Equal(before, Directory.EnumerateFiles(_root, "*.md", SearchOption.AllDirectories));
        Assert.Contains("files        0 written, 2 there already", _out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_tells_of_files_and_writes_none()
    {
        var workspace = FullSource();
        var before = Contents(workspace);
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root, "--dry-run"));
        Assert.Contains("files        2 would be written, 0 there already, 0 kept as they are; "
            + "2 sections of working memory would be added\n", _out.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, Contents(workspace));
    }

    [Fact]
    public async Task An_import_that_died_after_the_commit_is_made_good_by_the_next()
    {
        var workspace = FullSource();
        var whole = Assert.IsType<ImportReading.Whole>(HyrmReader.Read(_root, BootClock.Instance.GetUtcNow()));
        await _work.ImportAsync(whole.Batch, TestContext.Current.CancellationToken);
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(workspace, "memory")).FullName,
            ".working.md.import"), "cut");
        Assert.Equal(ExitCode.Ok, await RunAsync("import", "hyrm", _root));
        Assert.Equal(["README.md", "task_1_a.md", "working.md"], Contents(workspace).Keys
            .Where(file => file.EndsWith(".md", StringComparison.Ordinal)));
        Assert.DoesNotContain(".working.md.import", Contents(workspace).Keys);
    }

    [Fact]
    public async Task Nothing_is_written_where_the_store_refuses()
    {
        var workspace = FullSource();
        _stop = new(canceled: true);
        Assert.Equal(ExitCode.Interrupted, await RunAsync("import", "hyrm", _root));
        Assert.DoesNotContain(Contents(workspace).Keys, file => file.EndsWith(".md", StringComparison.Ordinal)
            || file.EndsWith(".import", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_task_lands_where_a_file_can_t_be_written()
    {
        var workspace = FullSource();
        File.WriteAllText(Path.Combine(workspace, "memory"), "a file where a folder is needed");
        Assert.Equal(ExitCode.Failure, await RunAsync("import", "hyrm", _root));
        Assert.Empty(await _work.TasksAsync(new(), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Damage_is_one_clear_line_and_touches_no_store()
    {
        Write("tasks.json", "{\"tasks\": [\n{\"id\": \"a\"");
        Assert.Equal(ExitCode.Failure, await RunAsync("import", "hyrm", _root));
        var lines = _error.ToString().TrimEnd().Split('\n');
        Assert.Equal("baton: memory/tasks.json, line 2, column 11: the file ends in the middle", lines[0]);
        Assert.StartsWith("hint: nothing was imported; mend the file", lines[1], StringComparison.Ordinal);
        Assert.Empty(_out.ToString());
        Assert.False(_opened);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_not_found()
    {
        Assert.Equal(ExitCode.NotFound, await RunAsync("import", "hyrm", Path.Combine(_root, "nowhere")));
        Assert.Contains("nowhere is not there", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains("hint: name the folder", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_name_is_bad_usage() =>
        Assert.Equal(ExitCode.Usage, await RunAsync("import", "hyrm", ""));

    /// <summary>A source with memory, a spec and an assessment, and a workspace beside it; gives the workspace.</summary>
    private string FullSource()
    {
        Write("working.md", "# Memory\n\n## Session 1 - ONE (2026-01-01)\n\n## Questions\n");
        Write("quality-assessments.json", """
            {"assessments": [{"task_id": "a", "overall_score": 7.5}]}
            """);
        Directory.CreateDirectory(Path.Combine(_root, "docs", "specs"));
        File.WriteAllText(Path.Combine(_root, "docs", "specs", "task_1_a.md"),
            "# Task: A\n\n**Task ID**: `a`  \n**Status**: completed\n");
        _folder = Path.Combine(_root, "workspace");
        Directory.CreateDirectory(Path.Combine(_folder, ".baton"));
        return _folder;
    }

    private static SortedDictionary<string, string> Contents(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetFileName(file), File.ReadAllText), StringComparer.Ordinal);

    private void Write(string name, string text) =>
        File.WriteAllText(Path.Combine(_root, "memory", name), text);

    private JsonElement Json() => JsonDocument.Parse(_out.ToString()).RootElement;

    private Task<int> RunAsync(params string[] args) => CommandLine.RunAsync(
        [.. _store is { } store ? (string[])["--store", store] : [], .. args],
        new()
        {
            Out = _out,
            Error = _error,
            In = TextReader.Null,
            Variable = _ => null,
            WorkingFolder = _folder,
            Ids = new(BootClock.Instance, bytes => bytes.Clear()),
            Stop = _stop,
            Open = (place, _, around) =>
            {
                _opened = true;
                return new(place, new(() => new(new InMemoryLeaseStore(around.Clock), "leases")), _work, "work", null, _mark);
            },
        });
}
