namespace Baton.Work;

/// <summary>
/// Tells the roster that this process lives, on a thread of its own: a starved thread pool must not make a
/// living agent look stale. It beats for the process it runs in, and for no other.
/// </summary>
public sealed class Heartbeat : IDisposable
{
    private readonly IWorkStore _store;
    private readonly Agent _agent;
    private readonly Witness? _witness;
    private readonly TimeProvider _clock;
    private readonly Alarm _alarm;
    private readonly CancellationTokenSource _gone = new();
    private readonly Thread _thread;
    private FileIdentity? _told;
    private volatile bool _over;

    /// <summary>Begins to beat for a registered agent, each sixth of its ttl.</summary>
    /// <param name="store">The roster.</param>
    /// <param name="agent">The agent as registered.</param>
    /// <param name="witness">Its process's witness, made anew if its file vanished.</param>
    /// <param name="clock">The clock.</param>
    public Heartbeat(IWorkStore store, Agent agent, Witness? witness, TimeProvider clock)
    {
        _store = store;
        _agent = agent;
        _witness = witness;
        _told = agent.Witness;
        _clock = clock;
        _alarm = new(clock);
        _thread = new(Beat) { IsBackground = true, Name = "baton-heartbeat" };
        _thread.Start();
    }

    /// <summary>
    /// Cancelled when the roster no longer knows this life: it was evicted, and must begin a new one.
    /// </summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>What the roster said last; null before the first answer.</summary>
    public Agent? Last { get; private set; }

    /// <summary>Stops beating; returns once the beat under way is done.</summary>
    public void Dispose()
    {
        _over = true;
        _alarm.Set();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _alarm.Dispose();
        _gone.Dispose();
    }

    private void Beat()
    {
        while (!_over)
        {
            _alarm.WaitUntil(Instant.Of(_clock) + (_agent.Ttl / Agent.BeatsPerTtl));
            if (_over)
            {
                return;
            }

            try
            {
                _witness?.Restore();
                // What matters is what the roster knows: a renewal may have made it anew, and a report may
                // get lost.
                var mark = _witness?.Mark;
                var report = new AgentReport(_agent.Id) { Witness = mark == _told ? null : mark };
                // The embedded store completes on this thread; a remote one is waited for here, off the pool.
                Last = _store.ReportAsync(report, CancellationToken.None).AsTask().GetAwaiter().GetResult();
                if (Last is null)
                {
                    _gone.Cancel();
                    return;
                }

                _told = mark;
            }
            catch (StoreUnavailableException)
            {
                // Silence is the message: who is not heard of for a ttl is taken for gone. The next beat
                // tries again.
            }
        }
    }
}
