using Microsoft.Extensions.Time.Testing;

namespace Baton.Conformance;

/// <summary>
/// What every lease store must do. A driver adds <see cref="Open"/> and nothing else; one instance, and one
/// empty
/// store, serves one fact.
/// </summary>
public abstract partial class LeaseStoreConformance
{
    /// <summary>A fail-safe for what is waited for; no fact waits this long.</summary>
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(6);
    private static readonly ElectionName Main = ElectionName.Main;

    private ILeaseStore? _store;
    private long _nonce;

    /// <summary>The clock of the rows.</summary>
    protected FakeTimeProvider Clock { get; } =
        new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    /// <summary>The name of that clock.</summary>
    protected ClockDomain Domain { get; } = new("conformance");

    /// <summary>
    /// Opens this fact's store on a clock; each call as another process would, all on the same rows.
    /// </summary>
    protected abstract ILeaseStore Open(TimeProvider clock, ClockDomain domain);

    private ILeaseStore Store => _store ??= Open(Clock, Domain);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Candidate Named(string name) => new(new HolderId(name));

    private static Sighting Sight(LeaseView view, LeaseStanding standing) =>
        new(view.Epoch, view.Renewals, standing);

    private Candidacy Stand(string name, Sighting seen, long floor = 0, ElectionName? election = null) =>
        new(election ?? Main, Named(name), Ttl, new Epoch(floor), ++_nonce, seen);

    private Task<AcquireAnswer> Try(Candidacy candidacy, ILeaseStore? store = null) =>
        (store ?? Store).TryAcquireAsync(candidacy, Cancel).AsTask();

    private Task<LeaseView> Read(ElectionName? election = null) =>
        Store.ReadAsync(election ?? Main, Cancel).AsTask();

    /// <summary>Takes the lease as it stands; the standing is claimed, as a store can't judge it.</summary>
    private async Task<Term> Win(
        string name, LeaseStanding? claimed = null, long floor = 0, ElectionName? election = null)
    {
        var view = await Read(election);
        var standing = claimed ?? (view.Holder is not null ? LeaseStanding.RanOut
            : view.Epoch == Epoch.None ? LeaseStanding.None : LeaseStanding.Released);
        return Assert.IsType<AcquireAnswer.Acquired>(
            await Try(Stand(name, Sight(view, standing), floor, election))).Term;
    }

    private async Task<Term> Renew(Term term) =>
        Assert.IsType<RenewAnswer.Renewed>(await Store.RenewAsync(term, Cancel)).Term;

    private async Task Release(Term term, TermEnd reason = TermEnd.Released) =>
        Assert.IsType<ReleaseAnswer.Released>(await Store.ReleaseAsync(term, reason, Cancel));

    private async Task<List<Term>> Terms(long after = 0, ElectionName? election = null)
    {
        var terms = new List<Term>();
        await foreach (var term in Store.TermsAsync(election ?? Main, new Epoch(after), Cancel))
        {
            terms.Add(term);
        }

        return terms;
    }

    /// <summary>The next view of a watch. A store that looks by the clock gets its beats.</summary>
    private async Task<LeaseView> Next(IAsyncEnumerator<LeaseView> watch)
    {
        var next = watch.MoveNextAsync().AsTask();
        var giveUp = Instant.Of(BootClock.Instance) + TooLong;
        while (!next.IsCompleted)
        {
            Assert.True(Instant.Of(BootClock.Instance) < giveUp, "the watch told nothing");
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        Assert.True(await next, "the watch ended");
        return watch.Current;
    }
}
