using System.Globalization;
using System.Text.Json;

namespace Baton.Cli.Tests;

/// <summary><c>validate --history</c> by its output. It needs no workspace.</summary>
public sealed class HistoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Stage _stage = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_clean_recording_passes()
    {
        Write("one.ndjson", Line("a", "acquire", 0, 1), Line("a", "renew", 50, 1), Line("a", "release", 60, 1));
        Write("two.ndjson", Line("b", "acquire", 70, 2));

        var played = await _stage.PlayAsync("validate", "--history", _folder.Path);

        Assert.Equal(ExitCode.Ok, played.Exit);
        Assert.Contains("PASS  one-holder-per-epoch ", played.Out, StringComparison.Ordinal);
        Assert.Contains("SKIP  no-task-lost ", played.Out, StringComparison.Ordinal);
        Assert.Contains("read 4 operations", played.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_promise_is_shown_with_its_lines()
    {
        Write("one.ndjson", Line("a", "acquire", 0, 7), Line("b", "acquire", 500, 1));

        var played = await _stage.PlayAsync("validate", "--history", _folder.PathOf("one.ndjson"));

        Assert.Equal(ExitCode.ValidationFailed, played.Exit);
        Assert.Contains("FAIL  epochs-only-grow ", played.Out, StringComparison.Ordinal);
        Assert.Contains("the epoch went back from 7 of a to 1 of b (lines 1, 2)", played.Out, StringComparison.Ordinal);
        Assert.Contains("500.0 ms  line 2  b acquire, epoch 1", played.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_task_that_asked_for_it_gets_a_note_and_an_assessment_of_what_was_measured()
    {
        await _stage.PlayAsync("task", "create", "--title", "validate it", "--key", "v");
        var id = Data(await _stage.PlayAsync("task", "list", "--json"))[0].GetProperty("id").GetString()!;
        await _stage.PlayAsync("task", "cancel", id);
        Write("one.ndjson", Line("a", "acquire", 0, 1), Line("b", "acquire", 500, 2));

        var played = await _stage.PlayAsync("validate", "--history", _folder.PathOf("one.ndjson"), "--task", id[..10]);

        Assert.Equal(ExitCode.Ok, played.Exit);
        var task = Data(await _stage.PlayAsync("task", "show", id, "--json"));
        var note = task.GetProperty("notes").EnumerateArray().Last().GetProperty("text").GetString();
        Assert.StartsWith("Validation passed: ", note, StringComparison.Ordinal);
        Assert.Equal(10m, task.GetProperty("quality_score").GetDecimal());
        var score = Assert.Single(task.GetProperty("quality").GetProperty("dimensions").EnumerateArray());
        Assert.Equal("completeness", score.GetProperty("name").GetString());
        Assert.Contains("criteria hold", score.GetProperty("notes").GetString(), StringComparison.Ordinal);
        var events = await _stage.PlayAsync("events", "--type", "validation.passed", "--json");
        Assert.Contains("mode history", events.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_is_not_there_is_said_before_anything_is_judged()
    {
        Write("one.ndjson", Line("a", "acquire", 0, 1));

        var played = await _stage.PlayAsync("validate", "--history", _folder.PathOf("one.ndjson"), "--task", "task_9");

        Assert.Equal(ExitCode.NotFound, played.Exit);
        Assert.Empty(played.Out);
    }

    [Fact]
    public async Task The_picture_is_written_whole_and_its_place_is_named_where_it_can_not_be()
    {
        Write("one.ndjson", Line("a", "acquire", 0, 1));

        var good = await _stage.PlayAsync(
            "validate", "--history", _folder.PathOf("one.ndjson"), "--html", _folder.PathOf("run.html"));
        var bad = await _stage.PlayAsync(
            "validate", "--history", _folder.PathOf("one.ndjson"), "--html", _folder.PathOf("no/such/run.html"));

        Assert.Equal(ExitCode.Ok, good.Exit);
        Assert.EndsWith("</html>\n", await File.ReadAllTextAsync(
            _folder.PathOf("run.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failure, bad.Exit);
        Assert.Contains("no/such/run.html can't be written", bad.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--html", ".baton/config.json", "it lies in .baton")]
    [InlineData("--junit", "link/config.json", "it lies in .baton")]
    [InlineData("--report", ".baton/config.json", "it lies in .baton")]
    [InlineData("--html", "other.db", "it is a database")]
    [InlineData("--report", "other.db", "it is a database")]
    [InlineData("--html", "/dev/null", "it is a pipe or a device")]
    [InlineData("--report", "/dev/full", "/dev/full is a pipe or a device")]
    [InlineData("--junit", "memory", "it is a folder")]
    [InlineData("--report", "/", "/ is a folder")]
    [InlineData("--html", "kept.html", "it is read-only")]
    [InlineData("--report", "kept.html", "kept.html is read-only")]
    public async Task A_place_that_is_not_to_be_written_is_refused_before_anything_is_judged(
        string option, string place, string words)
    {
        Write("one.ndjson", Line("a", "acquire", 0, 1));
        Directory.CreateDirectory(_folder.PathOf("memory"));
        Directory.CreateDirectory(_folder.PathOf(".baton"));
        File.CreateSymbolicLink(_folder.PathOf("link"), _folder.PathOf(".baton"));
        Write(".baton/config.json", "{}");
        Write("other.db", "SQLite format 3\0 and more");
        Write("kept.html", "kept");
        File.SetUnixFileMode(_folder.PathOf("kept.html"), UnixFileMode.UserRead);
        var before = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Select(File.ReadAllText).ToArray();

        var played = await new Stage { Folder = _folder.Path }.PlayAsync("validate", "--history", "one.ndjson", option, place);

        Assert.Equal(ExitCode.Failure, played.Exit);
        Assert.Contains(words, played.Error.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("hint: nothing was tried yet", played.Error, StringComparison.Ordinal);
        Assert.Empty(played.Out);
        Assert.Equal(before,
            Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Select(File.ReadAllText));
    }

    private static JsonElement Data(Played played)
    {
        using var parsed = JsonDocument.Parse(played.Out);
        return parsed.RootElement.GetProperty("data").Clone();
    }

    [Fact]
    public async Task Text_shows_the_first_twenty_and_json_all()
    {
        Write("many.ndjson",
            [.. Enumerable.Range(0, 31).Select(number => Line($"c{number}", "acquire", number * 500, 40 - number))]);

        var text = await _stage.PlayAsync("validate", "--history", _folder.PathOf("many.ndjson"));
        var json = await _stage.PlayAsync("validate", "--history", _folder.PathOf("many.ndjson"), "--json");

        Assert.Contains("30 violations", text.Out, StringComparison.Ordinal);
        Assert.Contains("… and 10 more; --json has them all", text.Out, StringComparison.Ordinal);
        Assert.Equal(20, text.Out.Split("the epoch went back").Length - 1);
        using var parsed = JsonDocument.Parse(json.Out);
        var data = parsed.RootElement.GetProperty("data");
        Assert.Equal("history", data.GetProperty("mode").GetString());
        Assert.Equal("fail", data.GetProperty("result").GetString());
        var evidence = data.GetProperty("criteria").EnumerateArray()
            .Single(criterion => criterion.GetProperty("id").GetString() == "epochs-only-grow").GetProperty("evidence");
        Assert.Equal(1 + (30 * 3), evidence.GetArrayLength());
    }

    [Fact]
    public async Task A_coordination_log_is_recognised_and_judged()
    {
        Write("coordination.log",
            "2026-02-03T04:00:00.000Z [INFO] [a] Acquired new orchestrator leader lease (epoch 3)",
            "2026-02-03T04:01:00.000Z [INFO] [b] Acquired new orchestrator leader lease (epoch 1)");

        var played = await _stage.PlayAsync("validate", "--history", _folder.PathOf("coordination.log"));

        Assert.Equal(ExitCode.ValidationFailed, played.Exit);
        Assert.Contains("read 2 lines, 2 of them about leadership, 0 not understood", played.Error, StringComparison.Ordinal);
        Assert.Contains("2026-02-03 04:01:00.000Z  line 2  b acquire, epoch 1", played.Out, StringComparison.Ordinal);
        Assert.Contains("FAIL  no-takeover-of-a-fresh-lease ", played.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"who\":\"a\",\"kind\":\"acquire\",\"began_ns\":1}\nnonsense\n", "one.ndjson, line 2: ")]
    [InlineData("{\"who\":\"a\",\"kind\":\"sing\",\"began_ns\":1}\n", "one.ndjson, line 1: ")]
    [InlineData("", "no operation is recorded there")]
    public async Task A_broken_file_gets_one_line(string text, string words)
    {
        await File.WriteAllTextAsync(_folder.PathOf("one.ndjson"), text, TestContext.Current.CancellationToken);
        Playground.Refuses(Trimmed(await _stage.PlayAsync("validate", "--history", _folder.PathOf("one.ndjson"))),
            ExitCode.Failure, words);
    }

    [Fact]
    public async Task A_file_that_is_not_there_gets_one_line() => Playground.Refuses(
        Trimmed(await _stage.PlayAsync("validate", "--history", _folder.PathOf("none"))), ExitCode.Failure,
        "there is no such file or folder");

    [Fact]
    public async Task Options_of_the_drills_are_refused() => Playground.Refuses(
        Trimmed(await _stage.PlayAsync("validate", "--history", _folder.Path, "--seed", "3")), ExitCode.Usage,
        "--history and --seed don't go together");

    private static Played Trimmed(Played played) => played with { Error = played.Error.TrimEnd() };

    private void Write(string name, params string[] lines) => File.WriteAllLines(_folder.PathOf(name), lines);

    private static string Line(string who, string kind, int at, long epoch)
    {
        var began = at * 1_000_000L;
        var (head, tail) = ($$"""{"who":"{{who}}","kind":"{{kind}}","began_ns":""", ",\"ttl_ms\":100}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{head}{began},\"ended_ns\":{began + 100_000},\"epoch\":{epoch}{tail}");
    }
}
