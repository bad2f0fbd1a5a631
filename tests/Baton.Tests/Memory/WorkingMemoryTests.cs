using System.Text;
using Baton.Work;

namespace Baton.Tests;

public sealed class WorkingMemoryTests : IDisposable
{
    private static readonly DateOnly Day = new(2026, 1, 4);
    private readonly TemporaryFolder _folder = new();

    private string File => _folder.Of("memory/working.md");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_section_makes_the_file()
    {
        var answer = Append("FIRST", "one line");

        Assert.Equal((1, File), (answer.Number, answer.Path));
        Assert.EndsWith("\n\n## Session 1 - FIRST (2026-01-04)\n\none line\n", Text());
        Assert.StartsWith("# Working Memory\n", Text());
    }

    [Fact]
    public void The_newest_stands_first_again_after_each()
    {
        foreach (var title in new[] { "a", "b", "c" })
        {
            Append(title, title);
        }

        Assert.Equal([(3, "c"), (2, "b"), (1, "a")], new WorkingMemory(File).Read().Select(one => (one.Number, one.Title)));
    }

    [Theory]
    // Newest first; where the neighbours disagree, most of them decide; numbers need not follow each other.
    [InlineData("# M\n\n", "## Session 7 - x (2026-01-02)\n\ntext\n\n## Session 3 - y\nend", 8)]
    [InlineData("# M\n\n", "## Session 178 - a\n## Session 178 - b\n## Session 177\n## Session 189\n## Session 188\n", 190)]
    // Oldest first.
    [InlineData("# M\n## Session 1 - x\n\ntext\n\n## Session 2 - y\n\nend\n\n", "", 3)]
    // The same number: the day decides.
    [InlineData("## Session 5 - x (2026-01-01)\n## Session 5 - y (2026-01-02)\n\n", "", 6)]
    // Headings in fences and comments are none.
    [InlineData("```\n## Session 90 - x\n```\n~~~~ md\n```\n## Session 91 - x\n~~~\n~~~~\n<!--\n## Session 92\n-->\n",
        "## Session 4 - y\n## Session 3 - z\n", 5)]
    [InlineData("    ## Session 9 - code\n## Sessions 8\n## Session x\n# Session 7\n### Session 6\n> ## Session 5\n\n", "", 1)]
    // A number that can't be followed is not.
    [InlineData("", "## Session 99999999999999999999999 - x\n", 1)]
    [InlineData("", "", 1)]
    public void A_section_goes_where_the_order_of_the_file_asks(string before, string after, long number)
    {
        Write(before + after);
        var answer = Append("NEW", "body");

        Assert.Equal(number, answer.Number);
        Assert.Equal($"{before}## Session {number} - NEW (2026-01-04)\n\nbody\n{(after.Length > 0 ? "\n" : "")}{after}", Text());
    }

    [Theory]
    [InlineData("# M\n## Session 1\n## Session 2\nno end", "\n\n")]
    [InlineData("# M\n## Session 1\n## Session 2\nend\n", "\n")]
    [InlineData("## Session 1\n## Session 2\n```\nopen", "\n```\n\n")]
    [InlineData("## Session 1\n## Session 2\n<!-- open\n", "-->\n\n")]
    [InlineData("\uFEFF", "")]
    public void What_stands_there_stays_and_swallows_nothing(string before, string glue)
    {
        Write(before);
        var answer = Append("NEW", "body");

        Assert.Equal($"{before}{glue}## Session {answer.Number} - NEW (2026-01-04)\n\nbody\n", Text());
        Assert.Equal("NEW", new WorkingMemory(File).Read()[^1].Title);
    }

    [Fact]
    public void Line_breaks_mark_and_missing_end_are_kept()
    {
        const string after = "## Session 2 - b\r\n\r\ntext\r\nwith one \n alone\r\n## Session 1 - a\r\nno end";
        Write("\uFEFF# M\r\n\r\n" + after);
        Append("NEW", "one\ntwo");

        Assert.Equal("\uFEFF# M\r\n\r\n## Session 3 - NEW (2026-01-04)\r\n\r\none\r\ntwo\r\n\r\n" + after, Text());
    }

    [Fact]
    public void Ruled_lines_between_sections_are_taken_up()
    {
        const string after = "## Session 2 - b\n\ntext\n\n---\n\n## Session 1 - a\n\nend\n";
        Write(after);
        Append("NEW", "body");

        Assert.Equal("## Session 3 - NEW (2026-01-04)\n\nbody\n\n---\n\n" + after, Text());
    }

    [Fact]
    public void Bytes_that_are_no_text_are_kept()
    {
        byte[] odd = [.. "# M\n## Session 2\n"u8, 0xFF, 0x00, 0xC3, (byte)'\n', .. "## Session 1\n"u8, 0xFE];
        Directory.CreateDirectory(_folder.Of("memory"));
        System.IO.File.WriteAllBytes(File, odd);
        Append("NEW", "body");

        var bytes = System.IO.File.ReadAllBytes(File);
        Assert.Equal(odd[..4], bytes[..4]);
        Assert.Equal(odd[4..], bytes[^(odd.Length - 4)..]);
    }

    [Fact]
    public void A_key_is_written_once()
    {
        var section = new NewSection("RUN", Day, "body") { Key = "validate:val-1" };
        var memory = new WorkingMemory(File);

        Assert.Equal(1, memory.Append(section).Number);
        var text = Text();
        Assert.Null(memory.Append(section).Number);
        Assert.Equal(text, Text());
        Assert.Equal(2, memory.Append(section with { Key = "validate:val-2" }).Number);
    }

    [Fact]
    public void A_key_that_is_only_quoted_is_not_there()
    {
        Write("```\n<!-- baton:validate:val-1 -->\n```\n");

        Assert.Equal(1, new WorkingMemory(File).Append(new("RUN", Day, "b") { Key = "validate:val-1" }).Number);
    }

    [Fact]
    public void A_body_closes_what_it_opens_and_a_title_stays_on_its_line()
    {
        Append("first", "x");
        Append("a\r\n## Session 99 - b\u0007", "~~~~\nopen");

        Assert.Contains("## Session 2 - a ## Session 99 - b (2026-01-04)\n\n~~~~\nopen\n~~~~\n\n## Session 1", Text());
    }

    [Fact]
    public async Task Ten_at_once_lose_and_tear_nothing()
    {
        Write("# M\n\n## Session 5 - old\n\nend\n");
        var cancel = TestContext.Current.CancellationToken;
        var tenAtOnce = new ParallelOptions { MaxDegreeOfParallelism = 10, CancellationToken = cancel };
        await Parallel.ForEachAsync(Enumerable.Range(0, 100), tenAtOnce,
            (i, _) =>
            {
                Append($"writer {i}", string.Join('\n', Enumerable.Repeat($"line of {i}", 50)));
                return default;
            });
        var sections = new WorkingMemory(File).Read();

        Assert.Equal(Enumerable.Range(5, 101).Reverse().Select(number => (long)number), sections.Select(one => one.Number));
        Assert.Equal(100, sections.Select(one => one.Title).Where(title => title.StartsWith("writer", StringComparison.Ordinal))
            .Distinct().Count());
        Assert.All(sections.Where(one => one.Number > 5), one =>
            Assert.Equal(50, one.Text.Split($"line of {one.Title["writer ".Length..]}\n").Length - 1));
        Assert.EndsWith("\n## Session 5 - old\n\nend\n", Text());
        Assert.Equal([".working.md.lock", "working.md"],
            Directory.GetFiles(_folder.Of("memory")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_large_file_is_no_trouble()
    {
        var text = new StringBuilder("# M\n\n");
        for (var number = 20_000; number > 0; number--)
        {
            text.Append($"## Session {number} - x\n\n{new string('a', 240)}\n\n");
        }

        Write(text.ToString());
        Assert.Equal(20_001, Append("NEW", "body").Number);
        Assert.Equal(text.Length + "## Session 20001 - NEW (2026-01-04)\n\nbody\n\n".Length, Text().Length);
    }

    [Fact]
    public void A_directory_in_its_place_is_named()
    {
        Directory.CreateDirectory(File);

        Assert.Contains("is a folder", Assert.Throws<IOException>(() => Append("a", "b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_the_place_of_the_folder_is_named()
    {
        System.IO.File.WriteAllText(_folder.Of("memory"), "x");

        Assert.Contains("is needed as a folder", Assert.Throws<IOException>(() => Append("a", "b")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_only_file_is_left_alone()
    {
        Write("# M\n");
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead);

        Assert.Contains("read-only", Assert.Throws<UnauthorizedAccessException>(() => Append("a", "b")).Message,
            StringComparison.Ordinal);
        Assert.Equal("# M\n", Text());
    }

    [Fact]
    public void A_file_of_wide_characters_is_refused()
    {
        Directory.CreateDirectory(_folder.Of("memory"));
        System.IO.File.WriteAllText(File, "# M\n", Encoding.Unicode);

        Assert.Contains("UTF-16", Assert.Throws<IOException>(() => Append("a", "b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_stays_a_link_and_permissions_stay()
    {
        System.IO.File.WriteAllText(_folder.Of("real.md"), "# M\n");
        System.IO.File.SetUnixFileMode(_folder.Of("real.md"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Directory.CreateDirectory(_folder.Of("memory"));
        System.IO.File.CreateSymbolicLink(File, "../real.md");
        Append("a", "b");

        Assert.Equal("../real.md", new FileInfo(File).LinkTarget);
        Assert.Contains("## Session 1 - a", System.IO.File.ReadAllText(_folder.Of("real.md")), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(_folder.Of("real.md")));
    }

    private MemoryAnswer Append(string title, string body) => new WorkingMemory(File).Append(new(title, Day, body));

    private void Write(string text)
    {
        Directory.CreateDirectory(_folder.Of("memory"));
        System.IO.File.WriteAllText(File, text, new UTF8Encoding(false));
    }

    private string Text() => new UTF8Encoding(false).GetString(System.IO.File.ReadAllBytes(File));
}
