namespace Baton.Cli.Tests;

/// <summary>What the views say of a leader that is none any more.</summary>
public sealed class StateTests
{
    [Fact]
    public async Task A_silent_leader_is_expired_everywhere()
    {
        var stage = new Stage();
        await stage.LeadAsync(await stage.JoinAsync("orc-1-aaaaaa", 101));
        Assert.Contains("\"state\":\"leading\"",
            (await stage.PlayAsync("status", "--json")).Out, StringComparison.Ordinal);

        stage.Clock.Advance(TimeSpan.FromSeconds(6));

        var status = await stage.PlayAsync("status", "--json");
        Assert.Contains("\"state\":\"expired\"", status.Out, StringComparison.Ordinal);
        Assert.Contains("\"orchestrators\":{\"total\":1,\"leading\":0,\"standby\":0,\"stale\":1}",
            status.Out, StringComparison.Ordinal);
        Assert.Contains("\"leader\":false",
            (await stage.PlayAsync("agent", "list", "--json")).Out, StringComparison.Ordinal);
        Assert.Contains("expired", (await stage.PlayAsync("monitor", "--once")).Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unavailable, (await stage.PlayAsync("leader", "show")).Exit);
        Assert.Equal(ExitCode.Unavailable, (await stage.PlayAsync("cleanup")).Exit);
        Assert.Equal(ExitCode.Ok, (await stage.PlayAsync("status")).Exit);
    }

    [Fact]
    public async Task A_released_lease_names_who_gave_it_back()
    {
        var stage = new Stage();
        var term = await stage.LeadAsync(await stage.JoinAsync("orc-1-aaaaaa", 101));
        await stage.Leases.ReleaseAsync(term, TermEnd.Released, TestContext.Current.CancellationToken);

        var status = await stage.PlayAsync("status", "--json");

        Assert.Contains("\"leader\":{\"id\":\"orc-1-aaaaaa\",\"epoch\":1,\"state\":\"released\"", status.Out,
            StringComparison.Ordinal);
        Assert.Contains("released on stagehost pid 101, begun 2026-01-02 03:04:05Z\n",
            (await stage.PlayAsync("status")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_says_which_alarm_it_dropped()
    {
        using var folder = new TemporaryFolder();
        var stage = new Stage();
        stage.Variables["BATON_STORE"] = $"sqlite:{folder.Path}/baton.db";
        Assert.Contains("no rolled back store to be told of; nothing was dropped\n",
            (await stage.PlayAsync("doctor", "--ack")).Out, StringComparison.Ordinal);
        await stage.Work.BeginTermAsync(new(new(ElectionName.Main, new(9), new("orc-1-aaaaaa"), TimeSpan.FromSeconds(6)),
            [], Floor: new(8), KnownBefore: Epoch.None), TestContext.Current.CancellationToken);

        Assert.Contains("ALARM: ", (await stage.PlayAsync("doctor")).Out, StringComparison.Ordinal);
        Assert.Contains("fixed    alarm    dropped the alarm of 2026-01-02 03:04:05Z: the store was rolled back, it knew epoch "
            + "0, the mark 8\n", (await stage.PlayAsync("doctor", "--ack")).Out, StringComparison.Ordinal);
        Assert.Contains("no rolled back store to be told of\n", (await stage.PlayAsync("doctor")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_leader_that_is_alone_can_not_resign()
    {
        var stage = new Stage();
        await stage.LeadAsync(await stage.JoinAsync("orc-1-aaaaaa", 101));

        Assert.Equal(ExitCode.Conflict, (await stage.PlayAsync("leader", "resign")).Exit);
    }

    [Fact]
    public async Task Resigning_waits_for_the_next_epoch()
    {
        var stage = new Stage();
        var first = await stage.LeadAsync(await stage.JoinAsync("orc-1-aaaaaa", 101));
        var other = await stage.JoinAsync("orc-2-bbbbbb", 102);
        var resigning = stage.PlayAsync("leader", "resign", "--json");
        var snapshot = await stage.Work.SnapshotAsync(TestContext.Current.CancellationToken);
        Assert.Equal(first.Epoch, Assert.Single(snapshot.Requests).Epoch);
        Assert.False(resigning.IsCompleted);

        await stage.Leases.ReleaseAsync(first, TermEnd.HandedOver, TestContext.Current.CancellationToken);
        await stage.LeadAsync(other);
        stage.Clock.Advance(TimeSpan.FromSeconds(1));

        var played = await resigning;
        Assert.Equal(ExitCode.Ok, played.Exit);
        Assert.Contains("\"from_epoch\":1,\"from_id\":\"orc-1-aaaaaa\",\"to_epoch\":2,\"to_id\":\"orc-2-bbbbbb\"",
            played.Out, StringComparison.Ordinal);
    }
}
