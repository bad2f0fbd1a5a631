using Baton.Work;

namespace Baton.Tests;

public sealed class SpecReaderTests
{
    [Fact]
    public void The_newer_layout_is_read_whole()
    {
        var reading = SpecReader.Read(SpecSamples.Newer, SpecSamples.Now);
        var (task, spec) = (reading.Spec!.Task, reading.Spec);

        Assert.Empty(reading.Findings);
        Assert.Equal("Renovar la cocina – ¡rápido! #", task.Title);
        Assert.Equal("The kitchen is old.\n\n```\n## not a section\n```", task.Description);
        Assert.Equal((TaskPriority.High, DurableTaskStatus.InProgress, TaskComplexity.Moderate),
            (task.Priority, task.Status, task.Complexity));
        Assert.Equal(new GithubIssue(7, "https://example.org/x/issues/7"), task.GithubIssue);
        Assert.Equal(("kitchen", 1m, "agent-1"), (task.Branch, task.EstimatedHours, task.AssignedTo));
        Assert.Equal(["house", "urgent"], task.Tags);
        Assert.Equal(
            [
                new(DateTimeOffset.Parse("2026-01-02T03:04:05.678Z", null), "Measured the walls."),
                new TaskNote(DateTimeOffset.Parse("2026-01-03T00:00:00Z", null),
                    "Chose the colour:\n\n✅ white\n\n- and a little green"),
            ], task.Notes);
        Assert.Equal(DateTimeOffset.Parse("2026-01-01T00:00:00.001Z", null), task.CreatedAt);
        Assert.Equal(["Problem Statement", "Goals", "Implementation Plan", "Success Criteria", "Notes", "History"],
            spec.Sections.Select(section => section.Name));
        Assert.Equal([new("It is white", null, false), new SpecItem("It is dry", null, true)],
            spec.Section("success criteria")!.Items);
        Assert.Equal([new("Carry all out", "Phase 1: Clear", null), new SpecItem("Paint it", "Phase 2: Paint", null)],
            spec.Section("Implementation Plan")!.Items);
        Assert.Equal(SpecSamples.Newer.Split('\n').ToList().IndexOf("## Goals") + 1, spec.Section("Goals")!.Line);
    }

    [Fact]
    public void The_older_layout_is_read_too_and_its_placeholders_say_nothing()
    {
        var reading = SpecReader.Read(SpecSamples.Older, SpecSamples.Now);
        var task = reading.Spec!.Task;

        Assert.Empty(reading.Findings);
        Assert.Equal(("", null, 0.5m), (task.Description, task.Complexity, task.EstimatedHours));
        Assert.Null(task.AssignedTo);
        Assert.Null(task.Branch);
        Assert.Null(task.GithubIssue);
        Assert.NotNull(reading.Spec.Section("Technical Details"));
    }

    [Fact]
    public void The_older_layout_is_written_in_the_newer_one()
    {
        var spec = SpecSamples.Read(SpecSamples.Older) is var read
            ? read with { Sections = [.. read.Sections.Add(new("Sketches", "A yard.", 0))] } : read;
        var written = SpecWriter.Write(spec);

        Assert.DoesNotContain("TODO", written, StringComparison.Ordinal);
        Assert.DoesNotContain("Technical Details", written, StringComparison.Ordinal);
        Assert.Contains("**Complexity**: to be defined  \n", written, StringComparison.Ordinal);
        Assert.Contains("## Goals\n\n- to be defined\n", written, StringComparison.Ordinal);
        Assert.Contains("## Sketches\n\nA yard.\n", written, StringComparison.Ordinal);
        Assert.Contains("**Estimated Time**: 0.5 hours  \n", written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TBD", null)]
    [InlineData("TBD hours", null)]
    [InlineData("to be defined", null)]
    [InlineData("1 hours", 1.0)]
    [InlineData("4", 4.0)]
    [InlineData("2.5h", 2.5)]
    public void Hours_are_read_as_people_write_them(string text, double? hours)
    {
        var reading = SpecReader.Read(
            SpecSamples.Newer.Replace("1 hours", text, StringComparison.Ordinal), SpecSamples.Now);
        Assert.Empty(reading.Findings);
        Assert.Equal((decimal?)hours, reading.Spec!.Task.EstimatedHours);
    }

    [Theory]
    [InlineData("#12", 12, null)]
    [InlineData("[#12](https://example.org/12)", 12, "https://example.org/12")]
    [InlineData("<https://example.org/12>", null, "https://example.org/12")]
    [InlineData("https://example.org/12", null, "https://example.org/12")]
    public void An_issue_is_a_link_or_a_number(string text, int? number, string? url)
    {
        var spec = SpecSamples.Read(
            SpecSamples.Newer.Replace("[#7](https://example.org/x/issues/7)", text, StringComparison.Ordinal));
        Assert.Equal(new GithubIssue(number, url), spec.Task.GithubIssue);
    }

    [Theory]
    [InlineData("**Priority**: high", "**Priority**: somewhat", 4, "'somewhat' is no priority")]
    [InlineData("**Status**: in_progress", "**Status**: soon", 5, "'soon' is no status; it is read as blocked")]
    [InlineData("1 hours", "ages", 9, "'ages' is no number of hours")]
    [InlineData("[#7](https://example.org/x/issues/7)", "[#7](javascript:x)", 7, "is no link to an issue")]
    public void What_can_not_be_read_is_told_with_its_line(string text, string instead, int line, string message)
    {
        var finding = Assert.Single(SpecReader.Read(
            SpecSamples.Newer.Replace(text, instead, StringComparison.Ordinal), SpecSamples.Now).Findings);
        Assert.Equal(line, finding.Line);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("just text")]
    [InlineData("# Task: x\n\n**Task ID**: `no id at all`\n")]
    [InlineData("# Task: x\n\n```\n**Task ID**: `task_1`\n```\n")]
    public void A_text_that_names_no_task_is_no_spec(string text)
    {
        var reading = SpecReader.Read(text, SpecSamples.Now);
        Assert.Null(reading.Spec);
        Assert.Equal(SpecFault.Damage, Assert.Single(reading.Findings).Fault);
    }

    [Fact]
    public void A_heading_that_an_older_writer_let_through_belongs_to_the_description()
    {
        var spec = SpecSamples.Read(SpecSamples.Newer.Replace(
            "The kitchen is old.", "Old.\n\n## Goals\n\nof others\n\n---\n\n## More", StringComparison.Ordinal));
        Assert.StartsWith("Old.\n\n## Goals\n\nof others\n\n---\n\n## More", spec.Task.Description,
            StringComparison.Ordinal);
        Assert.Equal(6, spec.Sections.Length);
        Assert.Equal(SpecWriter.Write(spec), SpecWriter.Write(SpecSamples.Read(SpecWriter.Write(spec))));
    }

    [Fact]
    public void Line_ends_of_another_system_change_nothing()
    {
        var spec = SpecSamples.Read(SpecSamples.Newer.Replace("\n", "\r\n", StringComparison.Ordinal));
        Assert.Equal(SpecWriter.Write(SpecSamples.Read(SpecSamples.Newer)), SpecWriter.Write(spec));
    }
}
