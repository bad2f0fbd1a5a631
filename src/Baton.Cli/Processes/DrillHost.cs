using System.Collections;
using System.Collections.Immutable;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>This program, as drills try it.</summary>
internal sealed class DrillHost(Surroundings around, Action<string> progress) : IDrillHost
{
    /// <summary>The variable that names the run to all that descends from it.</summary>
    public const string Variable = "BATON_DRILL";

    private readonly Dictionary<string, string> _lifelines = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private int _started;

    /// <inheritdoc/>
    public TimeProvider Clock => around.Clock;

    /// <inheritdoc/>
    public void Make(string workspace)
    {
        var home = new Workspace(workspace);
        Directory.CreateDirectory(home.Folder);
        home.WriteConfig(new() { Leases = "store" });
        using var stores = around.Open(PlaceOf(workspace), OpenPurpose.Initialise, around);
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
            Environment = NothingOfOurs().ToImmutable().SetItem(Lifeline.Variable, Lifeline.ValueOf(id, witness.Mark)),
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

    private static StorePlace PlaceOf(string workspace) => new(new(workspace),
        StoreUri.Parse(new(Workspace.DefaultStore, "default"), workspace), ElectionName.Main);

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
