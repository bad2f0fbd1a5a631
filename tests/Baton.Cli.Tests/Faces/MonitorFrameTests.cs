using Baton.Work;

namespace Baton.Cli.Tests;

/// <summary>What the live view shows where not everything fits.</summary>
public sealed class MonitorFrameTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(200, 200)]
    [InlineData(120, 39)]
    [InlineData(100, 29)]
    [InlineData(80, 23)]
    [InlineData(40, 9)]
    [InlineData(40, 4)]
    public async Task A_screen_of_any_size_shows_who_leads_and_the_rest_of_its_lease(int columns, int height)
    {
        var lines = MonitorFrame.Of(await ModelAsync(await Stage.BusyAsync()), "all", new(columns, height));

        Assert.InRange(lines.Count, 4, height);
        Assert.StartsWith("baton  election main", lines[0].Text, StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Text.StartsWith("orc-2-bbbbbb epoch 2 leading", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Text.StartsWith("lease  [", StringComparison.Ordinal)
            && line.Text.EndsWith("4.2s of 6.0s", StringComparison.Ordinal) && line.Text.Length <= columns);
    }

    [Fact]
    public async Task A_common_terminal_shows_every_part()
    {
        var lines = MonitorFrame.Of(await ModelAsync(await Stage.BusyAsync()), "all", new(80, 23));

        Assert.Equal(["LEADER", "TRANSITIONS", "CLEANUP", "AGENTS", "TASKS", "EVENTS"],
            lines.Where(line => line.Tone == Tone.Title).Skip(1).Select(line => line.Text.Split(' ')[0]));
        Assert.Contains(lines, line => line.Text.StartsWith("03:04:08  task.claimed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task No_room_is_no_error(int height) => Assert.Equal(
        Math.Max(height, 0), MonitorFrame.Of(await ModelAsync(await Stage.BusyAsync()), "all", new(1, height)).Count);

    [Fact]
    public async Task Changes_of_leadership_stay_in_sight_behind_a_long_night_of_work()
    {
        var stage = await Stage.BusyAsync();
        await CreateManyAsync(stage);

        var frame = (await stage.PlayAsync("monitor", "--once", "--view", "leader")).Out;

        Assert.Contains("orc-2-bbbbbb leads with epoch 2", frame, StringComparison.Ordinal);
        Assert.Contains("orc-1-aaaaaa gave the lease back; epoch 1 is over", frame, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Only_what_a_leader_cleaned_up_is_shown_as_that(bool isLongAgo)
    {
        var stage = new Stage();
        await stage.LeadAsync(await stage.JoinAsync("orc-1-aaaaaa", 101));
        var lost = await stage.CreateAsync("--title", "lost");
        var failed = await stage.CreateAsync("--title", "failed", "--max-attempts", "1");
        await stage.PlayAsync("task", "claim", lost, "--agent", "a");
        await stage.Work.SweepAsync(new(1), new(new("orc-1-aaaaaa"), [new(new("a"), null, "silent")],
            [new(new(lost), 1, 0, "silent")], []), Cancel);
        var token = Stage.TokenIn(await stage.PlayAsync("task", "claim", failed, "--agent", "b", "--json"));
        await stage.PlayAsync("task", "fail", failed, "--claim", token);
        await stage.PlayAsync("task", "requeue", failed);
        if (isLongAgo)
        {
            await CreateManyAsync(stage);
        }

        var frame = (await stage.PlayAsync("monitor", "--once", "--view", "leader")).Out;
        var cleanup = frame[frame.IndexOf("CLEANUP", StringComparison.Ordinal)..];
        Assert.StartsWith("CLEANUP (0 orchestrators, 1 agent evicted, 1 task requeued)\n", cleanup, StringComparison.Ordinal);
        Assert.Contains($"{lost}: requeued from a by orc-1-aaaaaa: silent", cleanup, StringComparison.Ordinal);
        Assert.Contains("a evicted: silent", cleanup, StringComparison.Ordinal);
        Assert.DoesNotContain(failed, cleanup, StringComparison.Ordinal);
    }

    private static async Task CreateManyAsync(Stage stage)
    {
        stage.Input = string.Join('\n', Enumerable.Range(0, 300).Select(number => $$"""{"title":"task {{number}}"}"""));
        Assert.Equal(0, (await stage.PlayAsync("task", "create", "--file", "-")).Exit);
    }

    private static async Task<MonitorModel> ModelAsync(Stage stage)
    {
        var status = await new StatusReader(ElectionName.Main, stage.Leases, stage.Work, null, stage.Clock,
            new("stage")).ReadAsync(Cancel);
        var events = await stage.Work.EventsAsync(new(), Cancel);
        var elected = events.Where(told => told.Draft.Type == EventType.LeaderElected);
        return new(status, events) { Transitions = [.. elected] };
    }
}
