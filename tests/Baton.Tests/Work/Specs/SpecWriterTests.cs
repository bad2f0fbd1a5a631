using Baton.Work;

namespace Baton.Tests;

public sealed class SpecWriterTests
{
    private static readonly string[] Traps =
    [
        "## Goals", "# Title", "###### small", "---", "***", "===", "Setext\n---", "Setext\n===", "- - -", "```", "~~~",
        "```json\n{\"a\": 1}\n```", "<!-- never closed", "<script>", "<pre>", "<![CDATA[", "<?php", "<div>",
        "**Additional Context**:", @"\## escaped", @"\\--- twice", "| a | b |\n|---|---|\n| 1 | 2 |", "- item\n  ```",
        "    code\n    ## code", "1. one\n\n   ## inside", "> ## quoted", "> ```", "to be defined else",
        "<!-- baton:generated 00000000000000000000000000000000 -->", "\",\n\"priority\":\"medium\",\n\"tags\":[\"x\"]",
        "\tindented", "[a]: http://example.org", "tail  ", @"\", "日本語 ## 見出し", "&lt;", "  ## indented",
    ];

    public static TheoryData<string> OfTraps => [.. Traps];

    [Theory]
    [MemberData(nameof(OfTraps))]
    public void A_description_comes_back_as_it_was_and_breaks_nothing(string trap)
    {
        foreach (var other in Traps)
        {
            ComesBack($"{trap}\n{other}");
            ComesBack($"{trap}\n\n{other}\nend");
        }
    }

    [Theory]
    [MemberData(nameof(OfTraps))]
    public void A_note_comes_back_as_it_was_and_breaks_nothing(string trap)
    {
        var notes = Traps.Select(other => new TaskNote(SpecSamples.Now, $"{trap}\n{other}\n\n{trap}")).ToArray();
        var read = SpecSamples.Read(SpecSamples.Written(SpecSamples.Task with { Notes = [.. notes] }));
        Assert.Equal(notes.Select(note => note.Text.TrimEnd()), read.Task.Notes.Select(note => note.Text));
        Assert.Equal(6, read.Sections.Length);
    }

    [Fact]
    public void A_text_of_many_openings_costs_little_and_comes_back() =>
        ComesBack(string.Join('\n', Enumerable.Repeat("<!--\n```\n~~~", 5000)));

    public static TheoryData<string> Deep =>
    [
        string.Concat(Enumerable.Repeat("> ", 500)) + "x", string.Concat(Enumerable.Repeat("- ", 500)) + "x",
        string.Concat(Enumerable.Repeat("1. + ", 500)) + "x", new string('[', 20_000),
        string.Concat(Enumerable.Repeat("*a_ ", 20_000)),
        string.Join('\n', Enumerable.Range(0, 300).Select(depth => new string(' ', 2 * depth) + "- x")),
    ];

    [Theory]
    [MemberData(nameof(Deep))]
    public void What_is_nested_without_end_makes_no_page_unreadable(string text)
    {
        ComesBack(text);
        ComesBack($"a\n{text}\n## b");
        var written = SpecSamples.Written(SpecSamples.Task with { Notes = [new(SpecSamples.Now, $"see\n{text}")] });
        Assert.Equal(SpecText.OneLine($"see {text}"), SpecText.OneLine(SpecSamples.Read(written).Task.Notes[0].Text));
        var byHand = SpecReader.Read(written.Replace("## Goals\n", $"## Goals\n\n{text}\n", StringComparison.Ordinal)
            .Replace("**Branch**", $"**GitHub Issue**: {text.Split('\n')[0]}\n**Branch**", StringComparison.Ordinal),
            SpecSamples.Now);
        Assert.True(byHand.Spec is not null
            || byHand.Findings[0].Message.Contains("nested too deeply", StringComparison.Ordinal));
        Assert.Empty(SpecIndex.Links(text));
    }

    [Fact]
    public void Reading_what_was_written_gives_the_task()
    {
        var task = SpecSamples.Task;
        var read = SpecSamples.Read(SpecSamples.Written(task)).Task;
        Assert.Equal(task.Tags.AsEnumerable(), read.Tags);
        Assert.Equal(task.DependsOn.AsEnumerable(), read.DependsOn);
        Assert.Equal(task.Notes.AsEnumerable(), read.Notes);
        Assert.Equal(task, read with { Tags = task.Tags, DependsOn = task.DependsOn, Notes = task.Notes });
    }

    [Fact]
    public void Writing_what_was_read_changes_no_byte()
    {
        foreach (var task in new[] { SpecSamples.Task, new DurableTask(new("T-1"), "# Task: odd ##") })
        {
            var written = SpecSamples.Written(task);
            Assert.Equal(written, SpecWriter.Write(SpecSamples.Read(written)));
        }
    }

    [Fact]
    public void Goals_and_criteria_are_the_task_s_own_words_or_none()
    {
        var written = SpecSamples.Written(SpecSamples.Task);
        Assert.Contains("## Success Criteria\n\n- [ ] it is dry\n- [ ] it is white\n", written, StringComparison.Ordinal);
        Assert.Contains("## Goals\n\n- to be defined\n", written, StringComparison.Ordinal);
        var planned = SpecSamples.Written(SpecSamples.Task with { Description = "### Goals\n* a\n\nSteps:\n1. b\n2. c" });
        Assert.Contains("## Goals\n\n- a\n", planned, StringComparison.Ordinal);
        Assert.Contains("## Implementation Plan\n\n- b\n- c\n", planned, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stamp_tells_whether_a_person_has_written_there()
    {
        var written = SpecSamples.Written(SpecSamples.Task);
        Assert.True(SpecWriter.IsUntouched(written));
        Assert.True(SpecWriter.IsUntouched(written.Replace("\n", "\r\n", StringComparison.Ordinal)));
        var marked = "\uFEFF" + written.Replace("\n", "\r\n", StringComparison.Ordinal);
        Assert.True(SpecWriter.IsUntouched(marked));
        Assert.Equal(SpecSamples.Task.Title, SpecSamples.Read(marked).Task.Title);
        Assert.False(SpecWriter.IsUntouched(written.Replace("to be defined", "mine", StringComparison.Ordinal)));
        Assert.False(SpecWriter.IsUntouched(written + "more\n"));
        Assert.False(SpecWriter.IsUntouched(SpecSamples.Newer));
    }

    [Theory]
    [InlineData("Improve knowledge extraction patterns", "improve-knowledge-extraction-p")]
    [InlineData("Add Edit Error Recovery hook - inject", "add-edit-error-recovery-hook-i")]
    [InlineData("Implement agent health checks and so on", "implement-agent-health-checks-")]
    [InlineData("Refactor cli.ts (all)", "refactor-clits-all")]
    [InlineData("Señales rápidas", "señales-rápidas")]
    [InlineData("漏れなく", "漏れなく")]
    [InlineData("../../etc/passwd", "etcpasswd")]
    [InlineData("!!!", "untitled")]
    public void A_slug_is_short_and_safe(string title, string slug) => Assert.Equal(slug, SpecNames.SlugOf(title));

    [Fact]
    public void A_file_is_named_for_the_digits_of_the_id()
    {
        Assert.Equal("docs/specs/task_1700000000123_paint-the-kitchen.md", SpecNames.PathOf(SpecSamples.Task));
        Assert.Equal("docs/specs/task_T-1_x.md", SpecNames.PathOf(new(new("T-1"), "x")));
    }

    private static void ComesBack(string description)
    {
        var written = SpecSamples.Written(SpecSamples.Task with { Description = description });
        var read = SpecSamples.Read(written);
        Assert.Equal(description.TrimEnd(), read.Task.Description);
        Assert.Equal(6, read.Sections.Length);
        Assert.Equal(2, read.Task.Notes.Length);
        Assert.Equal(written, SpecWriter.Write(read));
    }
}
