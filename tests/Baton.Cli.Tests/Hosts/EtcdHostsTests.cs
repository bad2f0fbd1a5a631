namespace Baton.Cli.Tests;

/// <summary>
/// Orchestrators on three hosts, each with a member of etcd beside it, and their work on one PostgreSQL server: never two
/// leaders at once, and no single member that all depends on.
/// </summary>
public sealed class EtcdHostsTests
{
    private const string Ttl = "4s";

    [Fact]
    public async Task A_leader_inside_a_minority_of_etcd_demotes_by_itself_and_follows_when_the_network_heals()
    {
        using var pack = new HostPack(ttl: Ttl, withEtcd: true);
        var first = await pack.StartAsync();

        pack[first.Host].Unplug();
        await pack.HearAsync(said => said.Type == "leader.demoted" && said.Id == first.Id);
        var second = await pack.HearLeaderAsync(above: first.Epoch!.Value);
        Assert.NotEqual(first.Host, second.Host);
        pack[first.Host].Plug();

        await pack.AllFollowOneAsync(second.Epoch!.Value);
        await pack.JudgeAsync();
    }

    [Fact]
    public async Task A_leader_goes_on_when_etcd_loses_its_own()
    {
        using var pack = new HostPack(ttl: "12s", withEtcd: true);
        var first = await pack.StartAsync();

        // What answers after that has elected another: a renewal is nothing that a minority could do.
        pack.Etcd.Kill(pack.Etcd.LeaderSeenFrom(first.Host));
        await pack.RenewsAsync(first, seenFrom: first.Host, times: 3);

        await pack.JudgeAsync();
    }

    [Fact]
    public async Task A_killed_and_a_frozen_leader_are_followed_from_another_host()
    {
        using var pack = new HostPack(ttl: Ttl, withEtcd: true);
        var first = await pack.StartAsync();

        pack.Signal(first.Host, SystemCalls.Stop);
        var second = await pack.HearLeaderAsync(above: first.Epoch!.Value);
        Assert.NotEqual(first.Host, second.Host);
        pack.Signal(first.Host, SystemCalls.Continue);
        await pack.HearAsync(said => said.Type == "leader.demoted" && said.Id == first.Id);
        await pack.AllFollowAsync(second);

        pack.Signal(second.Host, SystemCalls.Kill);
        var third = await pack.HearLeaderAsync(above: second.Epoch!.Value);
        Assert.NotEqual(second.Host, third.Host);
        await pack.AllFollowAsync(third);
        await pack.JudgeAsync();
    }
}
