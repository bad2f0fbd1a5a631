using System.Runtime.CompilerServices;
using Etcdserverpb;
using Google.Protobuf;

namespace Baton.Etcd;

/// <summary>
/// Leases in etcd. A record stays for good and counts the epochs; beside it a key hangs on a lease of etcd's own while
/// somebody leads. Each renewal is granted a fresh lease and moves the key onto it in the step that counts the renewal,
/// so that no member which lost its place without knowing can keep a leader alive. Every verb is a
/// compare-and-set on what the record holds, which also tells it from the record of a cluster that was put back; the
/// calls go on in the thread pool.
/// </summary>
public sealed partial class EtcdLeaseStore : ILeaseStore
{
    /// <summary>How many terms are on record at the least; some more until the next ones are dropped.</summary>
    public const int TermsKept = 1000;

    private static readonly TimeSpan ShortestTtl = TimeSpan.FromSeconds(2);

    // The request of a process that was seen to end is not under way for longer.
    private static readonly TimeSpan RevokedFor = TimeSpan.FromDays(1);

    private readonly EtcdKeyspace _space;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<ElectionName, LeaseState> _known = [];
    private readonly Dictionary<ElectionName, (HolderId Holder, Epoch Epoch, int Setbacks)> _confirmed = [];

    /// <summary>The leases of an open keyspace.</summary>
    /// <param name="space">The keyspace; closed by whoever opened it.</param>
    /// <param name="clock">The clock of the records, for display; default <see cref="BootClock"/>.</param>
    public EtcdLeaseStore(EtcdKeyspace space, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(space);
        _space = space;
        _clock = clock ?? BootClock.Instance;
    }

    /// <inheritdoc/>
    public LeaseStoreTraits Traits { get; } = new("etcd", ShortestTtl, TimeSpan.FromMilliseconds(50), Pushes: true)
    {
        IsRemote = true,
        TtlUnit = TimeSpan.FromSeconds(1),
    };

    private EtcdKeys Keys => _space.Keys;

    /// <inheritdoc/>
    public ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(candidacy);
        return new(AcquireAsync(candidacy, cancel));
    }

    /// <inheritdoc/>
    public ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        return new(RenewedAsync(term, cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        return new(EndAsync(term.Election, term.Holder, term.Epoch, reason, cancel));
    }

    /// <inheritdoc/>
    public async ValueTask<ReleaseAnswer> RevokeAsync(
        ElectionName election, HolderId holder, CancellationToken cancel)
    {
        // First that it wins nothing any more, then what it has: between the two it can only lose.
        var lease = await _space.GrantAsync(RevokedFor, cancel).ConfigureAwait(false);
        await _space.StepAsync([], [Put(Keys.Revoked(election, holder), ByteString.CopyFromUtf8("revoked"), lease)], [], cancel)
            .ConfigureAwait(false);
        await LookAsync(election, holder, cancel).ConfigureAwait(false);
        return await EndAsync(election, holder, null, TermEnd.Died, cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel)
    {
        var state = await LookAsync(election, default, cancel).ConfigureAwait(false);
        var view = View(election, state);
        return state switch
        {
            { Lease.Holder: null } or { Lease: null } => view,
            { OwnLease: { } own } => view with { SilentFor = await SilenceAsync(view, own, cancel).ConfigureAwait(false) },
            _ => view with { SilentFor = view.Ttl },
        };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Term> TermsAsync(
        ElectionName election, Epoch after, [EnumeratorCancellation] CancellationToken cancel)
    {
        var found = await _space.RangeAsync(new()
        {
            Key = Keys.TermsAfter(election, after),
            RangeEnd = Keys.EndOfTerms(election),
            SortOrder = RangeRequest.Types.SortOrder.Ascend,
            SortTarget = RangeRequest.Types.SortTarget.Key,
        }, cancel).ConfigureAwait(false);
        foreach (var pair in found.Kvs)
        {
            yield return TermOf(election, EtcdJson.ReadTerm(pair));
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseView> WatchAsync(
        ElectionName election, [EnumeratorCancellation] CancellationToken cancel)
    {
        LeaseView? last = null;
        while (true)
        {
            var state = await LookAsync(election, default, cancel).ConfigureAwait(false);
            if (last != View(election, state))
            {
                yield return last = View(election, state);
            }

            // The leader's key and the record stand side by side; what is compacted since the look begins a new one.
            using var watch = await _space.WatchAsync(Keys.Holder(election), EtcdKeys.After(Keys.Lease(election)),
                state.Revision + 1, cancel).ConfigureAwait(false);
            while (await watch.ChangedAsync(cancel).ConfigureAwait(false))
            {
                state = await LookAsync(election, default, cancel).ConfigureAwait(false);
                if (last != View(election, state))
                {
                    yield return last = View(election, state);
                }
            }
        }
    }

    /// <summary>
    /// By the wall clocks, as far as etcd's own clock bears them out; null where it can't be asked.
    /// </summary>
    private async Task<TimeSpan?> SilenceAsync(LeaseView view, long lease, CancellationToken cancel)
    {
        try
        {
            if (await _space.AgeOfAsync(lease, cancel).ConfigureAwait(false) is not { } age)
            {
                return view.Ttl;
            }

            var silence = Now() - view.RenewedAt!.Value;
            return silence < age.AtLeast ? age.AtLeast : silence > age.AtMost ? age.AtMost : silence;
        }
        catch (StoreUnavailableException)
        {
            // The lease itself was read; this is for display.
            return null;
        }
    }

    private async Task<LeaseState> LookAsync(ElectionName election, HolderId self, CancellationToken cancel)
    {
        var (_, header, seen) = await _space.StepAsync([], [], LeaseState.Looks(Keys, election, self), cancel)
            .ConfigureAwait(false);
        return Remember(election, LeaseState.Read(header.Revision, seen));
    }

    /// <summary>One step that happens only if the lease's record is still the one of a state.</summary>
    private async Task<(bool Done, LeaseState State)> StepAsync(ElectionName election, HolderId self, LeaseState state,
        IReadOnlyList<RequestOp> acts, CancellationToken cancel, params Compare[] more)
    {
        // Of a cluster that was put back, a revision of the lost time may name somebody else's record.
        var stands = state.LeaseText is not { } text ? Absent(Keys.Lease(election)) : new Compare
        {
            Key = Keys.Lease(election),
            Target = Compare.Types.CompareTarget.Value,
            Result = Compare.Types.CompareResult.Equal,
            Value = text,
        };
        var (done, header, seen) = await _space.StepAsync(
            [stands, .. more], acts, LeaseState.Looks(Keys, election, self), cancel).ConfigureAwait(false);
        return (done, Remember(election, LeaseState.Read(header.Revision, seen)));
    }

    private LeaseState? Recall(ElectionName election)
    {
        lock (_gate)
        {
            return _known.GetValueOrDefault(election);
        }
    }

    // Kept for the compare alone, which fails where it is too old.
    private LeaseState Remember(ElectionName election, LeaseState state)
    {
        lock (_gate)
        {
            // Who else asks is another process life.
            _known[election] = state with { IsRevoked = false };
        }

        return state;
    }

    private Term Confirm(Term term)
    {
        lock (_gate)
        {
            _confirmed[term.Election] = (term.Holder, term.Epoch, _space.Setbacks);
        }

        return term;
    }

    // Any request may be the one that is told; the leader is to know of it too.
    private bool IsConfirmed(Term term)
    {
        lock (_gate)
        {
            return !_confirmed.TryGetValue(term.Election, out var last) || last.Setbacks == _space.Setbacks
                || last.Holder != term.Holder || last.Epoch != term.Epoch;
        }
    }

    private static bool IsOlder(LeaseState state, Term term) =>
        state.IsHeldBy(term.Holder, term.Epoch) && state.Lease!.Renewals < term.Renewals;

    private RequestOp Hold(ElectionName election, LeaseRecord record, long lease) => Put(Keys.Holder(election),
        ByteString.CopyFromUtf8(LeaseState.HolderText(record.Epoch, record.Holder)), lease);

    private static RequestOp Put(ByteString key, ByteString value, long lease = 0) =>
        new() { RequestPut = new() { Key = key, Value = value, Lease = lease } };

    private static Compare Absent(ByteString key) => new()
    {
        Key = key,
        Target = Compare.Types.CompareTarget.Version,
        Result = Compare.Types.CompareResult.Equal,
        Version = 0,
    };

    private LeaseView View(ElectionName election, LeaseState state) => state.View(election, _space.StoreId);

    private Term TermOf(ElectionName election, LeaseRecord lease) =>
        new(election, new(lease.Epoch), new(lease.Holder!), TimeSpan.FromMilliseconds(lease.TtlMs))
        {
            Host = lease.Host,
            Pid = lease.Pid,
            Witness = lease is { WitnessDevice: { } device, WitnessInode: { } inode } ? new(device, inode) : null,
            Renewals = lease.Renewals,
            LeaseStoreId = _space.StoreId,
            BeganAt = lease.BeganAt,
        };

    private Term TermOf(ElectionName election, TermRecord term) =>
        new(election, new(term.Epoch), new(term.Holder), TimeSpan.FromMilliseconds(term.TtlMs))
        {
            Host = term.Host,
            Pid = term.Pid,
            LeaseStoreId = _space.StoreId,
            BeganAt = term.BeganAt,
            EndedAt = term.EndedAt,
            EndedBy = term.EndedBy,
        };

    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(_clock.GetUtcNow().ToUnixTimeMilliseconds());

    private static StoreUnavailableException Contended(ElectionName election) => new(StoreFault.Busy,
        $"the lease of the election {election} in etcd changed each time it was to be written",
        "somebody writes to its keys", true);
}
