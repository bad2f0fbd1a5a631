using System.Text.Json;
using Baton.Work;

namespace Baton.Cli.Tests;

/// <summary>The assessments by what the commands print.</summary>
public sealed class QualityTests
{
    private readonly Stage _stage = new();

    [Fact]
    public async Task A_person_judges_a_task()
    {
        var id = await DoneAsync("Mend the roof");
        Golden.Check("quality-assess", await _stage.PlayAsync("quality", "assess", id, "--completeness", "8",
            "--code-quality", "7.5", "--documentation", "6", "--efficiency", "9", "--impact", "7", "--strength", "tight",
            "--strength", "cheap", "--improvement", "no gutter", "--lesson", "look at the sky first", "--note", "good work"));
        Golden.Check("quality-assess-json", await _stage.PlayAsync(
            "quality", "assess", id, "--impact", "10", "--by", "bob", "--lesson", "buy two ladders", "--json"));
        Golden.Check("quality-lessons", await _stage.PlayAsync("quality", "lessons"));
        Golden.Check("quality-lessons-json", await _stage.PlayAsync("quality", "lessons", "--search", "LADDER", "--json"));
        Assert.Equal("[]", (await DataAsync("quality", "lessons", "--search", "cellar")).GetRawText());
        Assert.Equal(1, (await DataAsync("quality", "lessons", "--limit", "1")).GetArrayLength());
    }

    [Fact]
    public async Task The_report_tells_what_all_say()
    {
        for (var week = 0; week < 6; week++)
        {
            var id = await DoneAsync($"Task {week}", week % 2 == 0 ? "even" : "odd");
            await _stage.PlayAsync("quality", "assess", id, "--completeness", $"{4 + week}", "--impact", "5.5");
            _stage.Clock.Advance(TimeSpan.FromDays(7));
        }

        await DoneAsync("Nobody looked");
        Golden.Check("quality-report", await _stage.PlayAsync("quality", "report", "--by-week", "--limit", "2"));
        Golden.Check("quality-report-json", await _stage.PlayAsync(
            "quality", "report", "--tag", "odd", "--since", "2026-01-15", "--by-month", "--json"));
        Golden.Check("quality-unassessed", await _stage.PlayAsync("quality", "unassessed"));
        Assert.Equal(3, (await DataAsync("quality", "report", "--since", "22d")).GetProperty("assessed").GetInt32());
        Assert.Equal("improving", (await DataAsync("quality", "report", "--last", "2")).GetProperty("trend")
            .GetProperty("direction").GetString());
    }

    [Theory]
    [InlineData(1, "1 recorded mean is not what its scores give:\n")]
    [InlineData(2, "2 recorded means are not what their scores give:\n")]
    public async Task Recorded_means_that_differ_are_told(int count, string words)
    {
        await _stage.Work.ImportAsync(new("there", [.. Enumerable.Range(1, count).Select(number =>
            new DurableTask(new($"d{number}"), "done")
            {
                Status = DurableTaskStatus.Completed,
                QualityScore = 5,
                Quality = new("ann", _stage.Clock.GetUtcNow(), [new(QualityDimension.Impact, 8, null)]) { Recorded = 5 },
            })], [], Epoch.None), TestContext.Current.CancellationToken);
        Assert.Contains(words, (await _stage.PlayAsync("quality", "report")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_judges_what_was_measured()
    {
        var id = await DoneAsync("Mend the roof");
        Golden.Check("quality-from-evidence", await _stage.PlayAsync("quality", "assess", id, "--from-evidence"));
        var open = await _stage.CreateAsync("--title", "Open");
        Golden.Check("quality-not-done", await _stage.PlayAsync("quality", "assess", open, "--from-evidence"));
        Golden.Check("quality-mixed", await _stage.PlayAsync("quality", "assess", id, "--from-evidence", "--impact", "9"));
    }

    [Fact]
    public async Task What_was_never_begun_is_not_judged()
    {
        var id = await _stage.CreateAsync("--title", "Open");
        Refuses(await _stage.PlayAsync("quality", "assess", id, "--impact", "5"), ExitCode.Conflict, "was never begun");
        Assert.Equal(JsonValueKind.Null, (await DataAsync("task", "show", id)).GetProperty("quality").ValueKind);
        var claimed = await _stage.PlayAsync("task", "claim", id, "--agent", "bob", "--json");
        Assert.Equal(0, (await _stage.PlayAsync("task", "fail", id, "--claim", Stage.TokenIn(claimed))).Exit);
        Assert.Equal(0, (await _stage.PlayAsync("quality", "assess", id, "--impact", "5")).Exit);
    }

    [Fact]
    public async Task An_empty_store_has_nothing_to_report()
    {
        Golden.Check("quality-report-empty", await _stage.PlayAsync("quality", "report"));
        Assert.Equal("[]", (await DataAsync("quality", "unassessed")).GetRawText());
        Assert.Equal(JsonValueKind.Null, (await DataAsync("quality", "report")).GetProperty("average").ValueKind);
    }

    [Theory]
    [InlineData(2, "--completeness '11' is no score: write 1 to 10", "--completeness", "11")]
    [InlineData(2, "'0.9' is no score", "--impact", "0.9")]
    [InlineData(2, "'7.25' is no score", "--impact", "7.25")]
    [InlineData(2, "'-3' is no score", "--impact", "-3")]
    [InlineData(2, "'1e1' is no score", "--impact", "1e1")]
    [InlineData(2, "'NaN' is no score", "--impact", "NaN")]
    [InlineData(2, "unknown option '--speed'", "--speed", "8")]
    [InlineData(2, "nothing is judged")]
    [InlineData(2, "--lesson holds a line break", "--lesson", "a\nb")]
    [InlineData(2, "--note is empty", "--note", " ")]
    [InlineData(2, "--by has 201 characters", "--by", "longest")]
    [InlineData(2, "--strength has 2001 characters", "--strength", "longest")]
    public async Task A_wrong_judgement_gets_one_line(int exit, string words, params string[] args)
    {
        var id = await DoneAsync("Mend the roof");
        args = [.. args.Select(arg => arg == "longest" ? new('x', args[0] == "--by" ? 201 : 2001) : arg)];
        Refuses(await _stage.PlayAsync(["quality", "assess", id, .. args]), exit, words);
        Assert.Equal(JsonValueKind.Null, (await DataAsync("task", "show", id)).GetProperty("quality").ValueKind);
    }

    [Theory]
    [InlineData(3, "there is no task 'task_nobody'", "assess", "task_nobody", "--impact", "5")]
    [InlineData(2, "neither a duration nor a day", "report", "--since", "yesterday")]
    [InlineData(2, "exclude each other", "report", "--by-week", "--by-month")]
    [InlineData(2, "--last 1: at least 2", "report", "--last", "1")]
    [InlineData(2, "--limit 0: at least 1", "lessons", "--limit", "0")]
    public async Task Bad_input_gets_one_line(int exit, string words, params string[] args) =>
        Refuses(await _stage.PlayAsync(["quality", .. args]), exit, words);

    private static void Refuses(Played played, int exit, string words)
    {
        Assert.Equal((exit, ""), (played.Exit, played.Out));
        var lines = played.Error.TrimEnd('\n').Split('\n');
        Assert.StartsWith("baton: ", lines[0], StringComparison.Ordinal);
        Assert.Contains(words, lines[0], StringComparison.Ordinal);
        Assert.True(lines.Length == 1 || (lines.Length == 2 && lines[1].StartsWith("hint: ", StringComparison.Ordinal)));
    }

    private async Task<string> DoneAsync(string title, string tags = "house")
    {
        var id = await _stage.CreateAsync("--title", title, "--tags", tags, "--estimated-hours", "1");
        var claimed = await _stage.PlayAsync("task", "claim", id, "--agent", "bob", "--json");
        _stage.Clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(0, (await _stage.PlayAsync("task", "complete", id, "--claim", Stage.TokenIn(claimed))).Exit);
        return id;
    }

    private async Task<JsonElement> DataAsync(params string[] args) =>
        JsonDocument.Parse((await _stage.PlayAsync([.. args, "--json"])).Out).RootElement.GetProperty("data");
}
