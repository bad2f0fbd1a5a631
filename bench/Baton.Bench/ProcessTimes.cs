using System.Globalization;

namespace Baton.Bench;

/// <summary>Seconds of a core that processes have used, as the kernel counts them.</summary>
internal static class ProcessTimes
{
    // The kernel's own unit for programs, on every platform that .NET runs on.
    private const double TicksPerSecond = 100;
    private const int UserTicks = 11;
    private const int SystemTicks = 12;
    private const int ChildUserTicks = 13;
    private const int ChildSystemTicks = 14;

    /// <summary>Of one process; 0 of one that is gone.</summary>
    public static double Of(int pid) => Ticks(pid, UserTicks, SystemTicks) / TicksPerSecond;

    /// <summary>Of a process and all of its children, gone or not.</summary>
    public static double OfFamily(int pid) => (Ticks(pid, UserTicks, SystemTicks, ChildUserTicks, ChildSystemTicks)
        + Children(pid).Sum(child => Ticks(child, UserTicks, SystemTicks))) / TicksPerSecond;

    private static IEnumerable<int> Children(int pid) => Read($"/proc/{pid}/task/{pid}/children")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    private static double Ticks(int pid, params ReadOnlySpan<int> which)
    {
        // The name of the program stands in brackets and may hold anything.
        var stat = Read($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var sum = 0.0;
        foreach (var field in which)
        {
            sum += fields.Length > field ? double.Parse(fields[field], CultureInfo.InvariantCulture) : 0;
        }

        return sum;
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
