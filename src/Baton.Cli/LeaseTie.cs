using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Work and leases are tied by the fence alone: it names the lease store whose epochs it takes. Leases of another one
/// would show a leader that the work does not know, or elect one that it refuses.
/// </summary>
internal static class LeaseTie
{
    /// <summary>The stores, whose leases are looked at by this before anybody uses them.</summary>
    public static OpenStores Tied(OpenStores stores, OpenPurpose purpose) => purpose == OpenPurpose.Initialise ? stores
        : stores with { Home = new(() => Checked(stores)) };

    /// <summary>The id of the lease store whose epochs the work takes; null where nobody led yet.</summary>
    public static async Task<string?> OfAsync(IWorkStore work, CancellationToken cancel) =>
        (await work.SnapshotAsync(cancel)).Fence.LeaseStoreId;

    private static LeaseHome Checked(OpenStores stores)
    {
        var home = stores.Home.Value;
        var tied = OfAsync(stores.Work, CancellationToken.None).GetAwaiter().GetResult();
        return string.IsNullOrEmpty(tied) || tied == home.StoreId ? home : throw Foreign(stores.Place, tied);
    }

    private static StoreUnavailableException Foreign(StorePlace place, string tied)
    {
        var work = $"the work in {place.Store.Masked} takes its epochs from another lease store than";
        return place.Leases is { } leases
            ? new(StoreFault.ForeignLeases, $"{work} {leases.Masked}",
                "name that one with --leases or BATON_LEASES, or move to this one: baton init --leases URI")
            : EtcdLeases.Known(place) is { } known && known.Id == tied
                ? new(StoreFault.ForeignLeases, $"{work} its own, from leases in etcd ({known.Cluster})",
                    "name them with --leases or BATON_LEASES, or move them here: baton init --leases store")
                : new(StoreFault.ForeignLeases, $"{work} its own: it was put back from a copy while orchestrators ran, "
                    + "or its leases are in etcd",
                    "stop all orchestrators, then put the copy back once more; or name the leases in etcd with --leases");
    }
}
