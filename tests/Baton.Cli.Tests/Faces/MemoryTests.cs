namespace Baton.Cli.Tests;

/// <summary>The working memory by what the commands print and leave behind.</summary>
public sealed class MemoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Stage _stage;

    public MemoryTests()
    {
        _stage = new() { Folder = _folder.Path };
        Directory.CreateDirectory(_folder.PathOf(".baton"));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sections_are_added_shown_found_and_archived()
    {
        Golden.Check("memory-append", await _stage.PlayAsync(
            "memory", "append", "--title", "THE ROOF", "--body", "It leaks.\n\n- buy *tar*"));
        _stage.Input = "The ladder\nis too short.\n";
        await _stage.PlayAsync("memory", "append", "--title", "THE LADDER", "--file", "-");
        _stage.Clock.Advance(TimeSpan.FromDays(1));
        Golden.Check("memory-append-json", await _stage.PlayAsync(
            "memory", "append", "--title", "RUN", "--body", "tar, again", "--key", "run:1", "--json"));
        Golden.Check("memory-append-again-json", await _stage.PlayAsync(
            "memory", "append", "--title", "RUN", "--body", "tar, again", "--key", "run:1", "--json"));
        Golden.Check("memory-show", await _stage.PlayAsync("memory", "show", "--last", "2"));
        Golden.Check("memory-show-json", await _stage.PlayAsync("memory", "show", "1", "--json"));
        Golden.Check("memory-search", await _stage.PlayAsync("memory", "search", "TAR"));
        Golden.Check("memory-archive-dry", await _stage.PlayAsync("memory", "archive", "--keep", "2", "--dry-run"));
        Golden.Check("memory-archive-json", await _stage.PlayAsync("memory", "archive", "--keep", "2", "--json"));
        Golden.Check("memory-archive-again", await _stage.PlayAsync("memory", "archive", "--keep", "2"));
        Golden.Check("memory-list", await _stage.PlayAsync("memory", "show", "--list", "--all"));
        Golden.Check("memory-search-json", await _stage.PlayAsync("memory", "search", "leaks", "tar", "--json"));
        Golden.Check("memory-index", new(0, Text("memory/archive/working/index.md"), ""));
        Assert.Contains("It leaks.", (await _stage.PlayAsync("memory", "show", "1")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_file_may_be_named()
    {
        Assert.Equal("notes/mine.md Session 1\n", (await _stage.PlayAsync(
            "memory", "append", "--title", "T", "--body", "b", "--memory-file", "notes/mine.md")).Out);
        Assert.True(File.Exists(_folder.PathOf("notes/mine.md")));
        using var elsewhere = new TemporaryFolder();
        foreach (var outside in (string[])[$"../{Path.GetFileName(elsewhere.Path)}/ops.md", elsewhere.PathOf("ops.md")])
        {
            Assert.Equal(0, (await _stage.PlayAsync(
                "memory", "append", "--title", "T", "--body", "b", "--memory-file", outside)).Exit);
        }

        Assert.Contains("## Session 2 - T", File.ReadAllText(elsewhere.PathOf("ops.md")), StringComparison.Ordinal);
        Directory.Delete(_folder.PathOf(".baton"));
        Assert.Equal("notes/mine.md Session 2\n", (await _stage.PlayAsync(
            "memory", "append", "--title", "T", "--body", "b", "--memory-file", "notes/mine.md")).Out);
        var without = await _stage.PlayAsync("memory", "append", "--title", "T", "--body", "b");
        Assert.Equal(ExitCode.Usage, without.Exit);
        Assert.Contains("there is no workspace", without.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_is_there_is_nothing_to_show()
    {
        foreach (var args in (string[][])[["show"], ["show", "--list"], ["search", "x"]])
        {
            var played = await _stage.PlayAsync(["memory", .. args, "--json"]);
            Assert.Equal(0, played.Exit);
            Assert.Equal("""{"schema_version":1,"data":[]}""", played.Out.TrimEnd());
        }

        Assert.Equal(0, (await _stage.PlayAsync("memory", "archive")).Exit);
        Assert.False(Directory.Exists(_folder.PathOf("memory")));
    }

    [Theory]
    [InlineData(2, "--title is missing", "append", "--body", "b")]
    [InlineData(2, "--title is missing or empty", "append", "--title", " ", "--body", "b")]
    [InlineData(2, "holds a line break", "append", "--title", "a\n## Session 99 - b", "--body", "b")]
    [InlineData(2, "neither --body nor --file", "append", "--title", "t")]
    [InlineData(2, "exclude each other", "append", "--title", "t", "--body", "b", "--file", "page.md")]
    [InlineData(2, "the body is empty", "append", "--title", "t", "--body", "\n \n")]
    [InlineData(2, "line 3 of the body is a heading", "append", "--title", "t", "--body", "a\n\n## Session 99 - x\nb")]
    [InlineData(2, "holds a NUL", "append", "--title", "t", "--body", "a\0b")]
    [InlineData(2, "line 1 of page.md is a heading", "append", "--title", "t", "--file", "page.md")]
    [InlineData(2, "bytes.md is not UTF-8 text", "append", "--title", "t", "--file", "bytes.md")]
    [InlineData(3, "there is no file nowhere.md", "append", "--title", "t", "--file", "nowhere.md")]
    [InlineData(1, "docs is a folder, not a file", "append", "--title", "t", "--file", "docs")]
    [InlineData(2, "--file names no file", "append", "--title", "t", "--file", "")]
    [InlineData(2, "/dev/zero is longer than", "append", "--title", "t", "--file", "/dev/zero")]
    [InlineData(2, "'a b' is no key", "append", "--title", "t", "--body", "b", "--key", "a b")]
    [InlineData(2, "'x-->' is no key", "append", "--title", "t", "--body", "b", "--key", "x-->")]
    [InlineData(2, "--memory-file is empty", "append", "--title", "t", "--body", "b", "--memory-file", "")]
    [InlineData(1, "docs is a folder, not a file", "append", "--title", "t", "--body", "b", "--memory-file", "docs")]
    [InlineData(1, "page.md/x", "append", "--title", "t", "--body", "b", "--memory-file", "page.md/x/m.md")]
    [InlineData(3, "has no session 7", "show", "7")]
    [InlineData(3, "has no session -7", "show", "-7")]
    [InlineData(2, "give a number, or --last, or --list", "show", "7", "--list")]
    [InlineData(2, "give a number, or --last, or --list", "show", "--all")]
    [InlineData(2, "--last 0: at least 1", "show", "--last", "0")]
    [InlineData(2, "'x' is no whole number", "show", "x")]
    [InlineData(1, "docs is a folder, not a file", "show", "--memory-file", "docs")]
    [InlineData(3, "there is no file notes/nope.md", "show", "--memory-file", "notes/nope.md")]
    [InlineData(3, "there is no file notes/nope.md", "show", "--list", "--memory-file", "notes/nope.md")]
    [InlineData(3, "there is no file notes/nope.md", "search", "x", "--memory-file", "notes/nope.md")]
    [InlineData(3, "there is no file notes/nope.md", "archive", "--memory-file", "notes/nope.md")]
    [InlineData(2, "a word is empty", "search", "")]
    [InlineData(2, "--keep 1: at least 2", "archive", "--keep", "1")]
    [InlineData(2, "--max-bytes 0: at least 1", "archive", "--max-bytes", "0")]
    public async Task Bad_input_gets_one_line_and_changes_nothing(int exit, string words, params string[] args)
    {
        File.WriteAllText(_folder.PathOf("page.md"), "# A page\n");
        File.WriteAllBytes(_folder.PathOf("bytes.md"), [0xC3, 0x28]);
        Directory.CreateDirectory(_folder.PathOf("docs"));
        var played = await _stage.PlayAsync(["memory", .. args]);

        Assert.Equal((exit, ""), (played.Exit, played.Out));
        var lines = played.Error.TrimEnd('\n').Split('\n');
        Assert.StartsWith("baton: ", lines[0], StringComparison.Ordinal);
        Assert.Contains(words, lines[0], StringComparison.Ordinal);
        Assert.True(lines.Length == 1 || (lines.Length == 2 && lines[1].StartsWith("hint: ", StringComparison.Ordinal)));
        Assert.DoesNotContain("free some space", args.Contains("docs") ? played.Error : "", StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.PathOf("memory/working.md")));
        Assert.Equal("# A page\n", Text("page.md"));
    }

    private string Text(string file) => File.ReadAllText(_folder.PathOf(file));
}
