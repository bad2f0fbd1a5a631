using System.Runtime.CompilerServices;

namespace Baton.Simulation;

/// <summary>The lease store as one process reaches it.</summary>
internal sealed class NetworkedLeases(Arena arena, SimulatedProcess process) : ILeaseStore
{
    // As a store in a file: a connection knows that its file was replaced.
    private readonly int _generation = arena.Stores.Generation;

    public LeaseStoreTraits Traits => arena.Traits;

    public ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel) =>
        CallAsync(leases => leases.TryAcquireAsync(candidacy, CancellationToken.None), cancel, changes: true);

    public ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel) =>
        CallAsync(leases => leases.RenewAsync(term, CancellationToken.None), cancel, changes: true);

    public ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel) =>
        CallAsync(leases => leases.ReleaseAsync(term, reason, CancellationToken.None), cancel, changes: true);

    public ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel) =>
        CallAsync(leases => leases.RevokeAsync(election, holder, CancellationToken.None), cancel, changes: true);

    public ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel) =>
        CallAsync(leases => leases.ReadAsync(election, CancellationToken.None), cancel);

    public async IAsyncEnumerable<Term> TermsAsync(
        ElectionName election, Epoch after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var all = await CallAsync(async leases =>
        {
            var terms = new List<Term>();
            await foreach (var term in leases.TermsAsync(election, after, CancellationToken.None))
            {
                terms.Add(term);
            }

            return terms;
        }, cancel);
        foreach (var term in all)
        {
            yield return term;
        }
    }

    /// <summary>Nobody asks: what a push would tell is told by <see cref="Hints"/>.</summary>
    public async IAsyncEnumerable<LeaseView> WatchAsync(
        ElectionName election, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        yield break;
    }

    private ValueTask<T> CallAsync<T>(
        Func<ILeaseStore, ValueTask<T>> verb, CancellationToken cancel, bool changes = false) =>
        new(arena.Network.CallAsync(process, sent => LandAsync(verb, sent, changes), isLeaders: false, cancel));

    private async ValueTask<T> LandAsync<T>(Func<ILeaseStore, ValueTask<T>> verb, Instant sent, bool changes)
    {
        if (arena.NoticesReplacement && _generation != arena.Stores.Generation)
        {
            throw new StoreUnavailableException(StoreFault.Replaced, "the store was replaced");
        }

        var answer = await verb(arena.Stores.Leases(sent));
        if (changes)
        {
            await arena.Hints.ChangedAsync(arena.Stores.Rows);
        }

        return answer;
    }
}
