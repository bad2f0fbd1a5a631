using System.Text;

namespace Baton.Cli.Tests;

/// <summary>
/// What people and programs get wrong: one line, a hint, the right exit code, nothing half-written.
/// </summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private Playground _place = null!;

    public async ValueTask InitializeAsync() => _place = await Playground.MakeAsync();

    public ValueTask DisposeAsync()
    {
        _place.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("status", "--bogus")]
    [InlineData("orchestrator", "run", "--ttl", "0")]
    [InlineData("orchestrator", "run", "--ttl", "abc")]
    [InlineData("orchestrator", "run", "--ttl", "1ms")]
    [InlineData("orchestrator", "run", "--ttl", "25h")]
    [InlineData("up", "--ttl", "0s")]
    [InlineData("up", "--ttl", "25h")]
    [InlineData("orchestrator", "run", "--id", "../x")]
    [InlineData("--store", "nonsense", "status")]
    [InlineData("--election", "a/b", "status")]
    [InlineData("task", "claim", "--next", "--agent", "../x y")]
    [InlineData("task", "create", "--title", "two\nlines")]
    [InlineData("task", "create", "--title", "red \u001b[31m")]
    public async Task Wrong_words_are_usage(params string[] words)
    {
        Playground.Refuses(await _place.RunAsync(words), ExitCode.Usage, "");
        Assert.Equal("[]", await ListAsync("agent"));
        Assert.Equal("[]", await ListAsync("task"));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../../etc/passwd")]
    [InlineData("a b")]
    [InlineData("/")]
    [InlineData("x' OR 1=1 --")]
    public async Task Ids_that_nobody_has_are_not_found(string id)
    {
        Playground.Refuses(await _place.RunAsync("task", "show", id), ExitCode.NotFound, "there is no task");
        Playground.Refuses(await _place.RunAsync("task", "create", "--title", "t", "--depends-on", id),
            ExitCode.NotFound, "no such task");
        Assert.Equal("[]", await ListAsync("task"));
    }

    [Fact]
    public async Task A_cycle_is_a_conflict_in_a_file_and_between_tasks()
    {
        await WriteAsync("""
            {"title":"a","key":"a","depends_on":["b"]}
            {"title":"b","key":"b","depends_on":["a"]}
            """);
        Playground.Refuses(await _place.RunAsync("task", "create", "--file", "tasks"), ExitCode.Conflict, "a → b → a");
        Assert.Equal("[]", await ListAsync("task"));

        var first = (await _place.RunAsync("task", "create", "--title", "a")).Out;
        var second = (await _place.RunAsync("task", "create", "--title", "b", "--depends-on", first)).Out;
        Playground.Refuses(await _place.RunAsync("task", "dep", "add", first, second), ExitCode.Conflict, "cycle");
    }

    [Theory]
    [InlineData("""{"title":"b","tytle":1}""", "there is no field 'tytle'")]
    [InlineData("""{"title":"a","title":"b"}""", "'title' stands twice")]
    [InlineData("""{"title":5}""", "'title' has the wrong type")]
    [InlineData("""{"title":"cut""", "not valid JSON")]
    [InlineData("""{"title":"a\ud800b"}""", "'title' has the wrong type")]
    [InlineData("""{"title":"a\u0000b"}""", "control character")]
    [InlineData("""{"title":"a","estimated_hours":1e999}""", "wrong type")]
    [InlineData("[1,2]", "not a JSON object")]
    [InlineData("null", "null is no task")]
    public async Task A_bad_line_is_named_and_no_line_is_taken(string line, string words)
    {
        await WriteAsync("{\"title\":\"good\"}\n" + line + "\n");

        var played = await _place.RunAsync("task", "create", "--file", "tasks");

        Playground.Refuses(played, ExitCode.Usage, words);
        Assert.Contains("tasks:2", played.Error, StringComparison.Ordinal);
        Assert.Equal("[]", await ListAsync("task"));
    }

    [Fact]
    public async Task Deep_nesting_a_huge_text_and_bytes_that_are_no_text_are_refused()
    {
        await WriteAsync("{\"title\":\"a\",\"tags\":" + new string('[', 100_000) + new string(']', 100_000) + "}");
        Playground.Refuses(await CreateAsync(), ExitCode.Usage, "tasks:1");
        await WriteAsync("{\"title\":\"a\",\"description\":\"" + new string('x', 10_000_000) + "\"}");
        Playground.Refuses(await CreateAsync(), ExitCode.Usage, "description is longer");
        await File.WriteAllBytesAsync(_place.PathOf("tasks"), [.. "{\"title\":\"a"u8, 0xff, .. "\"}"u8],
            TestContext.Current.CancellationToken);
        Playground.Refuses(await CreateAsync(), ExitCode.Usage, "not UTF-8");
        Assert.Equal("[]", await ListAsync("task"));

        Task<Played> CreateAsync() => _place.RunAsync("task", "create", "--file", "tasks");
    }

    [Fact]
    public async Task Records_cut_in_half_are_not_imported_at_all()
    {
        Directory.CreateDirectory(_place.PathOf("hyrm/memory"));
        await File.WriteAllTextAsync(_place.PathOf("hyrm/memory/tasks.json"),
            """{"tasks":[{"id":"task_1_aaaaaa","title":"one","status":"pending"},{"id":"task_2_bb""",
            TestContext.Current.CancellationToken);

        Playground.Refuses(await _place.RunAsync("import", "hyrm", "hyrm"), ExitCode.Failure, "tasks.json");
        Assert.Equal("[]", await ListAsync("task"));
    }

    [Fact]
    public async Task Ten_tasks_at_once_are_ten_tasks()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 10)
            .Select(i => _place.RunAsync("task", "create", "--title", $"t{i}", "--key", $"k{i % 5}")));

        Assert.All(all, played => Assert.Equal(0, played.Exit));
        Assert.Equal(5, all.Select(played => played.Out).Distinct().Count());
    }

    [Fact]
    public async Task Where_no_workspace_is_the_hint_is_init()
    {
        var elsewhere = Directory.CreateTempSubdirectory("baton-test-");
        try
        {
            foreach (var words in (string[][])[["status"], ["task", "list"], ["orchestrator", "run"], ["cleanup"]])
            {
                var played = await Playground.RunInAsync(elsewhere.FullName, words);
                Playground.Refuses(played, ExitCode.Usage, "no .baton here");
                Assert.Contains("baton init", played.Error, StringComparison.Ordinal);
            }
        }
        finally
        {
            elsewhere.Delete(recursive: true);
        }
    }

    private Task WriteAsync(string text) => File.WriteAllTextAsync(
        _place.PathOf("tasks"), text, Encoding.UTF8, TestContext.Current.CancellationToken);

    private async Task<string> ListAsync(string what)
    {
        var played = await _place.RunAsync(what, "list", "--json");
        Assert.Equal(0, played.Exit);
        using var json = System.Text.Json.JsonDocument.Parse(played.Out);
        return json.RootElement.GetProperty("data").GetRawText();
    }
}
