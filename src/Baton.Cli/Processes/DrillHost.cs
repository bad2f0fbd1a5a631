using System.Collections;
using System.Collections.Immutable;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>This program, as drills try it.</summary>
/// <param name="around">The world around.</param>
/// <param name="server">Where the stores lie; null: in files.</param>
/// <param name="progress">Takes what goes on, in a line.</param>
internal sealed class DrillHost(Surroundings around, DrillServer? server, Action<string> progress) : IDrillHost
{
    /// <summary>The variable that names the run to all that descends from it.</summary>
    public const string Variable = "BATON_DRILL";

    private const string StoreVariable = "BATON_STORE";
    private const string StateVariable = "XDG_STATE_HOME";

    private readonly Dictionary<string, string> _lifelines = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private int _started;

    /// <inheritdoc/>
    public TimeProvider Clock => around.Clock;

    /// <inheritdoc/>
    public string Store => server is null ? "sqlite" : "postgres";

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> PrepareAsync(string run, CancellationToken cancel)
    {
        if (server is null)
        {
            return new Nothing();
        }

        try
        {
            Progress($"its stores are {await server.PrepareAsync(run, cancel)}");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public IServerStore? Make(string workspace)
    {
        var home = new Workspace(workspace);
        Directory.CreateDirectory(home.Folder);
        home.WriteConfig(new() { Leases = "store" });
        using var stores = around.Open(PlaceOf(workspace), OpenPurpose.Initialise, around);
        return server?.StoreOf(Path.GetFileName(workspace));
    }

    /// <inheritdoc/>
    public ScratchStores Open(string workspace)
    {
        var stores = around.Open(PlaceOf(workspace), OpenPurpose.Use, around);
        return new(stores.Leases, stores.Work, stores);
    }

    /// <inheritdoc/>
    public IDisposable Witness(string workspace)
    {
        var id = around.Ids.NewLife("drill").AsHolder();
        var witness = new WitnessFolder(PlaceOf(workspace).WitnessFolder).Hold(id);
        lock (_gate)
        {
            _lifelines[workspace] = Lifeline.ValueOf(id, witness.Mark);
        }

        return witness;
    }

    /// <inheritdoc/>
    public IDisposable Guard(string folder, string run)
    {
        var id = around.Ids.NewLife("validate").AsHolder();
        var witness = new WitnessFolder(ValidateGuardCommand.WitnessesOf(folder)).Hold(id);
        var guard = ChildProcess.Start(new([.. OwnProgram.Command, ValidateGuardCommand.Name, folder, run])
        {
            OwnSession = true,
            Environment = NothingOfOurs().ToImmutable().SetItem(Lifeline.Variable, Lifeline.ValueOf(id, witness.Mark))
                .SetItem(StoreVariable, server?.Address),
        });
        return new Guarding(guard, witness);
    }

    /// <inheritdoc/>
    public IDrillProcess Start(ProcessOrder order)
    {
        var variables = NothingOfOurs();
        var mark = $"{order.Run}/{Interlocked.Increment(ref _started)}";
        variables[Variable] = mark;
        variables[Recording.Variable] = order.History;
        if (server is not null)
        {
            // The way to a child that shows a password to nobody.
            variables[StoreVariable] = PlaceOf(order.Workspace).Store.Text;
            variables[StateVariable] = StateOf(order.Workspace);
        }

        lock (_gate)
        {
            variables[Lifeline.Variable] = _lifelines[order.Workspace];
        }

        return new DrillChild(new([.. OwnProgram.Command, .. order.Words])
        {
            Folder = order.Workspace,
            OwnSession = true,
            Output = new ChildOutput.Lines(order.Said),
            Errors = new ChildOutput.Lines(order.Complained),
            Environment = variables.ToImmutable(),
            Mark = $"{Variable}={mark}",
        });
    }

    /// <inheritdoc/>
    public void Progress(string line) => progress(line);

    private StorePlace PlaceOf(string workspace) => new(new(workspace), StoreUri.Parse(new(
        server?.AddressOf(Path.GetFileName(workspace)).Text ?? Workspace.DefaultStore, "default"), workspace), ElectionName.Main)
    {
        StateFolder = Path.Combine(StateOf(workspace), "baton"),
        WorkingFolder = workspace,
    };

    // What a host keeps of stores on servers: the marks of a run are no concern of the user's own.
    private static string StateOf(string workspace) => Path.Combine(workspace, "state");

    // What the user's shell says of stores and elections is of no concern to what a run starts.
    private static ImmutableDictionary<string, string?>.Builder NothingOfOurs()
    {
        var variables = ImmutableDictionary.CreateBuilder<string, string?>();
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (((string)variable.Key).StartsWith("BATON_", StringComparison.Ordinal))
            {
                variables[(string)variable.Key] = null;
            }
        }

        return variables;
    }

    private sealed class Nothing : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Guarding(ChildProcess guard, Witness witness) : IDisposable
    {
        public void Dispose()
        {
            // First the guard: it must not take the end of the witness for the end of the run.
            guard.Dispose();
            witness.Remove();
        }
    }
}
