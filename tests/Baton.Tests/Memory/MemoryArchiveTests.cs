using System.Text;
using Baton.Work;

namespace Baton.Tests;

public sealed class MemoryArchiveTests : IDisposable
{
    private const string Newest = "## Session 9 - c (2026-01-03)\n\nüc\n\n---\n\n";
    private const string Middle = "## Session 7 - b (2026-01-02)\r\n\r\nb | b\r\n";
    private const string Oldest = "## Session 2 - a\n\n```\n## Session 99\n```\nno end";
    private const string Between = "## Open questions\n\n- why?\n";
    private readonly TemporaryFolder _folder = new();

    private string File => _folder.Of("memory/working.md");

    private string Folder => _folder.Of("memory/archive/working");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sections_move_byte_for_byte_and_the_rest_stays()
    {
        Write("\uFEFF# M\n\n" + Newest + Between + Middle + "## Session 5 - x\n\n" + Oldest);
        var answer = new WorkingMemory(File).Archive(2, null, isTrial: false);

        Assert.Equal([5, 2], answer.Moved.Select(section => section.Number));
        Assert.Equal((2, Encoding.UTF8.GetByteCount(Text(File))), (answer.Kept, (int)answer.Bytes));
        Assert.Equal("\uFEFF# M\n\n" + Newest + Between + Middle, Text(File));
        Assert.Equal("## Session 5 - x\n\n" + Oldest, Text(answer.File!));
        Assert.Equal(_folder.Of("memory/archive/working/sessions-2-5.md"), answer.File);
        Assert.Contains("| 2 |  | a | [sessions-2-5.md](sessions-2-5.md) |\n", Text(Path.Combine(Folder, "index.md")),
            StringComparison.Ordinal);
        Assert.Equal([5, 2], new WorkingMemory(File).ReadArchive().Select(section => section.Number));
    }

    [Fact]
    public void Where_the_oldest_stands_first_that_goes()
    {
        Write("# M\n" + "## Session 2 - a\n\n" + Middle + Newest);
        new WorkingMemory(File).Archive(2, null, isTrial: false);

        Assert.Equal("# M\n" + Middle + Newest, Text(File));
        Assert.Equal("## Session 2 - a\n\n", Text(Path.Combine(Folder, "sessions-2-2.md")));
    }

    [Fact]
    public void It_shrinks_until_it_is_short_enough()
    {
        Write(string.Concat(Enumerable.Range(1, 10).Reverse()
            .Select(number => $"## Session {number} - x\n{new string('x', 100)}\n")));
        var memory = new WorkingMemory(File);

        Assert.Equal(7, memory.Archive(int.MaxValue, 400, isTrial: true).Moved.Length);
        Assert.False(Directory.Exists(Folder));
        Assert.Equal(3, memory.Archive(int.MaxValue, 400, isTrial: false).Kept);
        Assert.True(new FileInfo(File).Length <= 400);
        Assert.Equal(2, memory.Archive(int.MaxValue, 1, isTrial: false).Kept);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Archive(1, null, isTrial: false));
    }

    [Fact]
    public void Again_and_again_nothing_is_lost_and_nothing_is_there_twice()
    {
        var memory = new WorkingMemory(File);
        for (var number = 1; number <= 40; number++)
        {
            memory.Append(new($"title {number}", new(2026, 1, 4), $"body of {number}"));
            if (number % 7 == 0)
            {
                memory.Archive(3, null, isTrial: false);
                Assert.Empty(memory.Archive(3, null, isTrial: false).Moved);
            }
        }

        var all = memory.ReadAll();
        Assert.Equal(Enumerable.Range(1, 40).Reverse().Select(number => (long)number), all.Select(section => section.Number));
        Assert.All(all, section => Assert.Contains($"body of {section.Number}\n", section.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_reads_meanwhile_sees_each_section_once()
    {
        Write(string.Concat(Enumerable.Range(1, 60).Reverse().Select(number => $"## Session {number} - x\n{number}\n")));
        var memory = new WorkingMemory(File);
        var archiving = Task.Factory.StartNew(() =>
        {
            for (var keep = 58; keep >= 2; keep -= 2)
            {
                memory.Archive(keep, null, isTrial: false);
            }
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        do
        {
            Assert.Equal(Enumerable.Range(1, 60).Reverse(), memory.ReadAll().Select(section => (int)section.Number));
        }
        while (!archiving.IsCompleted);

        await archiving;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_move_that_ended_half_way_is_finished_by_the_next(bool isIndexThere)
    {
        var before = "# M\n\n" + Newest + Middle + Newest.Replace("9", "4", StringComparison.Ordinal) + Oldest;
        Write(before);
        var memory = new WorkingMemory(File);
        memory.Archive(2, null, isTrial: false);
        var (after, archived) = (Text(File), Text(Path.Combine(Folder, "sessions-2-4.md")));

        // As if the power had gone after the archive was written and before the memory was.
        Write(before);
        if (!isIndexThere)
        {
            System.IO.File.Delete(Path.Combine(Folder, "index.md"));
        }

        Assert.Empty(memory.ReadArchive());
        var answer = memory.Archive(2, null, isTrial: false);
        Assert.Equal((2, null), (answer.Moved.Length, answer.File));
        Assert.Equal(after, Text(File));
        Assert.Equal(archived, Text(Path.Combine(Folder, "sessions-2-4.md")));
        Assert.Equal(["index.md", "sessions-2-4.md"],
            Directory.GetFiles(Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Numbers_and_keys_of_the_archive_are_taken()
    {
        Write($"# M\n{Between}## Session 3 - x\n## Session 8 - y\n<!-- baton:run-1 -->\n## Session 1 - z\n"
            + "## Session 2 - a\n");
        var memory = new WorkingMemory(File);
        memory.Archive(2, null, isTrial: false);

        Assert.Equal([8, 3], memory.ReadArchive().Select(section => section.Number));
        Assert.Equal(9, memory.Append(new("new", new(2026, 1, 4), "b")).Number);
        Assert.Null(memory.Append(new("new", new(2026, 1, 4), "b") { Key = "run-1" }).Number);
    }

    [Fact]
    public void A_section_that_differs_is_another_one()
    {
        Write("# M\n" + Newest + Middle + "## Session 2 - a\n\n");
        var memory = new WorkingMemory(File);
        memory.Archive(2, null, isTrial: false);
        Write("# M\n" + Newest + Middle + "## Session 2 - a\n\nchanged\n");
        var answer = memory.Archive(2, null, isTrial: false);

        Assert.Equal(Path.Combine(Folder, "sessions-2-2.2.md"), answer.File);
        Assert.Equal(["## Session 2 - a\n\nchanged\n", "## Session 2 - a\n\n"],
            memory.ReadArchive().Select(section => section.Text));
    }

    [Fact]
    public void An_archive_that_cannot_be_written_leaves_all_as_it_is()
    {
        var before = "# M\n" + Newest + Middle + Oldest;
        Write(before);
        System.IO.File.WriteAllText(_folder.Of("memory/archive"), "a file");

        Assert.ThrowsAny<IOException>(() => new WorkingMemory(File).Archive(2, null, isTrial: false));
        Assert.Equal(before, Text(File));
    }

    [Fact]
    public void Nothing_there_is_nothing_to_archive()
    {
        Assert.Empty(new WorkingMemory(File).Archive(2, null, isTrial: false).Moved);
        Assert.False(Directory.Exists(_folder.Of("memory")));
    }

    [Fact]
    public void What_nobody_else_may_read_stays_so()
    {
        Write("# M\n" + Newest + Middle + Oldest);
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var answer = new WorkingMemory(File).Archive(2, null, isTrial: false);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(answer.File!));
    }

    [Theory]
    [InlineData("one\n### fine\n```\n## Session 9\n```\n", null)]
    [InlineData("one\n## Session 9 - x", 2)]
    [InlineData("# Title", 1)]
    [InlineData("a\r\n\r\n   ## Other\r\n", 3)]
    public void A_heading_that_would_end_its_section_is_found(string body, int? line) =>
        Assert.Equal(line, WorkingMemory.HeadingWithin(body));

    private void Write(string text)
    {
        Directory.CreateDirectory(_folder.Of("memory"));
        System.IO.File.WriteAllText(File, text, new UTF8Encoding(false));
    }

    private static string Text(string file) => new UTF8Encoding(false).GetString(System.IO.File.ReadAllBytes(file));
}
