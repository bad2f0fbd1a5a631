namespace Baton;

/// <summary>
/// Lets a thread of its own sleep until an instant or a signal. On a real clock it waits in the kernel, so
/// that
/// a starved thread pool can't delay it; on any other it waits for that clock's timer.
/// </summary>
public sealed class Alarm(TimeProvider clock) : IDisposable
{
    // A kernel wait does not count suspended time: a long one is taken in pieces so that a deadline is not
    // overslept.
    private static readonly TimeSpan LongestPiece = TimeSpan.FromMilliseconds(500);

    private readonly object _gate = new();
    private readonly bool _real = clock is BootClock || ReferenceEquals(clock, TimeProvider.System);
    private bool _signalled;
    private ITimer? _timer;

    /// <summary>Wakes the sleeper, or keeps the next one from sleeping.</summary>
    public void Set()
    {
        lock (_gate)
        {
            _signalled = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Sleeps until the instant, or until <see cref="Set"/>.</summary>
    public void WaitUntil(Instant due)
    {
        lock (_gate)
        {
            if (!_real && !_signalled)
            {
                Arm(due);
            }

            while (!_signalled)
            {
                var left = due == Instant.Never ? LongestPiece : due - Instant.Of(clock);
                if (left <= TimeSpan.Zero)
                {
                    break;
                }

                _ = _real
                    ? Monitor.Wait(_gate, left < LongestPiece ? RoundUp(left) : LongestPiece)
                    : Monitor.Wait(_gate);
            }

            _signalled = false;
        }
    }

    /// <summary>Drops the timer.</summary>
    public void Dispose() => _timer?.Dispose();

    // Monitor.Wait counts whole milliseconds; rounding down would spin.
    private static TimeSpan RoundUp(TimeSpan left) => TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds));

    private void Arm(Instant due)
    {
        _timer?.Dispose();
        _timer = null;
        var left = due - Instant.Of(clock);
        if (due != Instant.Never && left > TimeSpan.Zero)
        {
            _timer = clock.CreateTimer(static alarm => ((Alarm)alarm!).Set(), this, left, Timeout.InfiniteTimeSpan);
        }
    }
}
