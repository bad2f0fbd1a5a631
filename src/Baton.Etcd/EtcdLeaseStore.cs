using System.Runtime.CompilerServices;
using Etcdserverpb;
using Google.Protobuf;

namespace Baton.Etcd;

/// <summary>
/// Leases in etcd. A record stays for good and counts the epochs; beside it a key hangs on a lease of etcd's own while
/// somebody leads. Each renewal is granted a fresh lease and moves the key onto it in the step that counts the renewal,
/// so that no member which lost its place without knowing can keep a leader alive. Every verb is a
/// compare-and-set on the record's revision; the calls go on in the thread pool.
/// </summary>
public sealed class EtcdLeaseStore : ILeaseStore
{
    /// <summary>How many terms are on record at the least; some more until the next ones are dropped.</summary>
    public const int TermsKept = 1000;

    private const int TermsDropped = 100;
    private static readonly TimeSpan ShortestTtl = TimeSpan.FromSeconds(2);

    // The request of a process that was seen to end is not under way for longer.
    private static readonly TimeSpan RevokedFor = TimeSpan.FromDays(1);

    private const int Tries = 5;

    private readonly EtcdKeyspace _space;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly Dictionary<ElectionName, LeaseState> _known = [];

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
        if (state is not { Lease.Holder: not null, OwnLease: { } own })
        {
            return view.HasRunOut ? view with { SilentFor = view.Ttl } : view;
        }

        var left = await _space.LeftOfAsync(own, cancel).ConfigureAwait(false);
        return view with { SilentFor = left < view.Ttl ? view.Ttl - left : TimeSpan.Zero };
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
            yield return TermOf(election, EtcdJson.Read(pair, EtcdJson.Default.TermRecord));
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

    private async Task<AcquireAnswer> AcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        var (election, self) = (candidacy.Election, candidacy.Candidate.Holder);
        var state = Recall(election) is { } known && known.StandsAs(candidacy.Seen)
            ? known : await LookAsync(election, self, cancel).ConfigureAwait(false);
        for (var tries = Tries; ; tries--)
        {
            if (state.IsRevoked)
            {
                return new AcquireAnswer.Revoked();
            }

            if (state.IsHeldBy(self, null) && state.Lease!.Nonce == candidacy.Nonce)
            {
                return new AcquireAnswer.Acquired(TermOf(election, state.Lease), new(state.Lease.Epoch));
            }

            if (!state.StandsAs(candidacy.Seen) || tries == 0)
            {
                return new AcquireAnswer.Held(View(election, state));
            }

            var before = state;
            var lease = await _space.GrantAsync(candidacy.Ttl, cancel).ConfigureAwait(false);
            var dropped = await DroppedAsync(election, before, cancel).ConfigureAwait(false);
            var record = Begin(candidacy, before);
            (var won, state) = await StepAsync(election, self, before,
                [.. Begin(election, record, before, LeaseRules.EndOf(candidacy.Seen.Standing), lease), .. dropped],
                cancel, Absent(Keys.Revoked(election, self))).ConfigureAwait(false);
            if (won)
            {
                return new AcquireAnswer.Acquired(TermOf(election, record), before.Known);
            }
        }
    }

    private LeaseRecord Begin(Candidacy candidacy, LeaseState before)
    {
        var (candidate, now) = (candidacy.Candidate, Now());
        return new(Epoch.Max(before.Known, candidacy.Floor).Next.Value, candidate.Holder.Value, 0, candidacy.Nonce,
            candidate.Host, candidate.Pid, candidate.ProcessStart, candidate.Witness?.Device, candidate.Witness?.Inode,
            (long)candidacy.Ttl.TotalMilliseconds, now, now, null);
    }

    private IEnumerable<RequestOp> Begin(
        ElectionName election, LeaseRecord record, LeaseState before, TermEnd? formerEnd, long lease)
    {
        yield return Put(Keys.Lease(election), EtcdJson.Write(record));
        yield return Hold(election, record, lease);
        yield return Put(Keys.Term(election, record.Epoch), EtcdJson.Write(new TermRecord(record.Epoch, record.Holder!,
            record.Host, record.Pid, record.TtlMs, record.BeganAt, null, null)));
        if (formerEnd is { } end && before.LastTerm is { EndedBy: null } former)
        {
            yield return Put(Keys.Term(election, former.Epoch),
                EtcdJson.Write(former with { EndedAt = record.BeganAt, EndedBy = end }));
        }
    }

    /// <summary>What goes when the record of terms has grown too long.</summary>
    private async Task<IReadOnlyList<RequestOp>> DroppedAsync(
        ElectionName election, LeaseState state, CancellationToken cancel)
    {
        if (state.TermCount < TermsKept + TermsDropped)
        {
            return [];
        }

        var oldest = await _space.RangeAsync(new()
        {
            Key = Keys.TermsAfter(election, Epoch.None),
            RangeEnd = Keys.EndOfTerms(election),
            KeysOnly = true,
            Limit = state.TermCount - TermsKept,
            SortOrder = RangeRequest.Types.SortOrder.Ascend,
            SortTarget = RangeRequest.Types.SortTarget.Key,
        }, cancel).ConfigureAwait(false);
        return oldest.Kvs.Count == 0 ? [] :
        [
            new()
            {
                RequestDeleteRange = new()
                {
                    Key = Keys.TermsAfter(election, Epoch.None),
                    RangeEnd = EtcdKeys.After(oldest.Kvs[^1].Key),
                },
            },
        ];
    }

    private async Task<RenewAnswer> RenewedAsync(Term term, CancellationToken cancel)
    {
        var (election, isFresh) = (term.Election, false);
        var state = Recall(election);
        for (var tries = Tries; tries > 0; tries--)
        {
            if (state?.IsHeldBy(term.Holder, term.Epoch) != true)
            {
                if (isFresh)
                {
                    return new RenewAnswer.NotYours(View(election, state!));
                }

                (state, isFresh) = (await LookAsync(election, default, cancel).ConfigureAwait(false), true);
                continue;
            }

            var lease = await _space.GrantAsync(term.Ttl, cancel).ConfigureAwait(false);
            var record = state.Lease! with
            {
                Renewals = state.Lease.Renewals + 1,
                RenewedAt = Now(),
                WitnessDevice = term.Witness?.Device,
                WitnessInode = term.Witness?.Inode,
            };
            (var renewed, state) = await StepAsync(election, default, state,
                [Put(Keys.Lease(election), EtcdJson.Write(record)), Hold(election, record, lease)], cancel)
                .ConfigureAwait(false);
            if (renewed)
            {
                return new RenewAnswer.Renewed(term with { Renewals = record.Renewals });
            }

            isFresh = true;
        }

        throw Contended(election);
    }

    private async Task<ReleaseAnswer> EndAsync(
        ElectionName election, HolderId holder, Epoch? epoch, TermEnd reason, CancellationToken cancel)
    {
        var state = Recall(election) is { } known && known.IsHeldBy(holder, epoch)
            ? known : await LookAsync(election, default, cancel).ConfigureAwait(false);
        for (var tries = Tries; tries > 0; tries--)
        {
            if (!state.IsHeldBy(holder, epoch))
            {
                return new ReleaseAnswer.NotYours(View(election, state));
            }

            var ended = state.Lease!;
            (var done, state) = await StepAsync(election, default, state,
                [.. End(election, ended, state.LastTerm, reason)], cancel).ConfigureAwait(false);
            if (done)
            {
                return new ReleaseAnswer.Released(new(ended.Epoch));
            }
        }

        throw Contended(election);
    }

    private IEnumerable<RequestOp> End(ElectionName election, LeaseRecord lease, TermRecord? last, TermEnd reason)
    {
        yield return Put(Keys.Lease(election), EtcdJson.Write(lease with { Holder = null, EndedBy = reason }));
        yield return new() { RequestDeleteRange = new() { Key = Keys.Holder(election) } };
        if (last is { EndedBy: null } term && term.Epoch == lease.Epoch)
        {
            yield return Put(Keys.Term(election, term.Epoch),
                EtcdJson.Write(term with { EndedAt = Now(), EndedBy = reason }));
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
        var stands = new Compare
        {
            Key = Keys.Lease(election),
            Target = Compare.Types.CompareTarget.Mod,
            Result = Compare.Types.CompareResult.Equal,
            ModRevision = state.LeaseRevision,
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
            _known[election] = state;
        }

        return state;
    }

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
