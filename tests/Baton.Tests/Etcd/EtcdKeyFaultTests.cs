using System.Globalization;
using Baton.Etcd;

namespace Baton.Tests;

/// <summary>What a leader does when somebody lays hands on its keys.</summary>
public sealed class EtcdKeyFaultTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);

    private readonly EtcdPlace _place = new(EtcdServers.Shared);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lease_whose_record_is_deleted_changes_hands_above_every_known_term()
    {
        await using var leader = await StandAsync("orc-a");
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = await StandAsync("orc-b");
        await follower.FollowsAsync(first.Epoch);
        EtcdServers.Shared.Do("del", $"{_place.Prefix}main/lease");
        await StoreCandidate.LosesAsync(first);
        Assert.Equal(LossReason.Replaced, first.LossReason);
        var won = await Task.WhenAny(leader.LeadsAsync(first.Epoch.Value), follower.LeadsAsync(first.Epoch.Value));
        Assert.Equal(2, (await won).Epoch.Value);
        using var space = await _place.OpenAsync();
        var terms = await EtcdPlace.TermsAsync(new EtcdLeaseStore(space));
        Assert.Equal([TermEnd.Lost, null], terms.Select(term => term.EndedBy));
    }

    [Theory]
    [InlineData("the key is deleted")]
    [InlineData("its lease is revoked")]
    public async Task A_leaders_key_that_somebody_takes_away_is_put_back_by_the_leader(string how)
    {
        // Renewed seldom, so that it is the watch that tells.
        await using var leader = await StandAsync("orc-a", ttl: TimeSpan.FromSeconds(30));
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = await StandAsync("orc-b");
        await follower.FollowsAsync(first.Epoch);
        using var space = await _place.OpenAsync();
        var leases = new EtcdLeaseStore(space);
        for (var i = 0; i < 3; i++)
        {
            var before = await leases.ReadAsync(ElectionName.Main, Cancel);
            var key = $"{_place.Prefix}main/holder";
            if (how == "the key is deleted")
            {
                EtcdServers.Shared.Do("del", key);
            }
            else
            {
                var lease = EtcdServers.Shared.Do("get", key, "-w", "fields").Split('\n')
                    .First(line => line.StartsWith("\"Lease\"", StringComparison.Ordinal)).Split(':')[1].Trim();
                EtcdServers.Shared.Do("lease", "revoke",
                    long.Parse(lease, CultureInfo.InvariantCulture).ToString("x", CultureInfo.InvariantCulture));
            }

            var renewed = await StoreCandidate.RenewsAsync(leases, before);
            Assert.Equal((first.Epoch, leader.Id), (renewed.Epoch, renewed.Holder!.Holder));
        }

        Assert.True(first.IsValid);
        Assert.False((await leases.ReadAsync(ElectionName.Main, Cancel)).HasRunOut);
        Assert.Single(await EtcdPlace.TermsAsync(leases));
    }

    [Theory]
    [InlineData("store")]
    [InlineData("")]
    public async Task A_store_that_is_deleted_under_a_leader_ends_its_term_at_once(string key)
    {
        await using var candidate = await StandAsync("orc-a");
        var first = await candidate.LeadsAsync(above: 0);
        using var space = await _place.OpenAsync();
        EtcdServers.Shared.Do("del", "--prefix", _place.Prefix + key);
        await StoreCandidate.LosesAsync(first);
        Assert.Equal(LossReason.StoreLost, first.LossReason);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => ReadAsync(space));
        Assert.Equal(StoreFault.Missing, refusal.Code);
        Assert.Contains("baton init", refusal.Hint, StringComparison.Ordinal);

        // Made anew it begins above what is known of the lost one.
        (await _place.MakeAsync()).Dispose();
        var second = await candidate.LeadsAsync(above: first.Epoch.Value);
        Assert.True(second.IsValid);
    }

    [Fact]
    public async Task Keys_that_another_store_took_over_are_refused()
    {
        using var space = await _place.MakeAsync();
        var leases = new EtcdLeaseStore(space);
        var term = await EtcdPlace.WinAsync(leases, "a-1");
        EtcdServers.Shared.Do("del", $"{_place.Prefix}store");
        (await EtcdKeyspace.OpenOrCreateAsync(space.Address, _place.Work, "another", Cancel)).Dispose();
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => leases.RenewAsync(term, Cancel).AsTask());
        Assert.Equal(StoreFault.Replaced, refusal.Code);
    }

    [Theory]
    [InlineData("main/lease", "{}")]
    [InlineData("main/lease", "not json")]
    [InlineData("main/term/0000000000000000001", "{\"epoch\":9}")]
    public async Task A_record_that_is_none_of_ours_is_damage(string key, string value)
    {
        using var space = await _place.MakeAsync();
        var leases = new EtcdLeaseStore(space);
        var term = await EtcdPlace.WinAsync(leases, "a-1");
        EtcdServers.Shared.Do("put", _place.Prefix + key, value);
        foreach (var refusal in (StoreUnavailableException[])
            [
                await Assert.ThrowsAsync<StoreUnavailableException>(() => ReadAsync(space)),
                await Assert.ThrowsAsync<StoreUnavailableException>(() => leases.RenewAsync(term, Cancel).AsTask()),
            ])
        {
            Assert.Equal(StoreFault.Damaged, refusal.Code);
            Assert.DoesNotContain('\n', refusal.Message);
            Assert.Contains(_place.Prefix + key, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_record_whose_values_can_not_be_is_damage()
    {
        using var space = await _place.MakeAsync();
        var leases = new EtcdLeaseStore(space);
        await EtcdPlace.WinAsync(leases, "a-1");
        var sound = EtcdServers.Shared.Do("get", $"{_place.Prefix}main/lease", "--print-value-only").Trim();
        foreach (var (from, to) in ((string, string)[])
            [("\"epoch\":1", "\"epoch\":0"), ("\"epoch\":1", "\"epoch\":9007199254740993"), ("\"a-1\"", "\"a/1\""),
                ("\"ttl_ms\":2000", "\"ttl_ms\":-2000"), ("\"renewals\":0", "\"renewals\":-1")])
        {
            var bad = sound.Replace(from, to, StringComparison.Ordinal);
            Assert.NotEqual(sound, bad);
            EtcdServers.Shared.Do("put", $"{_place.Prefix}main/lease", bad);
            Assert.Equal(StoreFault.Damaged, (await Assert.ThrowsAsync<StoreUnavailableException>(() => ReadAsync(space))).Code);
        }

        EtcdServers.Shared.Do("put", $"{_place.Prefix}main/lease", sound);
        Assert.Equal("a-1", (await ReadAsync(space)).Holder!.Holder.Value);
    }

    private Task<StoreCandidate> StandAsync(string name, TimeSpan? ttl = null) => _place.StandAsync(name, ttl ?? Ttl);

    private static Task<LeaseView> ReadAsync(EtcdKeyspace space) =>
        new EtcdLeaseStore(space).ReadAsync(ElectionName.Main, Cancel).AsTask();
}
