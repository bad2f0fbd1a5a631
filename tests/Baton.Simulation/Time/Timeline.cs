namespace Baton.Simulation;

/// <summary>
/// True virtual time and everything that is still to happen, in one order. As a clock it is the one of the recording.
/// </summary>
internal sealed class Timeline : TimeProvider
{
    private static readonly DateTimeOffset Beginning = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Action, (long At, long Number)> _due = new();
    private long _numbers;

    public Instant Now { get; private set; } = new(1_000_000_000);

    /// <summary>How many things have happened.</summary>
    public long Steps { get; private set; }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => Now.Nanoseconds;

    public override DateTimeOffset GetUtcNow() => Beginning.AddTicks(Now.Nanoseconds / 100);

    /// <summary>
    /// Something happens then; what is to happen at one instant happens in the order in which it was said.
    /// </summary>
    public void At(Instant at, Action act)
    {
        if (at < Instant.Never)
        {
            _due.Enqueue(act, (Math.Max(at.Nanoseconds, Now.Nanoseconds), ++_numbers));
        }
    }

    public void After(TimeSpan span, Action act) => At(Now + span, act);

    /// <summary>Lets everything happen up to an instant, or until there is no need to go on.</summary>
    public void RunUntil(Instant end, Func<bool> isEnough)
    {
        while (!isEnough() && _due.TryPeek(out _, out var next) && next.At <= end.Nanoseconds)
        {
            var act = _due.Dequeue();
            Now = new(next.At);
            Steps++;
            act();
        }

        if (!isEnough())
        {
            Now = end;
        }
    }
}
