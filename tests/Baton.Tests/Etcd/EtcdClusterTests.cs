using Baton.Etcd;

namespace Baton.Tests;

/// <summary>Three members of these tests' own.</summary>
public sealed class OwnEtcdCluster : IDisposable
{
    internal EtcdServers Servers { get; } = EtcdServers.Start(3);

    public void Dispose() => Servers.Dispose();
}

/// <summary>What a leader does when members of the cluster stop, freeze, or can't be reached.</summary>
public sealed class EtcdClusterTests(OwnEtcdCluster own) : IClassFixture<OwnEtcdCluster>
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongTtl = TimeSpan.FromSeconds(10);

    private readonly EtcdPlace _place = new(own.Servers);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private EtcdServers Servers => own.Servers;

    [Fact]
    public async Task The_loss_of_etcds_own_leader_costs_no_leadership()
    {
        await using var leader = await _place.StandAsync("orc-a", LongTtl);
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = await _place.StandAsync("orc-b", LongTtl);
        await follower.FollowsAsync(first.Epoch);
        var lost = Servers.Leader;
        var others = Servers.Members.Remove(lost);
        using var space = await _place.OpenAsync(string.Join(',', others.Select(member => member.Endpoint)));
        lost.Kill();
        try
        {
            var renewed = await RenewedByAnyMeansAsync(new EtcdLeaseStore(space));
            Assert.Equal((first.Epoch, leader.Id), (renewed.Epoch, renewed.Holder!.Holder));
            Assert.True(first.IsValid);
        }
        finally
        {
            lost.Launch();
            lost.AwaitHealth();
        }
    }

    [Fact]
    public async Task A_leader_whose_only_member_is_frozen_demotes_before_another_is_valid()
    {
        var frozen = Servers.Leader;
        var others = string.Join(',', Servers.Members.Remove(frozen).Select(member => member.Endpoint));
        await using var leader = await _place.StandAsync("orc-a", Ttl, frozen.Endpoint);
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = await _place.StandAsync("orc-b", Ttl, others);
        await follower.FollowsAsync(first.Epoch);
        frozen.Signal("STOP");
        Leadership second;
        try
        {
            second = await follower.LeadsAsync(above: first.Epoch.Value);
            Assert.False(first.IsValid);
        }
        finally
        {
            frozen.Signal("CONT");
        }

        await leader.FollowsAsync(second.Epoch);
        Assert.Equal(LossReason.Expired, first.LossReason);
    }

    [Fact]
    public async Task In_the_minority_nobody_leads_and_when_it_heals_everyone_follows_one()
    {
        var (here, others) = (Servers.Members[0], Servers.Members.RemoveAt(0));
        await using var leader = await _place.StandAsync("orc-a", Ttl, here.Endpoint);
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = await _place.StandAsync("orc-b", Ttl, here.Endpoint);
        await follower.FollowsAsync(first.Epoch);
        others[0].Signal("STOP");
        others[1].Signal("STOP");
        try
        {
            await StoreCandidate.LosesAsync(first);
            Assert.Equal(LossReason.Expired, first.LossReason);
            await follower.FailsAsync(StoreFault.Unreachable);
        }
        finally
        {
            others[0].Signal("CONT");
            others[1].Signal("CONT");
        }

        // Either may win, and the other follows it.
        var wins = new[] { leader.LeadsAsync(first.Epoch.Value), follower.LeadsAsync(first.Epoch.Value) };
        var won = await Task.WhenAny(wins);
        await (won == wins[0] ? follower : leader).FollowsAsync((await won).Epoch);
        Assert.True((await won).IsValid);
    }

    [Fact]
    public async Task An_endpoint_where_nobody_listens_is_passed_over()
    {
        using var space = await _place.MakeAsync($"127.0.0.1:1,{Servers.Members[1].Endpoint}");
        Assert.Equal(1, (await EtcdPlace.WinAsync(new EtcdLeaseStore(space), "a-1")).Epoch.Value);
    }

    [Fact]
    public async Task An_endpoint_that_is_silent_keeps_a_reader_without_a_deadline_for_a_while_only()
    {
        using var proxy = new TcpProxy(Servers.Members[0].Port);
        (await _place.MakeAsync()).Dispose();
        proxy.BlackHole();
        using var space = await _place.OpenAsync($"127.0.0.1:{proxy.Port},{Servers.Members[1].Endpoint}");
        var leases = new EtcdLeaseStore(space);
        Assert.Equal(LeaseView.Never(ElectionName.Main), await leases.ReadAsync(ElectionName.Main, CancellationToken.None));
    }

    [Fact]
    public async Task A_leader_is_kept_though_its_first_members_fall_silent()
    {
        using var one = new TcpProxy(Servers.Members[0].Port);
        using var two = new TcpProxy(Servers.Members[1].Port);
        await using var leader = await _place.StandAsync(
            "orc-a", LongTtl, $"127.0.0.1:{one.Port},127.0.0.1:{two.Port},{Servers.Members[2].Endpoint}");
        var first = await leader.LeadsAsync(above: 0);
        using var space = await _place.OpenAsync(Servers.Members[2].Endpoint);
        one.BlackHole();
        two.BlackHole();
        var renewed = await StoreCandidate.RenewsAsync(new EtcdLeaseStore(space));
        Assert.Equal(first.Epoch, renewed.Epoch);
        Assert.True(first.IsValid);
    }

    [Fact]
    public async Task Every_member_tells_the_lease_and_how_long_it_is_silent()
    {
        using var space = await _place.MakeAsync();
        await EtcdPlace.WinAsync(new EtcdLeaseStore(space), "a-1");
        foreach (var member in Servers.Members)
        {
            using var here = await _place.OpenAsync(member.Endpoint);
            var view = await new EtcdLeaseStore(here).ReadAsync(ElectionName.Main, Cancel);
            Assert.Equal("a-1", view.Holder!.Holder.Value);
            Assert.NotNull(view.SilentFor);
        }
    }

    [Theory]
    [InlineData("acquire")]
    [InlineData("renew")]
    [InlineData("release")]
    public async Task A_step_whose_answer_is_lost_is_found_done_on_the_next_member(string verb)
    {
        using var proxy = new TcpProxy(Servers.Members[0].Port);
        using var direct = await _place.MakeAsync(Servers.Members[1].Endpoint);
        var seen = new EtcdLeaseStore(direct);
        var term = verb == "acquire" ? null : await EtcdPlace.WinAsync(seen, "a-1");
        var before = await seen.ReadAsync(ElectionName.Main, Cancel);
        using var space = await _place.OpenAsync($"127.0.0.1:{proxy.Port},{Servers.Members[1].Endpoint}");
        var leases = new EtcdLeaseStore(space);
        // Of all that a step asks, only what changes the record has it in it.
        proxy.HoldAnswersFrom("\"a-1\"");
        var step = verb switch
        {
            "acquire" => Box(leases.TryAcquireAsync(EtcdPlace.Stand("a-1", before, LeaseStanding.None), Cancel).AsTask()),
            "renew" => Box(leases.RenewAsync(term!, Cancel).AsTask()),
            _ => Box(leases.ReleaseAsync(term!, TermEnd.HandedOver, Cancel).AsTask()),
        };
        await using (var watch = seen.WatchAsync(ElectionName.Main, Cancel).GetAsyncEnumerator(Cancel))
        {
            do
            {
                Assert.True(await watch.MoveNextAsync());
            }
            while (watch.Current == before with { SilentFor = null });
        }

        // It happened, and its answer is held back.
        Assert.False(step.IsCompleted);
        proxy.BlackHole();
        proxy.Cut(reset: true);
        switch (await step)
        {
            case AcquireAnswer.Acquired won:
                Assert.Equal((1, 0), (won.Term.Epoch.Value, won.KnownBefore.Value));
                break;
            case RenewAnswer.Renewed renewed:
                Assert.Equal(2, renewed.Term.Renewals);
                break;
            case ReleaseAnswer.Released released:
                Assert.Equal(term!.Epoch, released.Epoch);
                break;
            case var other:
                Assert.Fail($"{other}");
                break;
        }

        Assert.Single(await EtcdPlace.TermsAsync(seen));
    }

    [Fact]
    public async Task An_acquire_whose_answer_is_lost_is_found_by_its_number()
    {
        using var proxy = new TcpProxy(Servers.Members[0].Port);
        using var direct = await _place.MakeAsync();
        var seen = new EtcdLeaseStore(direct);
        proxy.AnswerDelay = TimeSpan.FromMilliseconds(300);
        await using var leader = await _place.StandAsync("orc-a", LongTtl, $"127.0.0.1:{proxy.Port}");
        await using (var watch = seen.WatchAsync(ElectionName.Main, Cancel).GetAsyncEnumerator(Cancel))
        {
            do
            {
                Assert.True(await watch.MoveNextAsync());
            }
            while (watch.Current.Holder is null);
        }

        proxy.Cut(reset: true);
        proxy.AnswerDelay = TimeSpan.Zero;
        var first = await leader.LeadsAsync(above: 0);
        Assert.Equal(1, first.Epoch.Value);
        Assert.True(first.IsValid);
        Assert.Single(await EtcdPlace.TermsAsync(seen));
    }

    private static async Task<object> Box<T>(Task<T> task) where T : class => await task;

    /// <summary>Waits for two renewals, while the cluster is looking for a leader of its own.</summary>
    private static async Task<LeaseView> RenewedByAnyMeansAsync(ILeaseStore elsewhere)
    {
        while (true)
        {
            try
            {
                return await StoreCandidate.RenewsAsync(elsewhere);
            }
            catch (StoreUnavailableException)
            {
                // Not yet.
            }
        }
    }
}
