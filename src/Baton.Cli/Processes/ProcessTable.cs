using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Baton.Cli;

/// <summary>A process as the kernel lists it.</summary>
/// <param name="Identity">Which.</param>
/// <param name="Parent">The id of its parent.</param>
/// <param name="Group">The id of its process group.</param>
/// <param name="Session">The id of its session.</param>
/// <param name="IsZombie">Whether it has ended and waits to be reaped.</param>
internal readonly record struct ProcessEntry(
    ProcessIdentity Identity, int Parent, int Group, int Session, bool IsZombie)
{
    /// <summary>The process id.</summary>
    public int Pid => Identity.Pid;
}

/// <summary>The processes of this host.</summary>
internal static class ProcessTable
{
    private const nint PidfdSendSignal = 424;
    private const nint PidfdOpen = 434;

    /// <summary>All processes that can be seen, zombies too.</summary>
    public static List<ProcessEntry> All()
    {
        var all = new List<ProcessEntry>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid)
                && Look(pid) is { } entry)
            {
                all.Add(entry);
            }
        }

        return all;
    }

    /// <summary>One process; null when there is none.</summary>
    public static ProcessEntry? Look(int pid)
    {
        if (Read($"/proc/{pid}/stat") is not { } stat)
        {
            return null;
        }

        // The name of the program stands in parentheses and may hold spaces and parentheses itself.
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19
            ? new(new(pid, long.Parse(fields[19])), int.Parse(fields[1]), int.Parse(fields[2]),
                int.Parse(fields[3]), fields[0] is "Z" or "X" or "x")
            : null;
    }

    /// <summary>Those below a process, itself not among them.</summary>
    public static HashSet<int> DescendantsOf(int pid, List<ProcessEntry> all)
    {
        var children = all.ToLookup(entry => entry.Parent, entry => entry.Pid);
        var found = new HashSet<int>();
        var open = new Stack<int>([pid]);
        while (open.TryPop(out var parent))
        {
            foreach (var child in children[parent])
            {
                if (found.Add(child))
                {
                    open.Push(child);
                }
            }
        }

        return found;
    }

    /// <summary>
    /// The value that a process found in its environment when it began; null where it can't be read.
    /// </summary>
    public static string? EnvironmentOf(int pid, string name)
    {
        var start = name + "=";
        foreach (var assignment in Read($"/proc/{pid}/environ")?.Split('\0') ?? [])
        {
            if (assignment.StartsWith(start, StringComparison.Ordinal))
            {
                return assignment[start.Length..];
            }
        }

        return null;
    }

    /// <summary>
    /// The same, waiting while the process is just becoming another program, or just ending: the kernel shows
    /// neither its arguments nor its environment then, on a busy machine for long.
    /// </summary>
    public static string? SettledEnvironmentOf(ProcessEntry process, string name)
    {
        const int threadsOfKernel = 2;
        const int mostLooks = 2000;
        for (var looks = 0; looks < mostLooks && process.Parent != threadsOfKernel; looks++)
        {
            if (Read($"/proc/{process.Pid}/environ") is not "" || Read($"/proc/{process.Pid}/cmdline") is not ""
                || Look(process.Pid) is not { IsZombie: false })
            {
                break;
            }

            BootClock.Pause(TimeSpan.FromMilliseconds(1), CancellationToken.None);
        }

        return EnvironmentOf(process.Pid, name);
    }

    /// <summary>
    /// Signals this very process, and never another that got its id since. False when it is gone.
    /// </summary>
    public static bool Signal(ProcessIdentity process, int signal)
    {
        var handle = (int)SystemCalls.syscall(PidfdOpen, process.Pid, 0, 0, 0);
        if (handle < 0 && Marshal.GetLastPInvokeError() != SystemCalls.NotImplemented)
        {
            return false;
        }

        try
        {
            // The handle stands for whoever bears the id now; only then can its start be compared.
            return process.IsAlive && (handle >= 0
                ? SystemCalls.syscall(PidfdSendSignal, handle, signal, 0, 0) == 0
                : SystemCalls.kill(process.Pid, signal) == 0);
        }
        finally
        {
            if (handle >= 0)
            {
                _ = SystemCalls.close(handle);
            }
        }
    }

    // A process may end between the listing and the look: that is no error.
    private static string? Read(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
