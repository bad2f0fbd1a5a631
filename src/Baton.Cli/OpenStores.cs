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
    /// <summary>Where this host keeps what belongs to a store on a server.</summary>
    public string StateFolder { get; init; } = "";

    /// <summary>The folder from which the command was given.</summary>
    public string WorkingFolder { get; init; } = "";

    // Another database in the same folder has an epoch file and witnesses of its own.
    private string Stem => !Store.IsEmbedded ? Path.Combine(StateFolder, Store.Address.Key) + "/"
        : Path.GetFileName(Store.Path) == "baton.db" ? Path.GetDirectoryName(Store.Path) + "/"
        : Store.Path + ".";

    /// <summary>The folder that specs, memory and reports are relative to.</summary>
    public string Root => Workspace?.Root ?? (Store.IsEmbedded ? Path.GetDirectoryName(Store.Path)! : WorkingFolder);

    /// <summary>The high-water mark.</summary>
    public string EpochFile => Stem + "epoch";

    /// <summary>The folder of witnesses.</summary>
    public string WitnessFolder => Stem + "witness";

    /// <summary>Where the output of pooled workers goes.</summary>
    public string LogFolder => Stem + "log";
}

/// <summary>The stores of one run. Whoever opened them closes them.</summary>
internal sealed record OpenStores(
    StorePlace Place, ILeaseStore Leases, IWorkStore Work, WitnessFolder? Witnesses, HighWaterMark Mark) : IDisposable
{
    /// <summary>The kind of the work store, as faces show it.</summary>
    public string Kind => Work.Kind;

    /// <summary>The messages, which lie beside the work; a recording of the work leaves them as they are.</summary>
    public IMessageStore Messages { get; init; } = (IMessageStore)Work;

    /// <summary>Whether the work store was lost, and an empty one was made in its place just now.</summary>
    public bool IsAnew { get; init; }

    /// <summary>Whether the store was made just now, where there was none.</summary>
    public bool IsNew { get; init; }

    /// <summary>What a person should know of a server that works, but not as well as it could.</summary>
    public IReadOnlyList<string> Cautions { get; init; } = [];

    /// <summary>Names the process that holds the write lock at this moment; null when none does.</summary>
    public Func<string?> WhoWrites { get; init; } = static () => null;

    /// <summary>What else is to be closed with them.</summary>
    public IDisposable? Owned { get; init; }

    /// <summary>Closes them.</summary>
    public void Dispose() => Owned?.Dispose();
}
