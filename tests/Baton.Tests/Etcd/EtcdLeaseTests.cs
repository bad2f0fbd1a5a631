using Baton.Etcd;
using Etcdserverpb;

namespace Baton.Tests;

/// <summary>What only the lease store on etcd has: its keys, its watch, its pruned record of terms.</summary>
public sealed class EtcdLeaseTests : IDisposable
{
    private readonly EtcdPlace _place = new(EtcdServers.Shared);
    private readonly EtcdKeyspace _space;
    private readonly EtcdLeaseStore _leases;

    public EtcdLeaseTests()
    {
        _space = _place.MakeAsync().GetAwaiter().GetResult();
        _leases = new(_space);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _space.Dispose();

    [Fact]
    public async Task A_thousand_terms_are_kept_and_the_oldest_go()
    {
        const int written = 1090;
        const int terms = 1150;
        var keys = new EtcdKeys(_place.Work);
        for (var from = 1; from <= written; from += 100)
        {
            await _space.StepAsync([], [.. Enumerable.Range(from, Math.Min(100, written - from + 1)).Select(Ended)], [], Cancel);
        }

        for (var epoch = written + 1; epoch <= terms; epoch++)
        {
            var term = await EtcdPlace.WinAsync(_leases, $"a-{epoch}");
            Assert.Equal(epoch, term.Epoch.Value);
            var all = await EtcdPlace.TermsAsync(_leases);
            Assert.InRange(all.Count, EtcdLeaseStore.TermsKept, EtcdLeaseStore.TermsKept + 100);
            Assert.Equal(Enumerable.Range(epoch - all.Count + 1, all.Count), all.Select(each => (int)each.Epoch.Value));
            Assert.Equal(term.Holder, all[^1].Holder);
            Assert.True(epoch == written + 1 || all[^2].EndedBy == TermEnd.Expired);
        }

        RequestOp Ended(int epoch) => new()
        {
            RequestPut = new()
            {
                Key = keys.Term(ElectionName.Main, epoch),
                Value = EtcdJson.Write(new TermRecord(epoch, $"a-{epoch}", "host", 1, 2000, default, default(DateTimeOffset),
                    TermEnd.Released)),
            },
        };
    }

    [Fact]
    public async Task Elections_whose_names_resemble_each_other_or_a_key_share_nothing()
    {
        ElectionName[] names = [.. ((string[])
            ["store", "lease", "holder", "term", "term0", "revoked", "a", "a.", "a-", "a_", "a0", "A", ".", "..", "-", "main"])
            .Select(name => new ElectionName(name))];
        for (var number = 0; number < names.Length; number++)
        {
            for (var terms = 0; terms <= number % 3; terms++)
            {
                var term = await EtcdPlace.WinAsync(_leases, $"orc-{number}", names[number], LeaseStandingOf(terms));
                Assert.Equal(terms + 1, term.Epoch.Value);
            }

            await _leases.RevokeAsync(names[number], new($"dead-{number}"), Cancel);
        }

        for (var number = 0; number < names.Length; number++)
        {
            var view = await _leases.ReadAsync(names[number], Cancel);
            Assert.Equal(($"orc-{number}", (number % 3) + 1), (view.Holder!.Holder.Value, view.Epoch.Value));
            Assert.False(view.HasRunOut);
            var terms = new List<long>();
            await foreach (var term in _leases.TermsAsync(names[number], Epoch.None, Cancel))
            {
                terms.Add(term.Epoch.Value);
            }

            Assert.Equal(Enumerable.Range(1, (number % 3) + 1).Select(epoch => (long)epoch), terms);
        }

        static LeaseStanding LeaseStandingOf(int terms) => terms == 0 ? LeaseStanding.None : LeaseStanding.RanOut;
    }

    [Fact]
    public async Task A_revoked_life_bars_no_other_that_uses_the_same_connection()
    {
        await _leases.RevokeAsync(ElectionName.Main, new("b-1"), Cancel);
        var answer = await _leases.TryAcquireAsync(
            EtcdPlace.Stand("a-1", LeaseView.Never(ElectionName.Main), LeaseStanding.None), Cancel);
        Assert.IsType<AcquireAnswer.Acquired>(answer);
    }

    [Fact]
    public async Task A_watch_that_begins_behind_a_compaction_says_so_and_the_next_one_goes_on()
    {
        var keys = new EtcdKeys(_place.Work);
        await EtcdPlace.WinAsync(_leases, "a-1");
        await EtcdPlace.WinAsync(_leases, "b-1");
        EtcdServers.Shared.Do("compact", $"{await RevisionAsync()}");
        using (var late = await _space.WatchAsync(
            keys.Holder(ElectionName.Main), EtcdKeys.After(keys.Lease(ElectionName.Main)), 1, Cancel))
        {
            Assert.False(await late.ChangedAsync(Cancel));
        }

        await using var watch = _leases.WatchAsync(ElectionName.Main, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await watch.MoveNextAsync());
        var next = watch.MoveNextAsync();
        await EtcdPlace.WinAsync(_leases, "c-1");
        EtcdServers.Shared.Do("compact", $"{await RevisionAsync()}");
        Assert.True(await next);
        Assert.Equal("c-1", watch.Current.Holder!.Holder.Value);
        Assert.Equal(3, (await EtcdPlace.WinAsync(_leases, "d-1")).Epoch.Value - 1);
    }

    [Fact]
    public async Task Silence_is_told_by_the_clock_of_etcd_whatever_the_hosts_think()
    {
        await EtcdPlace.WinAsync(_leases, "a-1");
        foreach (var hours in (int[])[-1, 1])
        {
            var wrong = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(
                BootClock.Instance.GetUtcNow().AddHours(hours));
            var view = await new EtcdLeaseStore(_space, wrong).ReadAsync(ElectionName.Main, Cancel);
            Assert.True(view.HasRunOut || view.SilentFor < view.Ttl + TimeSpan.FromSeconds(1), $"{view.SilentFor}");
            Assert.True(view.SilentFor >= TimeSpan.Zero);
        }
    }

    [Fact]
    public async Task A_term_of_the_lost_time_is_closed_by_the_one_that_follows_it()
    {
        await EtcdPlace.WinAsync(_leases, "a-1");
        EtcdServers.Shared.Do("del", $"{_place.Prefix}main/lease");
        var won = Assert.IsType<AcquireAnswer.Acquired>(await _leases.TryAcquireAsync(
            EtcdPlace.Stand("b-1", LeaseView.Never(ElectionName.Main), LeaseStanding.None), Cancel));
        Assert.Equal(2, won.Term.Epoch.Value);
        Assert.True(won.KnownBefore < new Epoch(1), "that it was lost is known");
        Assert.Equal([TermEnd.Lost, null], (await EtcdPlace.TermsAsync(_leases)).Select(term => term.EndedBy));
    }

    [Fact]
    public async Task A_store_of_a_newer_program_is_not_touched()
    {
        EtcdServers.Shared.Do("put", $"{_place.Prefix}store", "{\"version\":2,\"id\":\"x\"}");
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => _place.MakeAsync());
        Assert.Equal(StoreFault.Newer, refusal.Code);
        EtcdServers.Shared.Do("put", $"{_place.Prefix}store", "{}");
        Assert.Equal(StoreFault.Damaged, (await Assert.ThrowsAsync<StoreUnavailableException>(() => _place.MakeAsync())).Code);
    }

    [Fact]
    public async Task Only_what_a_run_made_is_deleted_by_it()
    {
        const string run = "run1";
        using var scratch = new EtcdScratch(_space.Address, run);
        using var made = await EtcdKeyspace.OpenOrCreateAsync(
            _space.Address, $"{_place.Work}0", EtcdScratch.IdOf(run, "x"), Cancel);
        await EtcdPlace.WinAsync(_leases, "a-1");
        await EtcdPlace.WinAsync(new EtcdLeaseStore(made), "b-1");
        await Assert.ThrowsAsync<InvalidOperationException>(() => scratch.DropAsync(_place.Work, Cancel));
        await scratch.RemoveAsync(Cancel);
        Assert.Equal("", EtcdServers.Shared.Do("get", "--prefix", "--keys-only", $"/baton/{_place.Work}0/").Trim());
        Assert.Equal("a-1", (await _leases.ReadAsync(ElectionName.Main, Cancel)).Holder!.Holder.Value);
        await Assert.ThrowsAsync<InvalidOperationException>(() => scratch.DropAsync($"{_place.Work}0", Cancel));
    }

    private async Task<long> RevisionAsync() => (await _space.StepAsync([], [], [], Cancel)).Header.Revision;
}

/// <summary>A cluster that is slow to look for a leader of its own grants longer leases than it is asked for.</summary>
public sealed class EtcdLongLeaseTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cluster_that_grants_longer_leases_keeps_no_silent_leader_for_longer()
    {
        using var servers = EtcdServers.Start(1, "--heartbeat-interval", "100", "--election-timeout", "3000");
        using var proxy = new TcpProxy(servers.Members[0].Port);
        var place = new EtcdPlace(servers);
        (await place.MakeAsync()).Dispose();
        var ttl = TimeSpan.FromSeconds(2);
        await using var leader = await place.StandAsync("orc-a", ttl, $"127.0.0.1:{proxy.Port}");
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = await place.StandAsync("orc-b", ttl);
        await follower.FollowsAsync(first.Epoch);
        using var space = await place.OpenAsync();
        var leases = new EtcdLeaseStore(space);
        var view = await leases.ReadAsync(ElectionName.Main, Cancel);
        Assert.InRange(view.SilentFor!.Value, TimeSpan.Zero, ttl + TimeSpan.FromSeconds(1));
        proxy.BlackHole();
        await follower.LeadsAsync(above: first.Epoch.Value);
        Assert.False(first.IsValid);
        // The lease of etcd's own that the silent leader had is still there.
        Assert.True(int.Parse(servers.Do("lease", "list").Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) > 1);
        proxy.Heal();
    }
}
