namespace Baton.Simulation;

/// <summary>
/// The clocks of one host: boot time with an offset and a rate of its own, and a wall clock that may jump.
/// </summary>
internal sealed class HostClock(Timeline timeline, long offset, int partsPerMillion)
{
    private const long Million = 1_000_000;

    /// <summary>How far the wall clock is off.</summary>
    public TimeSpan WallError { get; set; }

    public Instant Now => Read(timeline.Now);

    public DateTimeOffset UtcNow => timeline.GetUtcNow() + WallError;

    /// <summary>What the clock shows at a true instant.</summary>
    public Instant Read(Instant at) =>
        new(offset + at.Nanoseconds + (long)((Int128)at.Nanoseconds * partsPerMillion / Million));

    /// <summary>The first true instant at which the clock shows this.</summary>
    public Instant TrueOf(Instant shown)
    {
        if (shown == Instant.Never)
        {
            return shown;
        }

        var at = (long)((Int128)(shown.Nanoseconds - offset) * Million / (Million + partsPerMillion));
        // The division rounds: the true one is near.
        for (at -= 2; Read(new(at)) < shown; at++)
        {
        }

        return new(at);
    }
}

/// <summary>A host's clocks as one process reads them: timers ring in that process, while it lives.</summary>
internal sealed class ProcessClock(Timeline timeline, HostClock host, SimulatedProcess process) : TimeProvider
{
    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => host.Now.Nanoseconds;

    public override DateTimeOffset GetUtcNow() => host.UtcNow;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Ring(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Ring(ProcessClock clock, Action callback) : ITimer
    {
        private long _armed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan)
            {
                throw new NotSupportedException("no timer of the simulation repeats");
            }

            var armed = ++_armed;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                clock.Arm(dueTime, () =>
                {
                    if (armed == _armed)
                    {
                        callback();
                    }
                });
            }

            return true;
        }

        public void Dispose() => _armed++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private void Arm(TimeSpan due, Action ring) =>
        timeline.At(host.TrueOf(host.Now + due), () => process.Do(ring));
}
