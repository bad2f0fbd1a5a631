using System.Text;
using Baton.Work;

namespace Baton.Tests;

/// <summary>Working memory, specs and state of a Hyrm workspace, and how they come into another one.</summary>
public sealed class HyrmFilesTests : IDisposable
{
    private const string Memory = """
        # Working Memory

        > Read this first.

        ## Session 2 - SECOND (2026-01-02)

        - done

        ---

        ## Open Questions

        - why?

        ## Session 1 - FIRST (2026-01-01)

        ```
        ## no heading
        ```

        """;

    private readonly HyrmFolder _folder = new HyrmFolder().WithTasks(
        "\"id\": \"task_1767216141159_669a8j\", \"title\": \"A\", \"status\": \"completed\"",
        "\"id\": \"task_1767216142154_o6ihy7\", \"title\": \"B\", \"spec_file\": \"docs/specs/gone.md\"");

    private readonly string _workspace = Directory.CreateTempSubdirectory("baton-workspace-").FullName;

    public void Dispose()
    {
        _folder.Dispose();
        Directory.Delete(_workspace, recursive: true);
    }

    [Fact]
    public void A_memory_that_is_missing_is_taken_over_byte_for_byte()
    {
        var memory = "\uFEFF" + Memory.ReplaceLineEndings("\r\n") + "no end of line";
        _folder.With("working.md", memory);
        var files = TakeIn();
        Assert.Equal((FileFate.Joined, 3), (files.Files[0].Fate, files.Files[0].Sections));
        Assert.Equal(Encoding.UTF8.GetBytes(memory), File.ReadAllBytes(At("memory/working.md")));
        Assert.False(TakeIn().IsNeeded);
    }

    [Fact]
    public void Sections_that_are_missing_come_to_the_end_in_their_order()
    {
        _folder.With("working.md", Memory);
        Put("memory/working.md", "# Mine\n\n## Open Questions\n\n- why?\n\n---\n\n## Session 9 - OWN (2026-02-01)\n\n```\nopen");
        var files = TakeIn();
        Assert.Equal(2, files.Files[0].Sections);
        Assert.Equal(
            "# Mine\n\n## Open Questions\n\n- why?\n\n---\n\n## Session 9 - OWN (2026-02-01)\n\n```\nopen\n```\n\n"
                + "## Session 2 - SECOND (2026-01-02)\n\n- done\n\n---\n\n"
                + "## Session 1 - FIRST (2026-01-01)\n\n```\n## no heading\n```\n",
            File.ReadAllText(At("memory/working.md")).ReplaceLineEndings("\n"));
        Assert.False(TakeIn().IsNeeded);
    }

    [Fact]
    public void A_session_that_was_written_on_since_stays_and_is_told()
    {
        _folder.With("working.md", Memory);
        TakeIn();
        Put("memory/working.md", Memory.Replace("- done", "- done, and more", StringComparison.Ordinal));
        var files = TakeIn();
        Assert.False(files.IsNeeded);
        var finding = Assert.Single(files.Findings);
        Assert.Equal((FindingKind.Disagreement, 5), (finding.Kind, finding.Line));
    }

    [Fact]
    public void A_section_that_was_archived_since_does_not_come_back()
    {
        _folder.With("working.md", Memory);
        Put("memory/working.md", "# Mine\n");
        Put("memory/archive/2026-01.md", Memory);
        Assert.False(TakeIn().IsNeeded);
    }

    [Fact]
    public void Archives_come_along_and_overwrite_nothing()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Root, "memory", "archive", "2025"));
        _folder.With("archive/2025/a.md", "## Session 0 - ZERO\n").With("archive/b.md", "theirs\n")
            .With("working-archive.md", "older\n");
        Put("memory/archive/b.md", "mine\n");
        var files = TakeIn();
        Assert.Equal("## Session 0 - ZERO\n", File.ReadAllText(At("memory/archive/2025/a.md")));
        Assert.Equal("mine\n", File.ReadAllText(At("memory/archive/b.md")));
        Assert.Equal("older\n", File.ReadAllText(At("memory/working-archive.md")));
        Assert.Equal("memory/archive/b.md", Assert.Single(files.Findings).File);
        Assert.Empty(Directory.EnumerateFiles(_workspace, ".*.import", SearchOption.AllDirectories));
    }

    [Fact]
    public void An_empty_memory_and_one_in_utf_16_are_told_and_harm_nothing()
    {
        _folder.With("working.md", "");
        Assert.Contains(_folder.ReadWhole().Report.Findings, finding => finding.Message == "the file is empty (0 bytes)");
        _folder.With("working.md", [0xFF, 0xFE, 0x23, 0x00]);
        var whole = _folder.ReadWhole();
        Assert.Empty(whole.Files);
        Assert.Contains(whole.Report.Findings, finding => finding.Message.StartsWith("it is UTF-16", StringComparison.Ordinal));
    }

    [Fact]
    public void Specs_are_copied_named_by_their_tasks_and_compared()
    {
        Spec("task_1767216141159_a.md", "task_1767216141159_669a8j", "pending");
        Spec("task_1767216142154_b.md", "task_1767216142154_o6ihy7", "pending");
        Spec("task_1767216149999_c.md", "task_1767216149999_cccccc", "pending");
        File.WriteAllText(Path.Combine(_folder.Root, "docs", "specs", "README.md"), "# Index\n");
        var whole = _folder.ReadWhole();
        Assert.Equal(["docs/specs/task_1767216141159_a.md", "docs/specs/task_1767216142154_b.md"],
            whole.Batch.Tasks.Select(task => task.SpecFile));
        var told = whole.Report.Findings.Where(finding => finding.File.StartsWith("docs/", StringComparison.Ordinal))
            .Select(finding => finding.Message).ToList();
        Assert.Equal(3, told.Count);
        Assert.Contains("the index is written anew from the specs", told);
        Assert.Contains("task_1767216141159_669a8j is pending here and completed in memory/tasks.json, which is believed",
            told);
        Assert.Contains(told, message => message.StartsWith(
            "it describes task_1767216149999_cccccc, which memory/tasks.json does not hold", StringComparison.Ordinal));
        Assert.Equal(3, TakeIn().Files.Count(file => file.Fate == FileFate.Written));
        Assert.Contains("task_1767216149999_cccccc", File.ReadAllText(At("docs/specs/task_1767216149999_c.md")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_spec_that_a_task_names_and_that_is_not_there_is_told()
    {
        var whole = _folder.ReadWhole();
        Assert.Equal("docs/specs/gone.md", whole.Batch.Tasks[1].SpecFile);
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Equal((FindingKind.Disagreement, "docs/specs/gone.md"), (finding.Kind, finding.File));
    }

    [Fact]
    public void A_spec_that_is_no_text_ends_the_import()
    {
        Spec("a.md", "task_1767216141159_669a8j", "completed");
        File.WriteAllBytes(Path.Combine(_folder.Root, "docs", "specs", "b.md"), [0x23, 0xC3, 0x28]);
        Assert.Equal("docs/specs/b.md: it is not UTF-8 text", _folder.ReadDamage());
    }

    [Fact]
    public void What_the_state_file_says_of_tasks_is_compared()
    {
        _folder.With("state.json", """
            {"session_count": 3, "active_tasks": ["Spawned a worker for task_1767216141159_669a8j.",
             "task_1767216142154_o6ihy7 waits", "task_1767216149999_cccccc too"]}
            """);
        var told = _folder.ReadWhole().Report.Findings.Where(finding => finding.File == "memory/state.json")
            .Select(finding => $"{finding.Line}: {finding.Message}");
        Assert.Equal(
            [
                "1: active_tasks speaks of task_1767216141159_669a8j, which is completed in memory/tasks.json; "
                    + "the tasks are believed",
                "2: active_tasks speaks of task_1767216149999_cccccc, which is no task; the tasks are believed",
                "1: field 'session_count' has no place here, in 1 record",
            ],
            told);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"active_tasks\": [")]
    [InlineData("[1]")]
    public void A_broken_state_file_ends_nothing(string text)
    {
        _folder.With("state.json", text);
        Assert.Equal(2, _folder.ReadWhole().Batch.Tasks.Length);
    }

    [Fact]
    public void Nothing_is_staged_where_one_file_can_t_be_written()
    {
        _folder.With("working.md", Memory);
        Spec("a.md", "task_1767216141159_669a8j", "completed");
        Put("docs", "a file where a folder is needed");
        var files = WorkspaceFiles.Plan(_workspace, _folder.ReadWhole().Files);
        Assert.ThrowsAny<IOException>(files.Stage);
        Assert.Equal(["docs"], Directory.EnumerateFiles(_workspace, "*", SearchOption.AllDirectories)
            .Select(Path.GetFileName));
    }

    [Fact]
    public void What_came_to_stand_there_after_the_plan_stays()
    {
        _folder.With("working.md", Memory);
        Spec("a.md", "task_1767216141159_669a8j", "completed");
        var files = WorkspaceFiles.Plan(_workspace, _folder.ReadWhole().Files);
        files.Stage();
        Put("docs/specs/a.md", "mine");
        Put("memory/working.md", "# Mine\n");
        files.Settle();
        Assert.Equal("mine", File.ReadAllText(At("docs/specs/a.md")));
        Assert.StartsWith("# Mine\n\n## Session 2", File.ReadAllText(At("memory/working.md")), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_workspace, ".*.import", SearchOption.AllDirectories));
    }

    private void Spec(string file, string id, string status)
    {
        Directory.CreateDirectory(Path.Combine(_folder.Root, "docs", "specs"));
        File.WriteAllText(Path.Combine(_folder.Root, "docs", "specs", file),
            $"# Task: A spec\n\n**Task ID**: `{id}`  \n**Priority**: medium  \n**Status**: {status}\n\n"
            + "## Problem Statement\n\nWhat is to be done.\n");
    }

    private WorkspaceFiles TakeIn()
    {
        var files = WorkspaceFiles.Plan(_workspace, _folder.ReadWhole().Files);
        files.Stage();
        files.Settle();
        return files;
    }

    private string At(string file) => Path.Combine(_workspace, file);

    private void Put(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(file))!);
        File.WriteAllText(At(file), text);
    }
}
