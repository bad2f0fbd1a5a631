using Baton.Work;

namespace Baton.Tests;

public sealed class SpecIndexTests
{
    [Fact]
    public void Specs_are_listed_by_the_names_of_their_files()
    {
        var page = SpecIndex.With(null, [("task_3_c.md", "C"), ("task_1_a.md", "A [x]"), ("task_2_b.md", "B")]);
        Assert.Equal(
            "# Task specs\n\n- [A \\[x\\]](task_1_a.md)\n- [B](task_2_b.md)\n- [C](task_3_c.md)\n", page);
        Assert.Equal(page, SpecIndex.With(page, [("task_2_b.md", "B"), ("task_1_a.md", "A [x]")]));
    }

    [Fact]
    public void Lines_of_others_stay_where_they_are()
    {
        var page = SpecIndex.With("# Ours\r\n\r\nRead this.\r\n\r\n- [old](task_2_b.md)\r\n\r\nThe end.",
            [("task_1_漏.md", "new"), ("task_2_b.md", "renamed")]);
        Assert.Equal("# Ours\r\n\r\nRead this.\r\n\r\n"
            + "- [new](task_1_%E6%BC%8F.md)\r\n- [renamed](task_2_b.md)\r\n\r\nThe end.\r\n",
            page);
        Assert.Equal([("task_1_漏.md", 5), ("task_2_b.md", 6)], SpecIndex.Links(page));
    }

    [Fact]
    public void Links_to_elsewhere_are_no_specs() =>
        Assert.Empty(SpecIndex.Links("[a](https://example.org) [b](#part) [c](/root) ![d](e.png) `[f](g.md)`"));

    [Fact]
    public void An_import_takes_the_tasks_and_tells_what_it_left()
    {
        using var folder = new TemporaryFolder();
        Write("README.md", "[x](y.md)");
        Write("a.md", SpecSamples.Newer.Replace("**Tags**", "**Depends On**: task_1700000000999_zz99zz, task_8  \n**Tags**",
            StringComparison.Ordinal));
        Write("b.md", SpecSamples.Older.Replace("**Status**", "**Depends On**: task_1700000000123_ab12cd  \n**Status**",
            StringComparison.Ordinal));
        Write("c.md", SpecSamples.Older);
        Write("d.md", "# A page\n");
        var known = SpecSamples.Read(SpecSamples.Older).Task with { Status = DurableTaskStatus.Failed, DependsOn = [] };

        var whole = Assert.IsType<ImportReading.Whole>(SpecFolder.Read(
            folder.Path, "docs/specs", SpecSamples.Now, new Dictionary<TaskId, DurableTask> { [known.Id] = known }));

        Assert.Equal(["docs/specs/a.md", "docs/specs/b.md"], whole.Batch.Tasks.Select(task => task.SpecFile));
        Assert.Equal([new TaskId("task_1700000000999_zz99zz")], whole.Batch.Tasks[0].DependsOn);
        Assert.Empty(whole.Batch.Tasks[1].DependsOn);
        Assert.Equal(
            [
                (FindingKind.Disagreement, "b.md"), (FindingKind.Disagreement, "b.md"), (FindingKind.LeftOut, "c.md"),
                (FindingKind.LeftOut, "d.md"), (FindingKind.LeftOut, "a.md"), (FindingKind.LeftOut, "b.md"),
            ], whole.Report.Findings.Select(finding => (finding.Kind, finding.File)));

        void Write(string file, string text) => File.WriteAllText(Path.Combine(folder.Path, file), text);
    }

    [Fact]
    public void An_import_of_what_is_no_text_takes_nothing()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "a.md"), SpecSamples.Newer);
        File.WriteAllBytes(Path.Combine(folder.Path, "b.md"), [0xFF, 0xFE, 0x00]);
        var damaged = Assert.IsType<ImportReading.Damaged>(
            SpecFolder.Read(folder.Path, null, SpecSamples.Now, new Dictionary<TaskId, DurableTask>()));
        Assert.Equal("b.md: it is not UTF-8 text", damaged.Message);
    }
}
