namespace Baton.Work;

/// <summary>
/// Tasks, agents and events in this process's memory: for tests, samples and simulations. Every verb
/// completes on
/// the calling thread.
/// </summary>
public sealed class InMemoryWorkStore : LocalWorkStore
{
    private readonly Lock _gate = new();
    private readonly InMemoryWorkRows _rows;
    private TaskCompletionSource _change = NewChange();
    private long _version = 1;

    /// <summary>An empty store of one election.</summary>
    /// <param name="election">The scope.</param>
    /// <param name="clock">The clock of the rows.</param>
    /// <param name="domain">Which clock that is.</param>
    public InMemoryWorkStore(ElectionName election, TimeProvider clock, ClockDomain domain)
        : base(election, clock, domain) => _rows = new(election);

    /// <inheritdoc/>
    public override string Kind => "memory";

    /// <inheritdoc/>
    public override async ValueTask<long> ChangedAsync(long mark, TimeSpan atMost, CancellationToken cancel)
    {
        Task change;
        lock (_gate)
        {
            if (_version != mark)
            {
                return _version;
            }

            change = _change.Task;
        }

        // Running out of time is an answer here, not a fault.
        await change.WaitAsync(atMost, Clock, cancel).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return _version;
        }
    }

    /// <inheritdoc/>
    protected override T Write<T>(bool isLasting, Func<WorkRows, T> verb, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(verb);
        cancel.ThrowIfCancellationRequested();
        T answer;
        TaskCompletionSource change;
        lock (_gate)
        {
            // A verb checks before it writes, so there is nothing to take back when it throws.
            answer = verb(_rows);
            _version++;
            change = _change;
            _change = NewChange();
        }

        change.SetResult();
        return answer;
    }

    /// <inheritdoc/>
    protected override T Read<T>(Func<WorkRows, T> read, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(read);
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return read(_rows);
        }
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
