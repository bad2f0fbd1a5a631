using Baton.Validation;

namespace Baton.Cli;

/// <summary>A process that a drill started.</summary>
internal sealed class DrillChild : IDrillProcess
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly ChildProcess _child;

    public DrillChild(ChildStart start)
    {
        _child = ChildProcess.Start(start);
        Exit = ExitAsync();
    }

    /// <inheritdoc/>
    public ProcessIdentity Identity => _child.Identity;

    /// <inheritdoc/>
    public Task<int> Exit { get; }

    /// <inheritdoc/>
    public bool Signal(DrillSignal signal) => _child.Signal(signal switch
    {
        DrillSignal.End => SystemCalls.Terminate,
        DrillSignal.Kill => SystemCalls.Kill,
        DrillSignal.Freeze => SystemCalls.Stop,
        DrillSignal.Thaw => SystemCalls.Continue,
        _ => throw new ArgumentOutOfRangeException(nameof(signal)),
    });

    /// <inheritdoc/>
    public void KillTree()
    {
        // At once, for none of them is to have a last word; then whoever was just being started.
        _child.SignalTree(SystemCalls.Kill);
        _child.EndTree(TimeSpan.Zero);
    }

    /// <inheritdoc/>
    public void Dispose() => _child.Dispose();

    private async Task<int> ExitAsync()
    {
        var exit = await _child.Exit;
        // What outlives it may hold its pipes open; it has nothing to say.
        await _child.Drained.WaitAsync(LastWords, BootClock.Instance).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return exit.ShellCode;
    }
}
