using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;

namespace Baton.Etcd;

/// <summary>
/// What a run of drills may damage in a cluster: keyspaces whose own id begins with the run's, and no others. Whoever
/// makes a store within the run gives it such an id.
/// </summary>
public sealed class EtcdScratch : IDisposable
{
    private static readonly ByteString Every = ByteString.CopyFromUtf8("/baton/");
    private static readonly ByteString End = ByteString.CopyFromUtf8("/baton0");

    private readonly EtcdCluster _cluster;
    private readonly string _mark;

    /// <summary>The keyspaces of a run.</summary>
    /// <param name="address">The cluster.</param>
    /// <param name="run">The run's id: 1 to 16 of a-z 0-9.</param>
    /// <exception cref="ArgumentException">It is no id of a run.</exception>
    public EtcdScratch(EtcdAddress address, string run)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentException.ThrowIfNullOrEmpty(run);
        if (run.Length > 16 || !run.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter)))
        {
            throw new ArgumentException($"'{run}' is no name of a run: 1 to 16 of a-z 0-9", nameof(run));
        }

        _cluster = new(address);
        _mark = IdOf(run, "");
    }

    /// <summary>The id of a store that is made within a run.</summary>
    public static string IdOf(string run, string id) => $"{run}-{id}";

    /// <summary>Deletes the keys of one work store's leases, whoever uses them.</summary>
    /// <exception cref="InvalidOperationException">They were not made by this run.</exception>
    /// <exception cref="StoreUnavailableException">The cluster can't be reached.</exception>
    public async Task DropAsync(string workStoreId, CancellationToken cancel)
    {
        var keys = new EtcdKeys(workStoreId);
        var found = await GetAsync(keys.Store, cancel).ConfigureAwait(false);
        if (found is null || !await TryDropAsync(keys, found, cancel).ConfigureAwait(false))
        {
            throw new InvalidOperationException($"the keys {keys.Prefix} were not made by run {_mark.TrimEnd('-')}");
        }
    }

    /// <summary>Deletes everything that was made within the run.</summary>
    /// <exception cref="StoreUnavailableException">The cluster can't be reached.</exception>
    public async Task RemoveAsync(CancellationToken cancel)
    {
        var all = await _cluster.AskAsync((line, options) => line.Keys.RangeAsync(
            new() { Key = Every, RangeEnd = End, KeysOnly = true }, options), cancel).ConfigureAwait(false);
        foreach (var key in all.Kvs.Select(pair => pair.Key.ToStringUtf8()))
        {
            if (key.Split('/') is ["", "baton", { Length: > 0 } work, "store"]
                && await GetAsync(new EtcdKeys(work).Store, cancel).ConfigureAwait(false) is { } found)
            {
                await TryDropAsync(new(work), found, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _cluster.Dispose();

    private async Task<KeyValue?> GetAsync(ByteString key, CancellationToken cancel) => (await _cluster.AskAsync(
        (line, options) => line.Keys.RangeAsync(new() { Key = key }, options), cancel).ConfigureAwait(false))
        .Kvs.FirstOrDefault();

    private bool BearsMark(KeyValue store)
    {
        try
        {
            return EtcdJson.ReadStore(store).Id.StartsWith(_mark, StringComparison.Ordinal);
        }
        catch (StoreUnavailableException)
        {
            // What can't be read is somebody else's trouble: this run wrote none such.
            return false;
        }
    }

    // Only while the mark that was read still stands there.
    private async Task<bool> TryDropAsync(EtcdKeys keys, KeyValue found, CancellationToken cancel)
    {
        if (!BearsMark(found))
        {
            return false;
        }

        var request = new TxnRequest
        {
            Compare =
            {
                new Compare
                {
                    Key = keys.Store,
                    Target = Compare.Types.CompareTarget.Mod,
                    Result = Compare.Types.CompareResult.Equal,
                    ModRevision = found.ModRevision,
                },
            },
            Success =
            {
                new RequestOp
                {
                    RequestDeleteRange = new()
                    {
                        Key = ByteString.CopyFromUtf8(keys.Prefix), RangeEnd = keys.EndOfPrefix,
                    },
                },
            },
        };
        return (await _cluster.AskAsync((line, options) => line.Keys.TxnAsync(request, options), cancel)
            .ConfigureAwait(false)).Succeeded;
    }
}
