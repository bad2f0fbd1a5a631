using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Validation;

/// <summary>
/// What drills need of the program that they try: it makes workspaces, starts itself in them, and opens their stores.
/// </summary>
public interface IDrillHost
{
    /// <summary>The clock of this host; processes that record use the same one.</summary>
    TimeProvider Clock { get; }

    /// <summary>The kind of store that is tried, as faces name it.</summary>
    string Store { get; }

    /// <summary>
    /// Makes what the stores of a run lie in: for files nothing, on a server a place that bears the run's mark. Disposed
    /// of, it removes all that the run made there.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The server can't be reached, or refuses.</exception>
    Task<IAsyncDisposable> PrepareAsync(string run, CancellationToken cancel);

    /// <summary>Makes a workspace with an empty store in a folder that is there.</summary>
    /// <returns>The store as something that faults are made in; null where it is the file in that folder.</returns>
    IServerStore? Make(string workspace);

    /// <summary>
    /// The leases of such a workspace, where they are kept apart from its store, as something that faults are made in;
    /// null: they lie in the store.
    /// </summary>
    ILeasesApart? LeasesOf(string workspace);

    /// <summary>Opens the stores of such a workspace.</summary>
    /// <exception cref="StoreUnavailableException">They are lost or broken.</exception>
    ScratchStores Open(string workspace);

    /// <summary>Begins to witness for this process in a workspace: what is started there ends when this process does.</summary>
    IDisposable Witness(string workspace);

    /// <summary>
    /// Has a process of its own watch over the run: if the run is killed, it kills what the run started, frozen
    /// processes too, and removes the folder.
    /// </summary>
    IDisposable Guard(string folder, string run);

    /// <summary>
    /// Starts the program. Nothing of the user's own settings reaches it.
    /// </summary>
    IDrillProcess Start(ProcessOrder order);

    /// <summary>Told of what goes on, in a line.</summary>
    void Progress(string line);
}

/// <summary>What is to be started.</summary>
/// <param name="Run">The run that starts it.</param>
/// <param name="Workspace">Where it works.</param>
/// <param name="Words">The command line after the program's name.</param>
/// <param name="Said">Takes each line of its standard output, on another thread.</param>
/// <param name="Complained">Takes each line of its standard error, on another thread.</param>
public sealed record ProcessOrder(string Run, string Workspace, ImmutableArray<string> Words,
    Action<string> Said, Action<string> Complained)
{
    /// <summary>The folder that it records to; null: it does not record.</summary>
    public string? History { get; init; }
}

/// <summary>A process of the program that the run started. Disposed of, it and all that descends from it are ended.</summary>
public interface IDrillProcess : IDisposable
{
    /// <summary>Which process.</summary>
    ProcessIdentity Identity { get; }

    /// <summary>
    /// Completes with its exit code (128 and the signal, where one ended it) once it has ended and all that it said was
    /// heard.
    /// </summary>
    Task<int> Exit { get; }

    /// <summary>Signals it; false when it has ended.</summary>
    bool Signal(DrillSignal signal);

    /// <summary>Kills it and all that descends from it.</summary>
    void KillTree();
}

/// <summary>
/// A store on a server, made by the run, as something that faults are made in. Each verb refuses a store that the run
/// did not make.
/// </summary>
public interface IServerStore
{
    /// <summary>The server, where the run itself started it; null: faults of the whole of it are not to be made.</summary>
    IOwnServer? Server { get; }

    /// <summary>Takes it away with all that is in it.</summary>
    void Drop();

    /// <summary>Takes out all that is in it.</summary>
    void Empty();

    /// <summary>Keeps a copy of all that is in it.</summary>
    void Copy();

    /// <summary>Puts the copy in its place.</summary>
    void Restore();

    /// <summary>Ends all sessions that use it; how many.</summary>
    int EndSessions();
}

/// <summary>
/// Leases that are kept apart from the work, made by the run, as something that faults are made in. Each verb refuses
/// leases that the run did not make.
/// </summary>
public interface ILeasesApart
{
    /// <summary>The cluster, where the run itself started it; null: faults of its members are not to be made.</summary>
    IOwnCluster? Cluster { get; }

    /// <summary>Takes them away with all that is known of them.</summary>
    Task DropAsync(CancellationToken cancel);
}

/// <summary>A server that the run started.</summary>
public interface IOwnServer
{
    /// <summary>Stops it, and waits for its end.</summary>
    Task StopAsync();

    /// <summary>Starts it again; completes when it can be used.</summary>
    Task StartAsync(CancellationToken cancel);

    /// <summary>Stops all of its processes in their tracks (SIGSTOP).</summary>
    void Freeze();

    /// <summary>Lets them go on (SIGCONT).</summary>
    void Thaw();
}

/// <summary>A cluster that the run started. Its members are numbered from 0.</summary>
public interface IOwnCluster
{
    /// <summary>How many members it has.</summary>
    int Members { get; }

    /// <summary>The member that leads the cluster itself; waits until one does.</summary>
    Task<int> LeaderAsync(CancellationToken cancel);

    /// <summary>Kills members (SIGKILL), and waits for their end.</summary>
    Task KillAsync(ImmutableArray<int> members);

    /// <summary>Starts members again; completes when they can be used.</summary>
    Task StartAsync(ImmutableArray<int> members, CancellationToken cancel);

    /// <summary>Stops members in their tracks (SIGSTOP).</summary>
    void Freeze(ImmutableArray<int> members);

    /// <summary>Lets them go on (SIGCONT).</summary>
    void Thaw(ImmutableArray<int> members);

    /// <summary>Keeps a copy of all that the members hold; none may run.</summary>
    void Copy();

    /// <summary>Puts the copy in its place; none may run.</summary>
    void Restore();
}

/// <summary>The signals that drills use.</summary>
public enum DrillSignal
{
    /// <summary>Asks it to end (SIGTERM).</summary>
    End,

    /// <summary>Ends it on the spot (SIGKILL).</summary>
    Kill,

    /// <summary>Stops it in its tracks (SIGSTOP).</summary>
    Freeze,

    /// <summary>Lets it go on (SIGCONT).</summary>
    Thaw,
}

/// <summary>The stores of a scratch workspace.</summary>
/// <param name="Leases">The lease store.</param>
/// <param name="Work">The work store.</param>
/// <param name="Owner">Closes them.</param>
public sealed record ScratchStores(ILeaseStore Leases, IWorkStore Work, IDisposable Owner) : IDisposable
{
    /// <summary>Closes them.</summary>
    public void Dispose() => Owner.Dispose();
}
