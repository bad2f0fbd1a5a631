using Etcdserverpb;
using Google.Protobuf;

namespace Baton.Etcd;

/// <summary>
/// The keys that hold the leases of one work store in a cluster: which store they are, how they are made, and whether
/// they still are what they were. All below <c>/baton/WORK-STORE-ID/</c>.
/// </summary>
public sealed class EtcdKeyspace : IDisposable
{
    private readonly EtcdCluster _cluster;
    private readonly ByteString _store;
    private readonly Lock _gate = new();
    private ulong _clusterId;
    private long _reached;
    private int _setbacks;

    private EtcdKeyspace(EtcdCluster cluster, EtcdKeys keys, ByteString store, StoreRecord record, ResponseHeader header)
    {
        _cluster = cluster;
        _store = store;
        Keys = keys;
        StoreId = record.Id;
        _clusterId = header.ClusterId;
        _reached = header.Revision;
    }

    /// <summary>The id that the store was given when it was made, as it stands in its terms.</summary>
    public string StoreId { get; }

    /// <summary>Where the cluster is.</summary>
    public EtcdAddress Address => _cluster.Address;

    /// <summary>What every key begins with.</summary>
    public string Prefix => Keys.Prefix;

    internal EtcdKeys Keys { get; }

    /// <summary>How often it was found that the cluster was put back, or is another one.</summary>
    internal int Setbacks => Volatile.Read(ref _setbacks);

    /// <summary>Opens what is there.</summary>
    /// <param name="address">The cluster.</param>
    /// <param name="workStoreId">The id of the store that keeps the work.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="StoreUnavailableException">
    /// It can't be reached, a newer program made it, or there is none (<see cref="StoreFault.Missing"/>).
    /// </exception>
    public static Task<EtcdKeyspace> OpenAsync(EtcdAddress address, string workStoreId, CancellationToken cancel) =>
        OpenAsync(address, workStoreId, null, cancel);

    /// <summary>Opens what is there, or makes it; any number at once get the same.</summary>
    /// <param name="address">The cluster.</param>
    /// <param name="workStoreId">The id of the store that keeps the work.</param>
    /// <param name="newId">The id of a store that is made.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="StoreUnavailableException">It can't be reached, or a newer program made it.</exception>
    public static Task<EtcdKeyspace> OpenOrCreateAsync(
        EtcdAddress address, string workStoreId, string newId, CancellationToken cancel)
    {
        ArgumentException.ThrowIfNullOrEmpty(newId);
        return OpenAsync(address, workStoreId, newId, cancel);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _cluster.Dispose();

    /// <summary>
    /// Compares and then acts, in one step of the cluster; acts only in this very store.
    /// </summary>
    /// <param name="compares">What must hold.</param>
    /// <param name="acts">What is done then.</param>
    /// <param name="looks">What is read otherwise, and after a success too.</param>
    /// <param name="cancel">Gives up; it may have happened.</param>
    /// <exception cref="StoreUnavailableException">It can't be done, or this is another store now.</exception>
    internal async Task<(bool Succeeded, ResponseHeader Header, IReadOnlyList<RangeResponse> Seen)> StepAsync(
        IEnumerable<Compare> compares, IEnumerable<RequestOp> acts, IReadOnlyCollection<RangeRequest> looks,
        CancellationToken cancel)
    {
        RequestOp[] reads = [Op(new RangeRequest { Key = Keys.Store }), .. looks.Select(Op)];
        var request = new TxnRequest();
        request.Compare.Add(new Compare
        {
            Key = Keys.Store,
            Target = Compare.Types.CompareTarget.Value,
            Result = Compare.Types.CompareResult.Equal,
            Value = _store,
        });
        request.Compare.AddRange(compares);
        request.Success.AddRange(acts);
        request.Success.AddRange(reads);
        request.Failure.AddRange(reads);
        long before;
        lock (_gate)
        {
            before = _reached;
        }

        var answer = await _cluster.AskAsync((line, options) => line.Keys.TxnAsync(request, options), cancel)
            .ConfigureAwait(false);
        Check(answer.Header, before);
        RangeResponse[] ranges = [.. answer.Responses
            .Where(response => response.ResponseCase == ResponseOp.ResponseOneofCase.ResponseRange)
            .Select(response => response.ResponseRange)];
        if (ranges[0].Kvs.Count == 0)
        {
            throw NoStore(Address);
        }

        return ranges[0].Kvs[0].Value == _store
            ? (answer.Succeeded, answer.Header, ranges[1..])
            : throw PutBack($"the leases at {Prefix} in etcd at {Address.Members} are another store's now");
    }

    /// <summary>A lease of etcd's own, granted just now; it ends by itself.</summary>
    internal async Task<long> GrantAsync(TimeSpan ttl, CancellationToken cancel) => (await _cluster.AskAsync(
        (line, options) => line.Leases.LeaseGrantAsync(
            new() { TTL = (long)Math.Ceiling(ttl.TotalSeconds) }, options), cancel).ConfigureAwait(false)).ID;

    /// <summary>
    /// How old a lease of etcd's own is at the least and at the most, by etcd's clock, which tells whole seconds of what
    /// is left; null once it ended.
    /// </summary>
    internal async Task<(TimeSpan AtLeast, TimeSpan AtMost)?> AgeOfAsync(long lease, CancellationToken cancel)
    {
        var answer = await _cluster.AskAsync(
            (line, options) => line.Leases.LeaseTimeToLiveAsync(new() { ID = lease }, options), cancel)
            .ConfigureAwait(false);
        var atMost = TimeSpan.FromSeconds(Math.Max(answer.GrantedTTL - answer.TTL, 0));
        return answer.TTL < 0 ? null
            : (TimeSpan.FromSeconds(Math.Max(answer.GrantedTTL - answer.TTL - 1, 0)),
                // It goes a while after its time is over.
                answer.TTL == 0 ? TimeSpan.MaxValue : atMost);
    }

    /// <summary>Reads a range.</summary>
    internal async Task<RangeResponse> RangeAsync(RangeRequest range, CancellationToken cancel) =>
        (await StepAsync([], [], [range], cancel).ConfigureAwait(false)).Seen[0];

    /// <summary>Tells of changes to keys from a revision on.</summary>
    internal Task<EtcdWatch> WatchAsync(ByteString from, ByteString to, long revision, CancellationToken cancel) =>
        _cluster.WatchAsync(new() { Key = from, RangeEnd = to, StartRevision = revision }, cancel);

    internal static RequestOp Op(RangeRequest range) => new() { RequestRange = range };

    private static async Task<EtcdKeyspace> OpenAsync(
        EtcdAddress address, string workStoreId, string? newId, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentException.ThrowIfNullOrEmpty(workStoreId);
        var cluster = new EtcdCluster(address);
        try
        {
            var keys = new EtcdKeys(workStoreId);
            var look = Op(new RangeRequest { Key = keys.Store });
            var request = new TxnRequest { Success = { look }, Failure = { look } };
            if (newId is not null)
            {
                request.Compare.Add(new Compare
                {
                    Key = keys.Store,
                    Target = Compare.Types.CompareTarget.Version,
                    Result = Compare.Types.CompareResult.Equal,
                    Version = 0,
                });
                request.Success.Insert(0, new RequestOp
                {
                    RequestPut = new() { Key = keys.Store, Value = EtcdJson.Write(new StoreRecord(StoreRecord.Known, newId)) },
                });
            }

            var answer = await cluster.AskAsync((line, options) => line.Keys.TxnAsync(request, options), cancel)
                .ConfigureAwait(false);
            if (answer.Responses[^1].ResponseRange.Kvs is not [var found, ..])
            {
                throw NoStore(address);
            }

            var record = EtcdJson.ReadStore(found);
            return record.Version <= StoreRecord.Known
                ? new(cluster, keys, found.Value, record, answer.Header)
                : throw new StoreUnavailableException(StoreFault.Newer,
                    $"the leases in etcd at {address.Members} have version {record.Version}, and this program knows "
                    + $"{StoreRecord.Known}", "use the newer program that made them");
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    private static StoreUnavailableException NoStore(EtcdAddress address) => new(StoreFault.Missing,
        $"the leases of this store are not in etcd at {address.Members}", $"baton init --leases '{address.Masked}'");

    /// <summary>
    /// A step that began after another had ended is of a later revision, unless the cluster was put back.
    /// </summary>
    private void Check(ResponseHeader header, long before)
    {
        var isAnother = false;
        lock (_gate)
        {
            isAnother = header.ClusterId != _clusterId;
            if (!isAnother && header.Revision >= before)
            {
                _reached = Math.Max(_reached, header.Revision);
                return;
            }

            // Told once; from here on it is the store.
            (_clusterId, _reached) = (header.ClusterId, header.Revision);
            _setbacks++;
        }

        throw PutBack(isAnother
            ? $"etcd at {Address.Members} is another cluster than before"
            : $"etcd at {Address.Members} went back to an older state (from revision {before} to {header.Revision})");
    }

    /// <summary>The fault of a cluster that is not what it was.</summary>
    internal static StoreUnavailableException PutBack(string how) => new(
        StoreFault.Replaced, how, "nothing was acknowledged since; 'baton doctor' says what is there now");
}
