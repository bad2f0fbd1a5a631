using Baton.Etcd;

namespace Baton.Tests;

/// <summary>A server that asks who connects.</summary>
public sealed class EtcdServerWithUsers : IDisposable
{
    public EtcdServerWithUsers()
    {
        Servers = EtcdServers.Start(1, "--auth-token", "simple", "--auth-token-ttl", "1", "--bcrypt-cost", "4");
        Servers.Do("user", "add", "root:toor");
        Servers.Do("user", "add", "baton:s3cret");
        Servers.Do("user", "add", "stranger:s3cret");
        Servers.Do("role", "add", "baton");
        Servers.Do("role", "grant-permission", "--prefix=true", "baton", "readwrite", "/baton/");
        Servers.Do("user", "grant-role", "baton", "baton");
        Servers.Do("auth", "enable");
    }

    internal EtcdServers Servers { get; }

    public void Dispose() => Servers.Dispose();
}

/// <summary>Users, passwords and tokens.</summary>
public sealed class EtcdLoginTests(EtcdServerWithUsers own) : IClassFixture<EtcdServerWithUsers>
{
    private readonly string _work = EtcdServers.NewWork();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private EtcdMember Server => own.Servers.Members[0];

    [Fact]
    public async Task Who_may_use_the_prefix_leads()
    {
        var space = await OpenAsync("baton:s3cret");
        await using var candidate = new StoreCandidate(
            new EtcdLeaseStore(space), "orc-a", TimeSpan.FromSeconds(6), space);
        Assert.True((await candidate.LeadsAsync(above: 0)).IsValid);
    }

    [Theory]
    [InlineData("baton:wr0ng", "refuses the password of 'baton'", "ETCDCTL_PASSWORD")]
    [InlineData("nobody:wr0ng", "refuses the password of 'nobody'", "ETCDCTL_PASSWORD")]
    [InlineData("", "asks who connects", "etcd://USER@")]
    [InlineData("stranger:s3cret", "does not let 'stranger' read and write", "grant-permission")]
    public async Task Who_may_not_is_told_why(string login, string words, string hint)
    {
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync(login));
        Assert.Equal((StoreFault.Unreachable, false), (refusal.Code, refusal.IsTransient));
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(hint, refusal.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", $"{refusal}", StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng", $"{refusal}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_where_nobody_is_asked_for_one_is_told()
    {
        var address = EtcdAddress.Parse(EtcdServers.Shared.Address.Replace("//", "//baton:s3cret@", StringComparison.Ordinal));
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() =>
            EtcdKeyspace.OpenOrCreateAsync(address, _work, "store-1", Cancel));
        Assert.Contains("knows no users, and the address names 'baton'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_whose_time_is_over_is_asked_for_again()
    {
        using var space = await OpenAsync("baton:s3cret");
        var leases = new EtcdLeaseStore(space);
        await EtcdPlace.WinAsync(leases, "a-1");
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var before = Ended();
        // Each use prolongs it: it ends once nobody asks any more.
        while (Ended() == before)
        {
            BootClock.Pause(TimeSpan.FromMilliseconds(20), Cancel);
        }

        await using var watch = leases.WatchAsync(ElectionName.Main, watching.Token).GetAsyncEnumerator(watching.Token);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal("a-1", watch.Current.Holder!.Holder.Value);

        int Ended() => Server.Log.Split("deleted a simple token").Length;
    }

    [Theory]
    [InlineData("the member forgot it")]
    [InlineData("the users changed")]
    public async Task A_login_that_is_worth_nothing_any_more_is_asked_for_again(string why)
    {
        using var space = await OpenAsync("baton:s3cret");
        var leases = new EtcdLeaseStore(space);
        var term = await EtcdPlace.WinAsync(leases, "a-1");
        if (why == "the member forgot it")
        {
            Server.Kill();
            Server.Launch();
            Server.AwaitHealth();
        }
        else
        {
            own.Servers.Do("--user", "root:toor", "user", "add", $"more{_work}:more");
        }

        Assert.IsType<RenewAnswer.Renewed>(await leases.RenewAsync(term, Cancel));
    }

    private Task<EtcdKeyspace> OpenAsync(string login) => EtcdKeyspace.OpenOrCreateAsync(
        EtcdAddress.Parse($"etcd://{(login.Length > 0 ? $"{login}@" : "")}{Server.Endpoint}"), _work, "store-1", Cancel);
}
