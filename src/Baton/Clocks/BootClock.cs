using System.Runtime.InteropServices;

namespace Baton;

/// <summary>
/// A <see cref="TimeProvider"/> whose timestamps count the time that the machine was suspended
/// (CLOCK_BOOTTIME), so that a leader whose laptop slept knows that its term is over. Elsewhere than on Linux
/// it is the system's own monotonic clock.
/// </summary>
public sealed partial class BootClock : TimeProvider
{
    private const int ClockBootTime = 7;

    /// <summary>The one instance.</summary>
    public static BootClock Instance { get; } = new();

    private BootClock() { }

    /// <summary>Nanoseconds on Linux.</summary>
    public override long TimestampFrequency =>
        OperatingSystem.IsLinux() ? 1_000_000_000 : System.TimestampFrequency;

    /// <summary>Reads the clock.</summary>
    public override long GetTimestamp()
    {
        if (!OperatingSystem.IsLinux())
        {
            return System.GetTimestamp();
        }

        return clock_gettime(ClockBootTime, out var time) == 0
            ? checked((time.Seconds * 1_000_000_000) + time.Nanoseconds)
            : throw new InvalidOperationException("CLOCK_BOOTTIME can't be read");
    }

    /// <summary>Blocks this thread for real; ends early, and without an exception, when cancelled.</summary>
    public static void Pause(TimeSpan span, CancellationToken cancel)
    {
        cancel.WaitHandle.WaitOne(span);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int clock_gettime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
