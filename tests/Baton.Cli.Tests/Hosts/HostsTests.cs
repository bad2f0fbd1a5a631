namespace Baton.Cli.Tests;

/// <summary>
/// Orchestrators on three hosts and one PostgreSQL server: never two leaders at once, whatever happens to a host,
/// its network or its clock; and when that is over, all follow one.
/// </summary>
public sealed class HostsTests
{
    [Fact]
    public async Task A_killed_leader_is_followed_from_another_host()
    {
        using var pack = new HostPack();
        var first = await pack.StartAsync();
        await pack.AllFollowAsync(first);

        pack.Signal(first.Host, SystemCalls.Kill);
        var second = await pack.HearLeaderAsync(above: first.Epoch!.Value);

        Assert.NotEqual(first.Host, second.Host);
        await pack.AllFollowAsync(second);
        await pack.JudgeAsync();
    }

    [Fact]
    public async Task A_frozen_leader_is_followed_from_another_host_and_demotes_when_it_wakes()
    {
        using var pack = new HostPack();
        var first = await pack.StartAsync();

        pack.Signal(first.Host, SystemCalls.Stop);
        var second = await pack.HearLeaderAsync(above: first.Epoch!.Value);
        Assert.NotEqual(first.Host, second.Host);
        pack.Signal(first.Host, SystemCalls.Continue);

        await pack.HearAsync(said => said.Type == "leader.demoted" && said.Id == first.Id);
        await pack.AllFollowAsync(second);
        await pack.JudgeAsync();
    }

    [Fact]
    public async Task A_leader_cut_off_demotes_by_itself_and_follows_when_the_network_heals()
    {
        using var pack = new HostPack();
        var first = await pack.StartAsync();

        pack[first.Host].Unplug();
        await pack.HearAsync(said => said.Type == "leader.demoted" && said.Id == first.Id);
        var second = await pack.HearLeaderAsync(above: first.Epoch!.Value);
        Assert.NotEqual(first.Host, second.Host);
        pack.Forget();
        pack[first.Host].Plug();

        await pack.AllFollowAsync(second);
        // Who was cut off takes part again: with both others gone it leads.
        foreach (var host in new[] { "ash", "birch", "cedar" }.Where(host => host != first.Host))
        {
            pack.Signal(host, SystemCalls.Kill);
        }

        Assert.Equal(first.Host, (await pack.HearLeaderAsync(above: second.Epoch!.Value)).Host);
        await pack.JudgeAsync();
    }

    [Fact]
    public async Task A_follower_cut_off_disturbs_nobody()
    {
        using var pack = new HostPack(ttl: "6s");
        var first = await pack.StartAsync();
        var others = new[] { "ash", "birch", "cedar" }.Where(host => host != first.Host).ToArray();

        pack[others[0]].Unplug();
        await pack.RenewsAsync(first, seenFrom: others[1], times: 12);
        pack[others[0]].Plug();

        await pack.AllFollowAsync(first);
        await pack.JudgeAsync();
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(-1, false)]
    [InlineData(1, true)]
    public async Task An_hour_s_step_of_a_clock_changes_no_leader(int hours, bool withEtcd)
    {
        using var pack = new HostPack(withClocks: true, ttl: "6s", withEtcd: withEtcd);
        var first = await pack.StartAsync();
        var other = new[] { "ash", "birch" }.First(host => host != first.Host);
        var right = await RenewedAtAsync();

        foreach (var machine in new[] { first.Host, other, HostPack.ServerClock })
        {
            pack.Step(machine, TimeSpan.FromHours(hours));
            await pack.RenewsAsync(first, seenFrom: "cedar", times: 2);
        }

        // The clocks were stepped indeed, and all of that was seen.
        var stepped = TimeSpan.FromMinutes(50);
        Assert.True((await RenewedAtAsync() - right).Duration() > stepped, "the leader's clock was not stepped");
        Assert.True((pack.ServerTime - right).Duration() > stepped, "the server's clock was not stepped");
        pack.Signal(first.Host, SystemCalls.Kill);
        var second = await pack.HearLeaderAsync(above: first.Epoch!.Value);
        Assert.Equal(first.Epoch + 1, second.Epoch);
        await pack.AllFollowAsync(second);
        await pack.JudgeAsync();

        async Task<DateTimeOffset> RenewedAtAsync() => (await pack.LeaderSeenFromAsync("cedar"))!.Value.RenewedAt;
    }
}
