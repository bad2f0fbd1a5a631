using Baton.Etcd;

namespace Baton.Tests;

/// <summary>The leases of one test's own work in a cluster.</summary>
internal sealed class EtcdPlace(EtcdServers servers)
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);

    private static long _nonce;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The id of the work.</summary>
    public string Work { get; } = EtcdServers.NewWork();

    /// <summary>What each of its keys begins with.</summary>
    public string Prefix => $"/baton/{Work}/";

    /// <summary>Makes them, or opens them, over all members or some endpoints.</summary>
    public Task<EtcdKeyspace> MakeAsync(string? endpoints = null) =>
        EtcdKeyspace.OpenOrCreateAsync(Address(endpoints), Work, "store-1", Cancel);

    /// <summary>Opens what is there.</summary>
    public Task<EtcdKeyspace> OpenAsync(string? endpoints = null) =>
        EtcdKeyspace.OpenAsync(Address(endpoints), Work, Cancel);

    /// <summary>Lets somebody stand.</summary>
    public async Task<StoreCandidate> StandAsync(string name, TimeSpan ttl, string? endpoints = null)
    {
        var space = await MakeAsync(endpoints);
        return new(new EtcdLeaseStore(space), name, ttl, space);
    }

    /// <summary>Takes the lease as it stands, without an election.</summary>
    public static async Task<Term> WinAsync(
        ILeaseStore leases, string name, ElectionName? election = null, LeaseStanding? claimed = null)
    {
        var scope = election ?? ElectionName.Main;
        var view = await leases.ReadAsync(scope, Cancel);
        var standing = claimed ?? (view.Holder is not null ? LeaseStanding.RanOut
            : view.Epoch == Epoch.None ? LeaseStanding.None : LeaseStanding.Released);
        return Assert.IsType<AcquireAnswer.Acquired>(await leases.TryAcquireAsync(
            Stand(name, view, standing, scope), Cancel)).Term;
    }

    /// <summary>A candidacy for a lease that was seen.</summary>
    public static Candidacy Stand(string name, LeaseView seen, LeaseStanding standing, ElectionName? election = null) =>
        new(election ?? ElectionName.Main, new(new(name)), Ttl, Epoch.None, Interlocked.Increment(ref _nonce),
            new(seen.Epoch, seen.Renewals, standing));

    /// <summary>Every term on record.</summary>
    public static async Task<List<Term>> TermsAsync(ILeaseStore leases)
    {
        var terms = new List<Term>();
        await foreach (var term in leases.TermsAsync(ElectionName.Main, Epoch.None, Cancel))
        {
            terms.Add(term);
        }

        return terms;
    }

    private EtcdAddress Address(string? endpoints) =>
        EtcdAddress.Parse(endpoints is null ? servers.Address : $"etcd://{endpoints}");
}
