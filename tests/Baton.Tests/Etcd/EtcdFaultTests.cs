using Baton.Etcd;

namespace Baton.Tests;

/// <summary>A server of these tests' own, to be stopped, frozen and put back.</summary>
public sealed class OwnEtcdServer : IDisposable
{
    internal EtcdServers Servers { get; } = EtcdServers.Start(1);

    public void Dispose() => Servers.Dispose();
}

/// <summary>What a leader does when the one server stops, freezes, or is put back.</summary>
public sealed class EtcdFaultTests(OwnEtcdServer own) : IClassFixture<OwnEtcdServer>
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);

    private readonly EtcdPlace _place = new(own.Servers);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private EtcdMember Server => own.Servers.Members[0];

    [Fact]
    public async Task A_frozen_server_ends_trust_in_time_and_epochs_go_on_afterwards()
    {
        await using var candidate = await StandAsync("orc-a");
        var first = await candidate.LeadsAsync(above: 0);
        Server.Signal("STOP");
        try
        {
            // Nothing answers: only the deadline can end it.
            await StoreCandidate.LosesAsync(first);
            Assert.Equal(LossReason.Expired, first.LossReason);
            Assert.False(first.IsValid);
        }
        finally
        {
            Server.Signal("CONT");
        }

        Assert.True((await candidate.LeadsAsync(above: first.Epoch.Value)).IsValid);
    }

    [Fact]
    public async Task A_server_that_was_stopped_is_led_in_again()
    {
        await using var candidate = await StandAsync("orc-a");
        var first = await candidate.LeadsAsync(above: 0);
        using var space = await _place.OpenAsync();
        Server.Kill();
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => ReadAsync(space));
        Assert.True(refusal is { Code: StoreFault.Unreachable, IsTransient: true }, refusal.Message);
        await StoreCandidate.LosesAsync(first);
        Server.Launch();
        Assert.True((await candidate.LeadsAsync(above: first.Epoch.Value)).IsValid);
        Assert.Equal("orc-a-1", (await ReadAsync(space)).Holder!.Holder.Value);
    }

    [Fact]
    public async Task A_server_that_went_back_ends_the_term_and_epochs_go_on()
    {
        await _place.MakeAsync();
        Server.Kill();
        Server.Save();
        Server.Launch();
        Server.AwaitHealth();
        await using var candidate = await StandAsync("orc-a", ttl: TimeSpan.FromSeconds(20));
        var first = await candidate.LeadsAsync(above: 0);
        using var elsewhere = await _place.OpenAsync();
        Server.Kill();
        Server.Restore();
        Server.Launch();
        // Far from its deadline: it is told.
        await StoreCandidate.LosesAsync(first);
        Assert.Equal(LossReason.StoreLost, first.LossReason);
        await candidate.FailsAsync(StoreFault.Replaced);
    }

    [Fact]
    public async Task A_former_revision_is_no_claim_to_somebody_elses_record()
    {
        await _place.MakeAsync();
        Server.Kill();
        Server.Save();
        Server.Launch();
        Server.AwaitHealth();
        using var there = await _place.OpenAsync();
        var former = new EtcdLeaseStore(there);
        var lost = await EtcdPlace.WinAsync(former, "a-1");
        Server.Kill();
        Server.Restore();
        Server.Launch();
        Server.AwaitHealth();
        using var here = await _place.OpenAsync();
        var leases = new EtcdLeaseStore(here);
        // The record is written at the very revision at which that of the lost time was.
        var term = await EtcdPlace.WinAsync(leases, "b-1");
        var refused = Assert.IsType<RenewAnswer.NotYours>(await former.RenewAsync(lost, Cancel));
        Assert.Equal(term.Holder, refused.View.Holder!.Holder);
        Assert.IsType<ReleaseAnswer.NotYours>(await former.ReleaseAsync(lost, TermEnd.Released, Cancel));
        Assert.IsType<RenewAnswer.Renewed>(await leases.RenewAsync(term, Cancel));
    }

    [Theory]
    [InlineData("the renewal is told")]
    [InlineData("another request was told before")]
    [InlineData("the revision is reached again")]
    public async Task A_term_whose_record_went_back_is_renewed_no_more(string how)
    {
        using var space = await _place.MakeAsync();
        var leases = new EtcdLeaseStore(space);
        var term = await EtcdPlace.WinAsync(leases, "a-1");
        Server.Kill();
        Server.Save();
        Server.Launch();
        Server.AwaitHealth();
        for (var i = 0; i < 3; i++)
        {
            term = Assert.IsType<RenewAnswer.Renewed>(await leases.RenewAsync(term, Cancel)).Term;
        }

        Server.Kill();
        Server.Restore();
        Server.Launch();
        Server.AwaitHealth();
        if (how == "another request was told before")
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => ReadAsync(space));
        }
        else if (how == "the revision is reached again")
        {
            for (var i = 0; i < 4; i++)
            {
                own.Servers.Do("put", "/another/key", "value");
            }
        }

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => leases.RenewAsync(term, Cancel).AsTask());
        Assert.Equal(StoreFault.Replaced, refusal.Code);
        Assert.Contains("went back", refusal.Message, StringComparison.Ordinal);
    }

    private Task<StoreCandidate> StandAsync(string name, TimeSpan? ttl = null) => _place.StandAsync(name, ttl ?? Ttl);

    private static Task<LeaseView> ReadAsync(EtcdKeyspace space) =>
        new EtcdLeaseStore(space).ReadAsync(ElectionName.Main, Cancel).AsTask();
}
