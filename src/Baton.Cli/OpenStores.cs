using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Cli;

/// <summary>For what a store is opened: it decides whether a missing one is made.</summary>
internal enum OpenPurpose
{
    /// <summary>To use what is there; a missing store is an error.</summary>
    Use,

    /// <summary>To make it where there was none yet (<c>init</c>).</summary>
    Initialise,

    /// <summary>To lead: only an orchestrator makes a store anew that was lost.</summary>
    Lead,
}

/// <summary>Where the stores and what belongs to them lie.</summary>
/// <param name="Workspace">The workspace; null where a store is named outside of any.</param>
/// <param name="Store">The store.</param>
/// <param name="Election">Whose work is meant.</param>
internal sealed record StorePlace(Workspace? Workspace, StoreUri Store, ElectionName Election)
{
    /// <summary>Where the leases are, if they are not in the store.</summary>
    public StoreUri? Leases { get; init; }

    /// <summary>Where this host keeps what belongs to a store on a server.</summary>
    public string StateFolder { get; init; } = "";

    /// <summary>The folder from which the command was given.</summary>
    public string WorkingFolder { get; init; } = "";

    /// <summary>
    /// What tells a child process of the stores. Its address may hold a password: it goes where only the owner of the
    /// process can read it.
    /// </summary>
    public ImmutableDictionary<string, string?> Variables => ImmutableDictionary<string, string?>.Empty
        .Add("BATON_STORE", Store.Text)
        .Add("BATON_LEASES", Leases?.Text ?? Settings.SameAsStore)
        .Add("BATON_ELECTION", Election.Value);

    // Another database in the same folder has an epoch file and witnesses of its own.
    private string Stem => !Store.IsEmbedded ? HostFolder.Of(StateFolder, Store.Address) + "/"
        : Path.GetFileName(Store.Path) == "baton.db" ? Path.GetDirectoryName(Store.Path) + "/"
        : Store.Path + ".";

    /// <summary>The folder that specs, memory and reports are relative to.</summary>
    public string Root => Workspace?.Root ?? (Store.IsEmbedded ? Path.GetDirectoryName(Store.Path)! : WorkingFolder);

    /// <summary>The high-water mark.</summary>
    public string EpochFile => Stem + "epoch";

    /// <summary>Which leases outside of the store this host has met.</summary>
    public string LeasesFile => Stem + "leases";

    /// <summary>The folder of witnesses.</summary>
    public string WitnessFolder => Stem + "witness";

    /// <summary>Where the output of pooled workers goes.</summary>
    public string LogFolder => Stem + "log";
}

/// <summary>The leases, and the id of the store that keeps them, as it stands in their terms.</summary>
internal sealed record LeaseHome(ILeaseStore Leases, string StoreId);

/// <summary>Somebody who keeps a store from everybody else.</summary>
/// <param name="Who">Who it is, and what it holds up.</param>
/// <param name="Next">What to do about it.</param>
internal sealed record Obstacle(string Who, string Next);

/// <summary>The stores of one run. Whoever opened them closes them.</summary>
/// <param name="Place">Where they lie.</param>
/// <param name="Home">The leases: opened when first asked for, for whoever only works needs none.</param>
/// <param name="Work">The work store.</param>
/// <param name="StoreId">The id of the work store.</param>
/// <param name="Witnesses">The witnesses of this host.</param>
/// <param name="Mark">The high-water mark of this host.</param>
internal sealed record OpenStores(StorePlace Place, Lazy<LeaseHome> Home, IWorkStore Work, string StoreId,
    WitnessFolder? Witnesses, HighWaterMark Mark) : IDisposable
{
    /// <summary>The kind of the work store, as faces show it.</summary>
    public string Kind => Work.Kind;

    /// <summary>The lease store.</summary>
    /// <exception cref="StoreUnavailableException">
    /// It can't be reached, or the work takes its epochs from another one (<see cref="StoreFault.ForeignLeases"/>).
    /// </exception>
    public ILeaseStore Leases => Home.Value.Leases;

    /// <summary>The messages, which lie beside the work; a recording of the work leaves them as they are.</summary>
    public IMessageStore Messages { get; init; } = (IMessageStore)Work;

    /// <summary>Whether the work store was lost, and an empty one was made in its place just now.</summary>
    public bool IsAnew { get; init; }

    /// <summary>Whether leases that lie apart were lost, and made anew just now.</summary>
    public bool AreLeasesAnew { get; init; }

    /// <summary>Whether the store was made just now, where there was none.</summary>
    public bool IsNew { get; init; }

    /// <summary>What a person should know of a server that works, but not as well as it could.</summary>
    public IReadOnlyList<string> Cautions { get; init; } = [];

    /// <summary>Names the process that holds the write lock at this moment; null when none does.</summary>
    public Func<string?> WhoWrites { get; init; } = static () => null;

    /// <summary>Finds who keeps rows of a store on a server from everybody; null when nobody does for long.</summary>
    public Func<CancellationToken, Task<Obstacle?>> WhoHoldsUp { get; init; } =
        static _ => Task.FromResult<Obstacle?>(null);

    /// <summary>
    /// Whether the stores stay usable for as long as their ids are the same; a file of that id may be another copy.
    /// </summary>
    public bool IsKnownById { get; init; }

    /// <summary>What else is to be closed with them.</summary>
    public IDisposable? Owned { get; init; }

    /// <summary>Whether these, just opened, are the ones that were opened before.</summary>
    /// <exception cref="StoreUnavailableException">The leases lie apart, and can't be reached.</exception>
    public bool IsSameAs(OpenStores before) => IsKnownById && before.IsKnownById && StoreId == before.StoreId
        && (Place.Leases is null || !before.Home.IsValueCreated || Home.Value.StoreId == before.Home.Value.StoreId);

    /// <summary>Closes them.</summary>
    public void Dispose() => Owned?.Dispose();
}
