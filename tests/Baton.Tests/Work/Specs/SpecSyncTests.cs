using Baton.Work;

namespace Baton.Tests;

public sealed class SpecSyncTests
{
    private static readonly DateTimeOffset Later = SpecSamples.Now.AddHours(1);

    private static DurableTask Moved => SpecSamples.Task with
    {
        Status = DurableTaskStatus.Completed,
        CompletedAt = Later,
        Tags = [],
        AssignedTo = "bob",
        Notes = SpecSamples.Task.Notes.Add(new(Later, "done\n## indeed")),
    };

    [Fact]
    public void A_spec_nobody_edited_becomes_what_would_be_generated_now()
    {
        var moved = Moved with { Tags = ["x"] };
        var synced = SpecSync.Refresh(SpecSamples.Written(SpecSamples.Task), Draft(moved));
        Assert.Equal(SpecSamples.Written(moved), synced);
        Assert.Equal(synced, SpecSync.Refresh(synced, Draft(moved)));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void What_a_person_wrote_stays_byte_for_byte(string end)
    {
        var edited = SpecSamples.Written(SpecSamples.Task)
            .Replace("- [ ] it is dry", "[x]  it is   dry, *really*\n\n### Mine\n\n<b>html</b>", StringComparison.Ordinal)
            .Replace("## Notes\n", "## Ideas\n\nBlue?  \n\n***\n\n## Notes\n", StringComparison.Ordinal)
            .Replace("White.\n", "White, or so.\n", StringComparison.Ordinal)
            .Replace("| Task created |", "| Task created, I think |", StringComparison.Ordinal)
            .Replace("\n", end, StringComparison.Ordinal);
        var synced = SpecSync.Refresh(edited, Draft(Moved));

        var lines = edited.Split(end);
        var kept = synced.Split(end);
        Assert.Equal(["**Status**: pending  ", "**Assigned To**: ann  ", @"**Tags**: house, a\,b, back\\slash  "],
            lines.Except(kept));
        Assert.Equal(
            [
                "**Status**: completed  ", "**Assigned To**: bob  ", "**Tags**: ",
                "- [2026-01-05T07:07:08.009Z] done", "  ## indeed",
                "| 2026-01-04T06:07:08.009Z | Task created |",
                "| 2026-01-05T07:07:08.009Z | Task completed by bob |",
            ], kept.Except(lines).Select(line => line == "**Tags**:   " ? "**Tags**: " : line));
        Assert.False(SpecWriter.IsUntouched(synced));
        Assert.Equal(synced, SpecSync.Refresh(synced, Draft(Moved)));
    }

    [Fact]
    public void The_older_layout_gains_the_fields_that_it_has_not()
    {
        var spec = SpecSamples.Read(SpecSamples.Older).Task;
        var synced = SpecSync.Refresh(SpecSamples.Older, Draft(spec with
        {
            Complexity = TaskComplexity.Epic,
            Tags = ["yard"],
            Notes = [new(Later, "swept")],
        }));
        Assert.Contains("**Status**: completed  \n**Complexity**: epic  \n", synced, StringComparison.Ordinal);
        Assert.Contains("**Assigned To**: unassigned  \n**Tags**: yard\n\n", synced, StringComparison.Ordinal);
        Assert.Contains("TODO: Add problem statement\n\n**Additional Context**:\n- [", synced, StringComparison.Ordinal);
        Assert.Contains("## Technical Details", synced, StringComparison.Ordinal);
    }

    [Fact]
    public void A_section_that_a_person_removed_is_made_only_where_the_store_has_news()
    {
        var without = SpecSamples.Older[..SpecSamples.Older.IndexOf("## History", StringComparison.Ordinal)];
        var spec = SpecSamples.Read(SpecSamples.Older).Task;
        Assert.EndsWith("| Date | Event |\n|------|-------|\n| 2025-12-31T21:22:21.159Z | Task created |\n",
            SpecSync.Refresh(without, Draft(spec)).TrimEnd() + "\n", StringComparison.Ordinal);
    }

    [Fact]
    public void Lint_finds_nothing_in_what_was_just_generated() =>
        Assert.Empty(SpecLint.Check(SpecSamples.Written(SpecSamples.Task), "task_1700000000123_x.md",
            SpecSamples.Now, _ => SpecSamples.Task));

    [Fact]
    public void Lint_tells_drift_and_damage_with_their_lines()
    {
        var text = SpecSamples.Written(SpecSamples.Task)
            .Replace("White.\n", "White.\n\",\n\"priority\":\"medium\",\n", StringComparison.Ordinal)
            .Replace("## Notes", "## Goals", StringComparison.Ordinal);
        var lines = text.Split('\n').ToList();
        var found = SpecLint.Check(text, "task_17_x.md", SpecSamples.Now, _ => Moved);
        Assert.Equal(
            [
                (1, "there is no section '## Notes'"),
                (3, "the file is named for the digits 17, not for task_1700000000123_ab12cd"),
                (5, "Status is 'pending' here and 'completed' in the store"),
                (10, "Assigned To is 'ann' here and 'bob' in the store"),
                (11, @"Tags is 'house, a\,b, back\\slash' here and '' in the store"),
                (16, "the problem statement is not the description in the store"),
                (16, "1 of the task's 3 notes are not here"),
                (20, "the description has swallowed the rest of a JSON object"),
                (lines.LastIndexOf("## Goals") + 1, "the section 'Goals' stands here again; the first is read"),
            ], found.Select(finding => (finding.Line, finding.Message)));
        Assert.Equal("the store has no task task_1700000000123_ab12cd", Assert.Single(SpecLint.Check(
            SpecSamples.Written(SpecSamples.Task), "x.md", SpecSamples.Now, _ => null)).Message);
    }

    [Fact]
    public void A_missing_field_is_told_where_sync_would_add_it_and_nowhere_else()
    {
        var bare = SpecSamples.Task with { Branch = null, GithubIssue = null };
        var page = string.Join('\n', SpecSamples.Written(bare).Split('\n').Where(line =>
            !line.StartsWith("**Branch**", StringComparison.Ordinal)
            && !line.StartsWith("**GitHub Issue**", StringComparison.Ordinal)));
        Assert.Empty(SpecLint.Check(page, "x.md", SpecSamples.Now, _ => bare));
        Assert.Equal(page, SpecSync.Refresh(page, Draft(bare)));

        var named = bare with { Branch = "fix" };
        Assert.Equal(new SpecFinding(SpecFault.Drift, 1, "there is no field **Branch**, and it is '`fix`' in the store"),
            Assert.Single(SpecLint.Check(page, "x.md", SpecSamples.Now, _ => named)));
        Assert.Empty(SpecLint.Check(SpecSync.Refresh(page, Draft(named)), "x.md", SpecSamples.Now, _ => named));
    }

    private static TaskSpec Draft(DurableTask task) => SpecDraft.Of(task, [], SpecSamples.Now);
}
