using System.Globalization;
using System.Text;

namespace Baton;

/// <summary>
/// Names a process of this host for good: ids come round again, an id and the moment of its start do not.
/// </summary>
/// <param name="Pid">The process id.</param>
/// <param name="Start">When it started, in the kernel's ticks since boot; 0 where the system does not tell.</param>
public readonly record struct ProcessIdentity(int Pid, long Start)
{
    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } =
        Of(Environment.ProcessId) ?? new(Environment.ProcessId, 0);

    /// <summary>
    /// The process that bears an id now; null where there is none, where it has ended and waits only to be
    /// reaped,
    /// and where the system does not tell.
    /// </summary>
    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            return Parse(pid, Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/stat")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether this very process still runs.</summary>
    public bool IsAlive => Of(Pid) is { } now && now.Start == Start;

    private static ProcessIdentity? Parse(int pid, string stat)
    {
        // The name of the program stands in parentheses and may hold spaces and parentheses itself.
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        const int state = 0;
        const int startTime = 19;
        return fields.Length > startTime && fields[state] is not ("Z" or "X" or "x")
            && long.TryParse(fields[startTime], CultureInfo.InvariantCulture, out var start)
            ? new(pid, start)
            : null;
    }
}
