using System.Collections;
using System.Collections.Immutable;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>This program, as drills try it.</summary>
/// <param name="around">The world around.</param>
/// <param name="server">Where the stores lie; null: in files.</param>
/// <param name="leases">Where the leases lie; null: in the stores.</param>
/// <param name="progress">Takes what goes on, in a line.</param>
internal sealed class DrillHost(
    Surroundings around, DrillServer? server, DrillLeases? leases, Action<string> progress) : IDrillHost
{
    /// <summary>The variable that names the run to all that descends from it.</summary>
    public const string Variable = "BATON_DRILL";

    private const string StoreVariable = "BATON_STORE";
    private const string LeasesVariable = "BATON_LEASES";
    private const string StateVariable = "XDG_STATE_HOME";
    private const string DebuggerVariable = "DOTNET_EnableDiagnostics";

    private readonly Dictionary<string, string> _lifelines = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private string _run = "";
    private int _started;

    /// <inheritdoc/>
    public TimeProvider Clock => around.Clock;

    /// <inheritdoc/>
    public string Store => (server is null ? "sqlite" : "postgres") + (leases is null ? "" : "+etcd");

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> PrepareAsync(string run, CancellationToken cancel)
    {
        _run = run;
        try
        {
            if (server is not null)
            {
                Progress($"its stores are {await server.PrepareAsync(run, cancel)}");
            }

            if (leases is not null)
            {
                Progress($"its leases are {await leases.PrepareAsync(run, cancel)}");
            }

            return new Removal(server, leases);
        }
        catch
        {
            await new Removal(server, leases).DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public IServerStore? Make(string workspace)
    {
        var home = new Workspace(workspace);
        Directory.CreateDirectory(home.Folder);
        home.WriteConfig(new() { Leases = leases?.Address.WithoutSecrets ?? Settings.SameAsStore });
        var within = around with { Variable = name => name == Variable ? _run : around.Variable(name) };
        using var stores = around.Open(PlaceOf(workspace), OpenPurpose.Initialise, within);
        return server?.StoreOf(Path.GetFileName(workspace));
    }

    /// <inheritdoc/>
    public ILeasesApart? LeasesOf(string workspace) => leases?.Of(() =>
    {
        using var stores = OpenStores(workspace);
        return stores.StoreId;
    });

    /// <inheritdoc/>
    public ScratchStores Open(string workspace)
    {
        var stores = OpenStores(workspace);
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
                .SetItem(StoreVariable, server?.Address).SetItem(LeasesVariable, leases?.Lasting),
        });
        return new Guarding(guard, witness);
    }

    /// <inheritdoc/>
    public IDrillProcess Start(ProcessOrder order)
    {
        var variables = NothingOfOurs();
        var mark = $"{order.Run}/{Interlocked.Increment(ref _started)}";
        variables[Variable] = mark;
        // A runtime that is killed leaves the sockets of its debugger in the folder for temporary files.
        variables[DebuggerVariable] = "0";
        variables[Recording.Variable] = order.History;
        if (server is not null)
        {
            // The way to a child that shows a password to nobody.
            variables[StoreVariable] = PlaceOf(order.Workspace).Store.Text;
            variables[StateVariable] = StateOf(order.Workspace);
        }

        if (leases is not null)
        {
            variables[LeasesVariable] = leases.Address.Text;
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

    private OpenStores OpenStores(string workspace) => around.Open(PlaceOf(workspace), OpenPurpose.Use, around);

    private StorePlace PlaceOf(string workspace) => new(new(workspace), StoreUri.Parse(new(
        server?.AddressOf(Path.GetFileName(workspace)).Text ?? Workspace.DefaultStore, "default"), workspace), ElectionName.Main)
    {
        Leases = leases is null ? null : StoreUri.Parse(new(leases.Address.Text, "default"), workspace),
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

    /// <summary>Removes what the run made elsewhere than in its folder.</summary>
    private sealed class Removal(DrillServer? server, DrillLeases? leases) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                if (leases is not null)
                {
                    await leases.DisposeAsync();
                }
            }
            finally
            {
                if (server is not null)
                {
                    await server.DisposeAsync();
                }
            }
        }
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
