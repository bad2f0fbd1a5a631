using Etcdserverpb;

namespace Baton.Etcd;

/// <summary>The verbs that change a lease, each a compare-and-set on its record.</summary>
public sealed partial class EtcdLeaseStore
{
    private const int Tries = 5;
    private const int TermsDropped = 100;

    private async Task<AcquireAnswer> AcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        var (election, self) = (candidacy.Election, candidacy.Candidate.Holder);
        var state = Recall(election) is { } known && known.StandsAs(candidacy.Seen)
            ? known : await LookAsync(election, self, cancel).ConfigureAwait(false);
        Epoch? knownBefore = null;
        for (var tries = Tries; ; tries--)
        {
            if (state.IsRevoked)
            {
                return new AcquireAnswer.Revoked();
            }

            if (state.IsHeldBy(self, null) && state.Lease!.Nonce == candidacy.Nonce)
            {
                // Where another call won it, what was known then went with its answer.
                return new AcquireAnswer.Acquired(
                    Confirm(TermOf(election, state.Lease)), knownBefore ?? new(state.Lease.Epoch));
            }

            if (!state.StandsAs(candidacy.Seen) || tries == 0)
            {
                return new AcquireAnswer.Held(View(election, state));
            }

            var before = state;
            var lease = await _space.GrantAsync(candidacy.Ttl, cancel).ConfigureAwait(false);
            var dropped = await DroppedAsync(election, before, cancel).ConfigureAwait(false);
            var record = Begin(candidacy, before);
            knownBefore = new(before.Lease?.Epoch ?? 0);
            (var won, state) = await StepAsync(election, self, before,
                [.. Begin(election, record, before.LastTerm, LeaseRules.EndOf(candidacy.Seen.Standing), lease), .. dropped],
                cancel, Absent(Keys.Revoked(election, self))).ConfigureAwait(false);
            if (won)
            {
                return new AcquireAnswer.Acquired(Confirm(TermOf(election, record)), knownBefore.Value);
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
        ElectionName election, LeaseRecord record, TermRecord? last, TermEnd? formerEnd, long lease)
    {
        yield return Put(Keys.Lease(election), EtcdJson.Write(record));
        yield return Hold(election, record, lease);
        yield return Put(Keys.Term(election, record.Epoch), EtcdJson.Write(new TermRecord(record.Epoch, record.Holder!,
            record.Host, record.Pid, record.TtlMs, record.BeganAt, null, null)));
        if (last is { EndedBy: null } former)
        {
            // Who gives a lease back says so in its term: where that did not happen the lease was lost.
            yield return Put(Keys.Term(election, former.Epoch),
                EtcdJson.Write(former with { EndedAt = record.BeganAt, EndedBy = formerEnd ?? TermEnd.Lost }));
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
            if (!IsConfirmed(term) || (isFresh && IsOlder(state!, term)))
            {
                throw EtcdKeyspace.PutBack($"etcd at {_space.Address.Members} went back to an older state");
            }

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
                return new RenewAnswer.Renewed(Confirm(term with { Renewals = record.Renewals }));
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
        LeaseRecord? ended = null;
        for (var tries = Tries; tries > 0; tries--)
        {
            if (state.Lease is { Holder: null } over && over.Epoch == ended?.Epoch && over.EndedBy == reason)
            {
                // It was done; the answer of the member that did it was lost.
                return new ReleaseAnswer.Released(new(over.Epoch));
            }

            if (!state.IsHeldBy(holder, epoch))
            {
                return new ReleaseAnswer.NotYours(View(election, state));
            }

            ended = state.Lease!;
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
}
