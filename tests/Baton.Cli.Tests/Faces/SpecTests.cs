using System.Text;
using System.Text.Json;

namespace Baton.Cli.Tests;

/// <summary>The specs by what the commands print and leave behind.</summary>
public sealed class SpecTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Stage _stage;

    public SpecTests() => _stage = new() { Folder = _folder.Path };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_task_gets_its_spec_and_names_it()
    {
        var id = await MendAsync();
        Golden.Check("spec-generate", await _stage.PlayAsync("spec", "generate", id));
        Golden.Check("spec-show", await _stage.PlayAsync("spec", "show", id));
        Golden.Check("spec-generate-again-json", await _stage.PlayAsync("spec", "generate", id, "--json"));
        Golden.Check("spec-parse", await _stage.PlayAsync("spec", "parse", FileOf(id)));
        Golden.Check("spec-parse-json", await _stage.PlayAsync("spec", "parse", FileOf(id), "--json"));
        Assert.Equal(FileOf(id), (await ShownAsync(id)).GetProperty("spec_file").GetString());
        Assert.Contains($"- [Mend the roof]({Path.GetFileName(FileOf(id))})", Text("docs/specs/README.md"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_person_wrote_is_not_overwritten_without_a_copy()
    {
        var id = await MendAsync();
        await _stage.PlayAsync("spec", "generate", id);
        var mine = Text(FileOf(id)).Replace("to be defined", "keep dry", StringComparison.Ordinal);
        File.WriteAllText(_folder.PathOf(FileOf(id)), mine);

        Golden.Check("spec-refused", await _stage.PlayAsync("spec", "generate", id));
        Assert.Equal(mine, Text(FileOf(id)));
        await _stage.PlayAsync("task", "note", id, "bring a rope");
        Golden.Check("spec-sync", await _stage.PlayAsync("spec", "sync"));
        var synced = Text(FileOf(id));
        Assert.Contains("] bring a rope\n", synced, StringComparison.Ordinal);
        Assert.Contains("- keep dry\n", synced, StringComparison.Ordinal);
        Golden.Check("spec-force", await _stage.PlayAsync("spec", "generate", id, "--force"));
        Assert.Equal(synced, Text(FileOf(id) + ".1.bak"));
        Assert.DoesNotContain("keep dry", Text(FileOf(id)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lint_names_file_and_line_and_fails()
    {
        var id = await MendAsync();
        await _stage.PlayAsync("spec", "generate", id);
        Golden.Check("spec-lint-clean", await _stage.PlayAsync("spec", "lint"));
        // As a wildcard gives them.
        Golden.Check("spec-lint-clean", await _stage.PlayAsync("spec", "lint", FileOf(id), "docs/specs/README.md"));
        await _stage.PlayAsync("task", "cancel", id);
        File.AppendAllText(_folder.PathOf("docs/specs/README.md"), "- [gone](task_1_gone.md)\n");
        File.WriteAllText(_folder.PathOf("docs/specs/stray.md"), "# A page\n");
        Golden.Check("spec-lint", await _stage.PlayAsync("spec", "lint"));
        Assert.Contains("the link to task_1_gone.md leads nowhere",
            (await _stage.PlayAsync("spec", "lint", "docs/specs/README.md")).Out, StringComparison.Ordinal);
        Golden.Check("spec-lint-json", await _stage.PlayAsync("spec", "lint", FileOf(id), "--json"));
    }

    [Fact]
    public async Task Lint_tells_of_each_file_that_it_was_given()
    {
        var id = await MendAsync();
        await _stage.PlayAsync("spec", "generate", id);
        await _stage.PlayAsync("task", "cancel", id);
        File.WriteAllBytes(_folder.PathOf("bytes.md"), [0xC3, 0x28]);
        var linted = await _stage.PlayAsync("spec", "lint", "gone.md", "bytes.md", "docs", FileOf(id));
        Assert.Equal(new(ExitCode.NotFound, $"""
            gone.md:1: damage: there is no such file
            bytes.md:1: damage: bytes.md can't be read: it is not UTF-8 text
            docs:1: damage: docs is a folder, not a spec
            {FileOf(id)}:5: drift: Status is 'pending' here and 'cancelled' in the store

            """, "4 findings\n"), linted);
        Assert.Equal(ExitCode.Failure, (await _stage.PlayAsync("spec", "lint", "bytes.md", FileOf(id))).Exit);
        Assert.Equal(ExitCode.Usage, (await _stage.PlayAsync("spec", "lint", "")).Exit);
    }

    [Fact]
    public async Task Backfill_writes_what_is_missing_and_leaves_what_is_there()
    {
        var id = await MendAsync();
        var other = await _stage.CreateAsync("--title", "Paint it");
        Directory.CreateDirectory(_folder.PathOf("docs/specs"));
        var mine = $"# Task: Paint it\n\n**Task ID**: `{other}`\n\nAll by hand.\n";
        var path = $"docs/specs/task_{other.Split('_')[1]}_paint-it.md";
        File.WriteAllText(_folder.PathOf(path), mine);

        Golden.Check("spec-backfill", await _stage.PlayAsync("spec", "backfill"));
        Assert.Equal(mine, Text(path));
        Assert.True(File.Exists(_folder.PathOf(FileOf(id))));
        Golden.Check("spec-backfill-again", await _stage.PlayAsync("spec", "backfill"));
    }

    [Fact]
    public async Task Specs_make_the_same_tasks_in_another_store()
    {
        var id = await MendAsync();
        await _stage.PlayAsync("spec", "generate", id);
        var written = Text(FileOf(id));
        var other = new Stage { Folder = _folder.Path };
        var first = await other.PlayAsync("import", "specs", "docs/specs", "--json");
        var again = await other.PlayAsync("import", "specs", "docs/specs", "--json");

        Assert.Equal((0, 0), (first.Exit, again.Exit));
        Assert.Equal(1, Of(first).GetProperty("tasks").GetProperty("added").GetInt32());
        Assert.Equal(0, Of(again).GetProperty("tasks").GetProperty("added").GetInt32());
        Assert.Equal(0, (await other.PlayAsync("spec", "generate", id)).Exit);
        Assert.Equal(written, Text(FileOf(id)));
    }

    [Fact]
    public async Task A_page_without_a_field_does_not_disagree_with_the_store()
    {
        var first = await _stage.CreateAsync("--title", "Mend it");
        var id = await _stage.CreateAsync("--title", "Paint it", "--depends-on", first, "--tags", "house");
        Directory.CreateDirectory(_folder.PathOf("docs/specs"));
        File.WriteAllText(_folder.PathOf("docs/specs/mine.md"),
            $"# Task: Paint it\n\n**Task ID**: `{id}`  \n**Status**: completed\n");
        var finding = Assert.Single(Of(await _stage.PlayAsync("import", "specs", "docs/specs", "--json"))
            .GetProperty("findings").EnumerateArray());
        Assert.Equal(("disagreement", 4), (finding.GetProperty("kind").GetString(), finding.GetProperty("line").GetInt32()));
        Assert.Equal("Status is 'completed' here and 'pending' in the store, which is believed",
            finding.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Specs_of_another_place_are_copied_with_all_that_people_wrote()
    {
        using var elsewhere = new TemporaryFolder();
        var page = "\uFEFF# Task: Paint it\r\n\r\n**Task ID**: `task_17_a`\r\n\r\n## Goals\r\n\r\n- shine\r\n";
        File.WriteAllText(elsewhere.PathOf("mine.md"), page);
        File.WriteAllText(elsewhere.PathOf("notes.md"), "# No task\n");
        var first = await _stage.PlayAsync("import", "specs", elsewhere.Path, "--json");
        Assert.Equal(0, first.Exit);
        Assert.Equal((1, 1), (Of(first).GetProperty("tasks").GetProperty("added").GetInt32(),
            Of(first).GetProperty("workspace").GetProperty("written").GetInt32()));
        var shown = await ShownAsync("task_17_a");
        Assert.Equal(("Paint it", "docs/specs/mine.md"),
            (shown.GetProperty("title").GetString(), shown.GetProperty("spec_file").GetString()));
        Assert.Equal(File.ReadAllBytes(elsewhere.PathOf("mine.md")), File.ReadAllBytes(_folder.PathOf("docs/specs/mine.md")));
        Assert.Contains("(mine.md)", Text("docs/specs/README.md"), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.PathOf("docs/specs/notes.md")));

        var again = Of(await _stage.PlayAsync("import", "specs", elsewhere.Path, "--json"));
        Assert.Equal((0, 0, 1), (again.GetProperty("tasks").GetProperty("added").GetInt32(),
            again.GetProperty("workspace").GetProperty("written").GetInt32(),
            again.GetProperty("workspace").GetProperty("known").GetInt32()));
        await _stage.PlayAsync("task", "note", "task_17_a", "bring a brush");
        Assert.Equal(0, (await _stage.PlayAsync("spec", "sync")).Exit);
        Assert.StartsWith("\uFEFF# Task: Paint it\r\n", Encoding.UTF8.GetString(File.ReadAllBytes(
            _folder.PathOf("docs/specs/mine.md"))), StringComparison.Ordinal);
        Assert.Contains("## Goals\r\n\r\n- shine\r\n", Text("docs/specs/mine.md"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_is_followed_within_the_workspace_and_never_out_of_it()
    {
        using var elsewhere = new TemporaryFolder();
        var id = await MendAsync();
        await _stage.PlayAsync("spec", "generate", id);
        var (link, page) = (_folder.PathOf(FileOf(id)), _folder.PathOf("docs/page.md"));
        File.Move(link, page);
        File.SetUnixFileMode(page, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(link, "../page.md");
        await _stage.PlayAsync("task", "note", id, "bring a rope");
        Assert.Equal(0, (await _stage.PlayAsync("spec", "sync", id)).Exit);
        Assert.Contains("bring a rope", File.ReadAllText(page), StringComparison.Ordinal);
        Assert.Equal("../page.md", new FileInfo(link).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(page));

        File.Delete(link);
        File.Copy(page, elsewhere.PathOf("page.md"));
        File.CreateSymbolicLink(link, elsewhere.PathOf("page.md"));
        await _stage.PlayAsync("task", "note", id, "and a ladder");
        Golden.Check("spec-link-out", await _stage.PlayAsync("spec", "sync", id));
        Assert.Equal(1, (await _stage.PlayAsync("spec", "generate", id, "--force")).Exit);
        Assert.Equal(File.ReadAllText(page), File.ReadAllText(elsewhere.PathOf("page.md")));
    }

    [Fact]
    public async Task What_can_not_be_read_is_told_and_hides_nothing()
    {
        var id = await MendAsync();
        await _stage.PlayAsync("spec", "generate", id);
        using var made = ChildProcess.Start(new(["mkfifo", _folder.PathOf("docs/specs/pipe.md")]));
        Assert.True((await made.Exit).IsSuccess);
        File.WriteAllBytes(_folder.PathOf("docs/specs/bytes.md"), [0xC3, 0x28]);
        await _stage.PlayAsync("task", "cancel", id);
        Golden.Check("spec-lint-unreadable", await _stage.PlayAsync("spec", "lint"));
        foreach (var args in (string[][])[["spec", "parse", "docs/specs/pipe.md"],
            ["memory", "show", "--memory-file", "docs/specs/pipe.md"]])
        {
            var played = await _stage.PlayAsync(args);
            Assert.Equal(ExitCode.Failure, played.Exit);
            Assert.Contains("a pipe or a device, not a file", played.Error, StringComparison.Ordinal);
        }

        var other = await _stage.CreateAsync("--title", "Paint it");
        Directory.CreateDirectory(_folder.PathOf($"docs/specs/task_{other.Split('_')[1]}_paint-it.md"));
        var third = await _stage.CreateAsync("--title", "Sell it");
        var backfilled = await _stage.PlayAsync("spec", "backfill");
        Assert.Equal(ExitCode.Failure, backfilled.Exit);
        Assert.Contains("paint-it.md is a folder, not a spec\n", backfilled.Out, StringComparison.Ordinal);
        Assert.EndsWith("1 written, 0 adopted, 1 failed\n", backfilled.Out, StringComparison.Ordinal);
        File.WriteAllBytes(_folder.PathOf(FileOf(id)), [0xC3, 0x28]);
        await _stage.PlayAsync("task", "note", third, "ask bob");
        var synced = await _stage.PlayAsync("spec", "sync");
        Assert.Equal(ExitCode.Failure, synced.Exit);
        Assert.Contains("it is not UTF-8 text\n", synced.Out, StringComparison.Ordinal);
        Assert.EndsWith("1 failed, 1 updated\n", synced.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("spec-no-file", "spec", "parse", "nowhere.md")]
    [InlineData("spec-no-task", "spec", "parse", "page.md")]
    [InlineData("spec-no-text", "spec", "parse", "bytes.md")]
    [InlineData("spec-folder", "spec", "parse", "docs")]
    [InlineData("spec-no-folder", "import", "specs", "docs")]
    public async Task Bad_input_gets_one_line(string name, params string[] args)
    {
        File.WriteAllText(_folder.PathOf("page.md"), "# A page\n");
        File.WriteAllBytes(_folder.PathOf("bytes.md"), [0xC3, 0x28]);
        Directory.CreateDirectory(_folder.PathOf("docs"));
        var played = await _stage.PlayAsync(args);
        Golden.Check(name, played with
        {
            Error = played.Error.Replace(_folder.Path, "FOLDER", StringComparison.Ordinal),
        });
    }

    private Task<string> MendAsync() => _stage.CreateAsync("--title", "Mend the roof", "--priority", "critical",
        "--tags", "house", "--estimated-hours", "1",
        "--description", "Before the rain.\n\n## Goals\n- stay dry\n\nDone when:\n- no drop falls");

    private static string FileOf(string id) => $"docs/specs/task_{id.Split('_')[1]}_mend-the-roof.md";

    private string Text(string file) => File.ReadAllText(_folder.PathOf(file));

    private async Task<JsonElement> ShownAsync(string id) => Of(await _stage.PlayAsync("task", "show", id, "--json"));

    private static JsonElement Of(Played played) => JsonDocument.Parse(played.Out).RootElement.GetProperty("data");
}
