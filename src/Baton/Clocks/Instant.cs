namespace Baton;

/// <summary>
/// A reading of a clock that never steps, in nanoseconds. Comparable only within one <see
/// cref="ClockDomain"/>.
/// </summary>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    /// <summary>Later than all.</summary>
    public static readonly Instant Never = new(long.MaxValue);

    /// <summary>Reads the clock.</summary>
    public static Instant Of(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var stamp = clock.GetTimestamp();
        return clock.TimestampFrequency == 1_000_000_000
            ? new(stamp)
            : new((long)((Int128)stamp * 1_000_000_000 / clock.TimestampFrequency));
    }

    /// <summary>The earlier of two.</summary>
    public static Instant Min(Instant left, Instant right) => left <= right ? left : right;

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>The instant that much later.</summary>
    public static Instant operator +(Instant at, TimeSpan span) => new(at.Nanoseconds + (span.Ticks * 100));

    /// <summary>The instant that much earlier.</summary>
    public static Instant operator -(Instant at, TimeSpan span) => new(at.Nanoseconds - (span.Ticks * 100));

    /// <summary>The time from <paramref name="right"/> to <paramref name="left"/>.</summary>
    public static TimeSpan operator -(Instant left, Instant right) =>
        TimeSpan.FromTicks((left.Nanoseconds - right.Nanoseconds) / 100);

    /// <summary>Whether earlier.</summary>
    public static bool operator <(Instant left, Instant right) => left.Nanoseconds < right.Nanoseconds;

    /// <summary>Whether later.</summary>
    public static bool operator >(Instant left, Instant right) => left.Nanoseconds > right.Nanoseconds;

    /// <summary>Whether not later.</summary>
    public static bool operator <=(Instant left, Instant right) => left.Nanoseconds <= right.Nanoseconds;

    /// <summary>Whether not earlier.</summary>
    public static bool operator >=(Instant left, Instant right) => left.Nanoseconds >= right.Nanoseconds;
}
