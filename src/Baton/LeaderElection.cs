using System.Threading.Channels;

namespace Baton;

/// <summary>
/// Campaigns for the leadership of one election and runs the leader's work while this process leads.
/// Two threads of its own: one talks to the store, one keeps the deadlines and does no I/O, so a starved
/// thread
/// pool or a hung store can't make a leader overstay.
/// </summary>
/// <example>
/// <code>
/// var election = new LeaderElection(store, new() { Candidate = new(new("worker-1-k3x9q2")) });
/// await election.RunAsync(async leadership =&gt;
/// {
///     while (leadership.IsValid) { await WorkAsync(leadership.Epoch, leadership.Lost); }
/// }, stop);
/// </code>
/// </example>
public sealed class LeaderElection : IAsyncDisposable
{
    private readonly ElectionDriver _driver;
    private readonly Channel<Leadership> _granted = Channel.CreateUnbounded<Leadership>();
    private readonly TaskCompletionSource _turned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILeaseStore _store;
    private readonly LeaderElectionOptions _options;
    private readonly CancellationTokenSource _watching = new();
    private int _started;
    private volatile bool _over;

    /// <summary>An election that has not begun.</summary>
    /// <exception cref="ArgumentException">The options' timers are unsafe; the message names the rule.</exception>
    public LeaderElection(ILeaseStore store, LeaderElectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        _store = store;
        _options = options;
        _driver = new(store, options) { Granted = leadership => _granted.Writer.TryWrite(leadership) };
    }

    /// <summary>
    /// Campaigns until stopped, and calls <paramref name="lead"/> once for each term won. The work must end
    /// soon
    /// after <see cref="Leadership.Lost"/> is cancelled; when it returns while it leads, the lease is handed
    /// over.
    /// Completes once the lease is given back; faults with what the work threw, after giving it back.
    /// </summary>
    /// <param name="lead">The leader's work.</param>
    /// <param name="stop">Cancelled to leave in good order.</param>
    /// <exception cref="InvalidOperationException">It runs already, or ran.</exception>
    public async Task RunAsync(Func<Leadership, Task> lead, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(lead);
        if (Interlocked.Exchange(ref _started, 1) != 0)
        {
            throw new InvalidOperationException("an election runs once; make a new one");
        }

        new Thread(TurnAll) { IsBackground = true, Name = "baton-renew" }.Start();
        new Thread(KeepDeadlines) { IsBackground = true, Name = "baton-deadline" }.Start();
        using var witnesses = _options.Witnesses?.Watch(holder => _driver.Post(new ElectionInput.Beckoned(holder)));
        var watching = _store.Traits.Pushes ? WatchAsync(_watching.Token) : Task.CompletedTask;
        using var stopping = stop.Register(() => _driver.Post(new ElectionInput.Stop()));
        Exception? failure = null;
        await foreach (var leadership in _granted.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await lead(leadership);
            }
            catch (OperationCanceledException)
                when (leadership.Lost.IsCancellationRequested || stop.IsCancellationRequested)
            {
                // The work noticed its end in the usual way, perhaps before the leadership itself did.
            }
            catch (FencedException e)
            {
                leadership.ReportFenced(e);
            }
            catch (Exception e)
            {
                failure ??= e;
                _driver.Post(new ElectionInput.Stop());
            }

            _driver.Post(new ElectionInput.WorkReturned());
        }

        try
        {
            await _turned.Task;
        }
        finally
        {
            await _watching.CancelAsync();
            await watching;
        }

        if ((failure ?? _driver.Failure) is { } thrown)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown);
        }
    }

    /// <summary>Asks to hand over, if this candidate leads; it then stands back for one ttl.</summary>
    public void Resign() => _driver.Post(new ElectionInput.Resign());

    /// <summary>Ends the standing back after a hand-over. For a candidate that is alone.</summary>
    public void Campaign() => _driver.Post(new ElectionInput.Campaign());

    /// <summary>
    /// Leaves in good order, as the stop token of <see cref="RunAsync"/> does, without waiting for it.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        _driver.Post(new ElectionInput.Stop());
        return ValueTask.CompletedTask;
    }

    private void TurnAll()
    {
        SynchronizationContext.SetSynchronizationContext(new OwnThread());
        try
        {
            while (true)
            {
                _driver.Turn();
                if (_driver.IsFinished)
                {
                    break;
                }

                _driver.Alarm.WaitUntil(_driver.WakeAt);
            }

            _turned.SetResult();
        }
        catch (Exception e)
        {
            // A bug, not a refusal: the leadership must not outlive the thread that renews it.
            _turned.SetException(e);
        }

        _over = true;
        _driver.Dispose();
        _driver.Watch.Set();
        _granted.Writer.Complete();
    }

    private void KeepDeadlines()
    {
        SynchronizationContext.SetSynchronizationContext(new OwnThread());
        while (!_over)
        {
            _driver.Watch.WaitUntil(_driver.KeepDeadlines());
        }
    }

    private async Task WatchAsync(CancellationToken cancel)
    {
        var (timers, failures) = (_options.Settle(_store.Traits), 0);
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await foreach (var view in _store.WatchAsync(_options.Election, cancel))
                {
                    failures = 0;
                    _driver.Post(new ElectionInput.Hint(view));
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (StoreUnavailableException)
            {
                // The poll is what counts; the hint is asked for again.
            }

            failures++;
            await Task.Delay(timers.IsRemote ? timers.PauseAfter(failures, failures) : _store.Traits.PollEvery,
                _options.Clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// Marks a thread on which no await goes on. Whoever cancels a token runs what awaited it, to the next
    /// await:
    /// a drain on the renewing thread would keep it from renewing. With this it goes on in the pool.
    /// </summary>
    private sealed class OwnThread : SynchronizationContext;
}
