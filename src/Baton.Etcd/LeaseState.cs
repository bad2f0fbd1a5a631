using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;

namespace Baton.Etcd;

/// <summary>All that stands in etcd of one election at one revision.</summary>
/// <param name="Revision">The revision of the cluster at which it stood so.</param>
/// <param name="Lease">The record of the lease; null where nobody ever led.</param>
/// <param name="LeaseText">That record as it is written; null where there is none.</param>
/// <param name="OwnLease">The lease of etcd's own on which the leader's key hangs; null once that ran out.</param>
/// <param name="LastTerm">The newest term on record.</param>
/// <param name="TermCount">How many are on record.</param>
/// <param name="IsRevoked">Whether the process life that was asked for is revoked.</param>
internal sealed record LeaseState(long Revision, LeaseRecord? Lease, ByteString? LeaseText, long? OwnLease,
    TermRecord? LastTerm, long TermCount, bool IsRevoked)
{
    /// <summary>What is to be read for a state, in the order that <see cref="Read"/> expects.</summary>
    public static RangeRequest[] Looks(EtcdKeys keys, ElectionName election, HolderId self) =>
    [
        new() { Key = keys.Lease(election) },
        new() { Key = keys.Holder(election) },
        new()
        {
            Key = keys.TermsAfter(election, Epoch.None),
            RangeEnd = keys.EndOfTerms(election),
            Limit = 1,
            SortOrder = RangeRequest.Types.SortOrder.Descend,
            SortTarget = RangeRequest.Types.SortTarget.Key,
        },
        .. self == default ? (RangeRequest[])[]
            : [new() { Key = keys.Revoked(election, self), CountOnly = true }],
    ];

    /// <summary>The state that was read.</summary>
    /// <exception cref="StoreUnavailableException">A record is damaged.</exception>
    public static LeaseState Read(long revision, IReadOnlyList<RangeResponse> seen)
    {
        var lease = seen[0].Kvs.FirstOrDefault();
        var term = seen[2].Kvs.FirstOrDefault();
        var record = lease is null ? null : EtcdJson.ReadLease(lease);
        return new(revision, record, lease?.Value, LeaseOf(seen[1].Kvs.FirstOrDefault(), record),
            term is null ? null : EtcdJson.ReadTerm(term), seen[2].Count, seen.Count > 3 && seen[3].Count > 0);
    }

    /// <summary>Whether the lease stands as a follower saw it.</summary>
    public bool StandsAs(Sighting seen) =>
        (Lease?.Epoch ?? 0) == seen.Epoch.Value && (Lease?.Renewals ?? 0) == seen.Renewals && seen.Standing.IsVacant()
        && (Lease?.Holder is null || seen.Standing is LeaseStanding.RanOut or LeaseStanding.Died);

    /// <summary>Whether the lease is held by this process life in this epoch; in any where none is given.</summary>
    public bool IsHeldBy(HolderId holder, Epoch? epoch) =>
        Lease?.Holder == holder.Value && (epoch is not { } one || Lease.Epoch == one.Value);

    /// <summary>The highest epoch on record.</summary>
    public Epoch Known => new(Math.Max(Lease?.Epoch ?? 0, LastTerm?.Epoch ?? 0));

    /// <summary>The state as everybody knows it.</summary>
    public LeaseView View(ElectionName election, string storeId) => Lease is null
        ? LeaseView.Never(election)
        : new(election, new(Lease.Epoch))
        {
            Holder = Lease.Holder is null ? null : new Candidate(new(Lease.Holder))
            {
                Host = Lease.Host,
                Pid = Lease.Pid,
                ProcessStart = Lease.ProcessStart,
                Witness = Lease is { WitnessDevice: { } device, WitnessInode: { } inode } ? new(device, inode) : null,
            },
            HasRunOut = Lease.Holder is not null && OwnLease is null,
            Renewals = Lease.Renewals,
            Nonce = Lease.Nonce,
            Ttl = TimeSpan.FromMilliseconds(Lease.TtlMs),
            BeganAt = Lease.BeganAt,
            RenewedAt = Lease.RenewedAt,
            EndedBy = Lease.EndedBy,
            LeaseStoreId = storeId,
        };

    // A key of an older term that hangs on its lease still says nothing of this one.
    private static long? LeaseOf(KeyValue? holder, LeaseRecord? record) =>
        holder is not null && record is not null && holder.Value.ToStringUtf8() == HolderText(record.Epoch, record.Holder)
            ? holder.Lease : null;

    /// <summary>What the leader's key holds.</summary>
    public static string HolderText(long epoch, string? holder) => $"{epoch} {holder}";
}
