using Baton.Etcd;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>Where the leases of a run lie when they are kept in etcd: in a cluster that is there, or one of its own.</summary>
/// <param name="given">The cluster that is there; null: the run starts its own.</param>
/// <param name="program">The program of a member; null where it is not to be started.</param>
internal sealed class DrillLeases(EtcdAddress? given, string? program) : IAsyncDisposable
{
    private OwnEtcd? _own;
    private EtcdScratch? _keys;

    /// <summary>What the guard must know of the cluster to remove the keys; null where it dies with the run.</summary>
    public string? Lasting => given?.Text;

    /// <summary>The cluster.</summary>
    public EtcdAddress Address => given ?? _own?.Address ?? throw new InvalidOperationException("the run has not begun");

    /// <summary>Starts the cluster where it is the run's own.</summary>
    /// <returns>Where that is, for a person.</returns>
    /// <exception cref="CommandFailure">No cluster could be started.</exception>
    public async Task<string> PrepareAsync(string run, CancellationToken cancel)
    {
        if (given is null)
        {
            try
            {
                _own = await OwnEtcd.MakeAsync(program!, run, cancel);
            }
            catch (IOException e)
            {
                throw new CommandFailure(ErrorCode.InputOutput, e.Message,
                    "name a cluster that runs: baton validate --leases etcd://…");
            }
        }

        _keys = new(Address, run);
        return $"keys of {Address.Masked}{(given is null ? " (the run's own cluster)" : "")}";
    }

    /// <summary>The leases of one work store, as something that faults are made in.</summary>
    /// <param name="idOf">Gives the work store's id.</param>
    public ILeasesApart Of(Func<string> idOf) => new Harmed(_keys!, idOf, _own);

    /// <summary>Removes the keys, and ends the cluster where it is the run's own.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_own is null && _keys is not null)
            {
                await _keys.RemoveAsync(CancellationToken.None);
            }
        }
        finally
        {
            _keys?.Dispose();
            if (_own is not null)
            {
                await _own.DisposeAsync();
            }
        }
    }

    private sealed class Harmed(EtcdScratch keys, Func<string> idOf, OwnEtcd? cluster) : ILeasesApart
    {
        public IOwnCluster? Cluster => cluster;

        public Task DropAsync(CancellationToken cancel) => keys.DropAsync(idOf(), cancel);
    }
}
