namespace Baton;

/// <summary>
/// Names the clock that an <see cref="Instant"/> was read from: one boot of one kernel in one time namespace.
/// Instants of two domains prove nothing about each other.
/// </summary>
public readonly record struct ClockDomain(string Value)
{
    /// <summary>A clock that can't be named; it is never the same as any other, itself included.</summary>
    public static readonly ClockDomain Unknown = new("");

    /// <summary>
    /// The domain of this process's boot clock; <see cref="Unknown"/> where the system does not tell.
    /// </summary>
    public static ClockDomain Current { get; } = Look();

    /// <summary>Whether both name the same known clock.</summary>
    public bool Knows(ClockDomain other) => !string.IsNullOrEmpty(Value) && Value == other.Value;

    private static ClockDomain Look()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Unknown;
        }

        try
        {
            var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            var space = new FileInfo("/proc/self/ns/time").LinkTarget ?? "time:[one]";
            return new($"{boot}/{space}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unknown;
        }
    }
}
