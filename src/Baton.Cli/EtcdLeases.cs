using System.Text.Json;
using Baton.Etcd;

namespace Baton.Cli;

/// <summary>What this host knows of leases in etcd: with it only those are made anew that were there.</summary>
/// <param name="Cluster">The cluster, as <see cref="EtcdAddress.Key"/> names it.</param>
/// <param name="Work">The id of the work store.</param>
/// <param name="Id">The id of the lease store.</param>
internal sealed record KnownLeases(string Cluster, string Work, string Id);

/// <summary>Opens leases in etcd for work that is kept elsewhere.</summary>
internal static class EtcdLeases
{
    /// <summary>The stores with their leases in etcd.</summary>
    /// <exception cref="CommandFailure">There never were leases there, as far as this host knows.</exception>
    /// <exception cref="StoreUnavailableException">The cluster can't be reached, or the leases are lost.</exception>
    public static OpenStores Of(OpenStores stores, EtcdAddress address, OpenPurpose purpose, Surroundings around)
    {
        var owned = new Owned(stores);
        try
        {
            var (home, isNew, isAnew) = purpose == OpenPurpose.Use
                ? (new Lazy<LeaseHome>(() => owned.Keep(OpenExisting(stores, address, around), around)), false, false)
                : Make(stores, address, purpose, around, owned);
            return stores with
            {
                Home = home, IsNew = stores.IsNew || isNew, AreLeasesAnew = isAnew && !stores.IsAnew, Owned = owned,
            };
        }
        catch
        {
            owned.Dispose();
            throw;
        }
    }

    private static (Lazy<LeaseHome> Home, bool IsNew, bool IsAnew) Make(
        OpenStores stores, EtcdAddress address, OpenPurpose purpose, Surroundings around, Owned owned)
    {
        var known = Known(stores.Place);
        // Of a work store that was lost and made anew the leases are new too.
        var isLost = known?.Cluster == address.Key || stores.IsAnew;
        EtcdKeyspace space;
        var isNew = false;
        try
        {
            space = Wait(EtcdKeyspace.OpenAsync(address, stores.StoreId, around.Stop));
        }
        catch (StoreUnavailableException e) when (e.Code == StoreFault.Missing)
        {
            if (purpose == OpenPurpose.Lead && !isLost)
            {
                throw NeverMade(e);
            }

            // Under the id that the fence knows; work that is new has none yet.
            var id = known is not null && known.Cluster == address.Key && known.Work == stores.StoreId
                ? known.Id : NewId(around);
            space = Wait(EtcdKeyspace.OpenOrCreateAsync(address, stores.StoreId, id, around.Stop));
            isNew = true;
        }

        var home = owned.Keep(space, around);
        Note(stores.Place, new(address.Key, stores.StoreId, space.StoreId));
        return (new(home), isNew, isNew && purpose == OpenPurpose.Lead);
    }

    // What is made within a run of drills bears the run's mark, so that the run may damage and remove it.
    private static string NewId(Surroundings around) => around.Variable(DrillHost.Variable)?.Split('/')[0] is { Length: > 0 } run
        ? EtcdScratch.IdOf(run, around.Ids.NewSecret()) : around.Ids.NewSecret();

    private static EtcdKeyspace OpenExisting(OpenStores stores, EtcdAddress address, Surroundings around)
    {
        try
        {
            return Wait(EtcdKeyspace.OpenAsync(address, stores.StoreId, around.Stop));
        }
        catch (StoreUnavailableException e) when (e.Code == StoreFault.Missing)
        {
            throw Known(stores.Place)?.Cluster == address.Key
                ? new StoreUnavailableException(e.Code, $"{e.Message} any more",
                    "an orchestrator makes them anew, above the known epochs", inner: e)
                : NeverMade(e);
        }
    }

    private static CommandFailure NeverMade(StoreUnavailableException e) =>
        new(ErrorCode.NoWorkspace, e.Message, e.Hint);

    /// <summary>The leases in etcd that this host has met for a place; null where there are none, or it can't be read.</summary>
    public static KnownLeases? Known(StorePlace place)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(place.LeasesFile), BatonJson.Default.KnownLeases);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            // Unknown leases are not made anew by themselves: that is the careful side.
            return null;
        }
    }

    private static void Note(StorePlace place, KnownLeases leases)
    {
        if (Known(place) == leases)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(place.LeasesFile)!);
        var fresh = place.LeasesFile + ".new";
        File.WriteAllText(fresh, JsonSerializer.Serialize(leases, BatonJson.Default.KnownLeases) + "\n");
        File.Move(fresh, place.LeasesFile, overwrite: true);
    }

    // Opening is for the thread that the command runs on; what waits for answers runs in the pool.
    private static T Wait<T>(Task<T> opening) => opening.GetAwaiter().GetResult();

    /// <summary>Closes the leases, if they were opened, and the store.</summary>
    private sealed class Owned(OpenStores stores) : IDisposable
    {
        private EtcdKeyspace? _space;

        public LeaseHome Keep(EtcdKeyspace space, Surroundings around)
        {
            _space = space;
            return new(new EtcdLeaseStore(space, around.Clock), space.StoreId);
        }

        public void Dispose()
        {
            _space?.Dispose();
            stores.Dispose();
        }
    }
}
