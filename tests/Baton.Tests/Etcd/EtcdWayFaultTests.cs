using Baton.Etcd;

namespace Baton.Tests;

/// <summary>What a leader does when the way to the server fails it.</summary>
public sealed class EtcdWayFaultTests
{
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);

    private readonly EtcdPlace _place = new(EtcdServers.Shared);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static EtcdMember Server => EtcdServers.Shared.Members[0];

    [Theory]
    [InlineData("black hole")]
    [InlineData("cut")]
    [InlineData("reset")]
    [InlineData("delay")]
    [InlineData("late answers")]
    public async Task A_bad_way_to_the_server_never_lets_two_lead(string fault)
    {
        using var proxy = new TcpProxy(Server.Port);
        (await _place.MakeAsync()).Dispose();
        await using var leader = await StandAsync("orc-a", $"127.0.0.1:{proxy.Port}");
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = await StandAsync("orc-b");
        await follower.FollowsAsync(first.Epoch);
        switch (fault)
        {
            case "black hole":
                proxy.BlackHole();
                break;
            case "cut" or "reset":
                // The next connection works, so that it takes a while to keep it out.
                proxy.BlackHole();
                proxy.Cut(reset: fault == "reset");
                break;
            case "late answers":
                proxy.AnswerDelay = Ttl;
                break;
            default:
                proxy.Delay = Ttl;
                break;
        }

        var second = await follower.LeadsAsync(above: first.Epoch.Value);
        Assert.False(first.IsValid);
        (proxy.Delay, proxy.AnswerDelay) = (TimeSpan.Zero, TimeSpan.Zero);
        proxy.Heal();
        await leader.FollowsAsync(second.Epoch);
        Assert.True(second.IsValid);
    }

    [Fact]
    public async Task A_connection_that_is_reset_again_and_again_costs_no_leadership()
    {
        using var proxy = new TcpProxy(Server.Port);
        (await _place.MakeAsync()).Dispose();
        await using var leader = await StandAsync("orc-a", $"127.0.0.1:{proxy.Port}", TimeSpan.FromSeconds(6));
        var first = await leader.LeadsAsync(above: 0);
        using var space = await _place.OpenAsync();
        for (var i = 0; i < 2; i++)
        {
            var before = await ReadAsync(space);
            proxy.Cut(reset: true);
            var renewed = await StoreCandidate.RenewsAsync(new EtcdLeaseStore(space), before);
            Assert.Equal(first.Epoch, renewed.Epoch);
        }

        Assert.True(first.IsValid);
    }

    [Fact]
    public async Task A_request_that_nobody_answers_is_given_up_when_its_token_says_so()
    {
        using var proxy = new TcpProxy(Server.Port);
        (await _place.MakeAsync()).Dispose();
        using var space = await _place.OpenAsync($"127.0.0.1:{proxy.Port}");
        Assert.Equal(LeaseView.Never(ElectionName.Main), await ReadAsync(space));
        proxy.BlackHole();
        for (var i = 0; i < 3; i++)
        {
            using var giveUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(100), BootClock.Instance);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new EtcdLeaseStore(space)
                .ReadAsync(ElectionName.Main, giveUp.Token).AsTask().WaitAsync(TooLong, BootClock.Instance, Cancel));
        }

        proxy.Heal();
        Assert.Equal(LeaseView.Never(ElectionName.Main), await ReadAsync(space));
    }

    private Task<StoreCandidate> StandAsync(string name, string? endpoints = null, TimeSpan? ttl = null) =>
        _place.StandAsync(name, ttl ?? Ttl, endpoints);

    private static Task<LeaseView> ReadAsync(EtcdKeyspace space) =>
        new EtcdLeaseStore(space).ReadAsync(ElectionName.Main, Cancel).AsTask();
}
