using System.Globalization;
using System.Runtime.InteropServices;

namespace Baton.Sqlite;

/// <summary>
/// Finds the process that holds the write lock of a store, and ends it when it is one of Baton's own that was
/// frozen
/// in the middle of a write: everyone else waits for it, and nobody could lead.
/// </summary>
public static partial class BlockedWriter
{
    // Where SQLite's WAL puts its write lock in the shared memory file (wal.c, "WAL_WRITE_LOCK").
    private const long WriteLockAt = 120;
    private const int Kill = 9;
    private const int LongestCommand = 120;

    /// <summary>The process that holds the write lock; null when nobody does, or it can't be told.</summary>
    /// <param name="path">The store's file.</param>
    public static ProcessIdentity? Find(string path)
    {
        if (FileIdentity.Of(path + "-shm") is not { } shared)
        {
            return null;
        }

        try
        {
            foreach (var line in File.ReadLines("/proc/locks"))
            {
                if (PidOf(line, shared) is { } pid)
                {
                    return ProcessIdentity.Of(pid);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without /proc nobody can be named.
        }

        return null;
    }

    /// <summary>A process in words: its number, what it runs, and whether it is stopped.</summary>
    public static string Describe(ProcessIdentity process)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{process.Pid}/cmdline")
                .Split('\0', StringSplitOptions.RemoveEmptyEntries);
            var stat = File.ReadAllText($"/proc/{process.Pid}/stat");
            var state = stat[(stat.LastIndexOf(')') + 2)..][0];
            var command = string.Join(' ', words);
            command = command.Length <= LongestCommand ? command : command[..LongestCommand] + "…";
            return $"process {process.Pid} ({command}{(state is 'T' or 't' ? "; it is stopped" : "")})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended in the meantime, or belongs to someone else: the number is all there is to say.
            return $"process {process.Pid}";
        }
    }

    /// <summary>
    /// Ends the holder of the write lock if pid and start time are those of a leader or agent of this
    /// election whose
    /// lease or heartbeat has run out. Anything else is left alone.
    /// </summary>
    /// <returns>Who was ended; null when nobody was.</returns>
    internal static Ended? TryEnd(SqliteLink look, string path, string election, ClockDomain here, Instant now)
    {
        if (Find(path) is not { } writer || writer.Pid == Environment.ProcessId || writer.Start == 0)
        {
            return null;
        }

        var id = look.Read(link => link.Scalar("""
            SELECT holder FROM lease WHERE election = @election AND holder IS NOT NULL AND pid = @pid
                AND process_start = @start AND clock_domain = @domain AND expires_ns <= @now
            UNION ALL
            SELECT id FROM agent WHERE election = @election AND left_as IS NULL AND pid = @pid
                AND process_start = @start AND clock_domain = @domain AND expires_ns <= @now
            LIMIT 1
            """,
            ("election", election), ("pid", writer.Pid), ("start", writer.Start),
            ("domain", here.Value), ("now", now.Nanoseconds)) as string);
        // The lock is looked at again: what was found may have moved on in the meantime.
        return id is not null && here.Knows(here) && Find(path) == writer && kill(writer.Pid, Kill) == 0
            ? new(id, writer.Pid)
            : null;
    }

    // As "3: POSIX  ADVISORY  WRITE 1234 fe:00:5678 120 120"; a waiting lock begins with "->".
    private static int? PidOf(string line, FileIdentity shared)
    {
        var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts is not [_, "POSIX", _, "WRITE", var pid, var place, var from, var to])
        {
            return null;
        }

        var names = place.Split(':');
        return names.Length == 3
            && long.TryParse(names[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var major)
            && long.TryParse(names[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var minor)
            && long.TryParse(names[2], CultureInfo.InvariantCulture, out var inode)
            && ((major << 32) | minor) == shared.Device && inode == shared.Inode
            && long.TryParse(from, CultureInfo.InvariantCulture, out var first) && first <= WriteLockAt
            && (to == "EOF" || (long.TryParse(to, CultureInfo.InvariantCulture, out var last) && last >= WriteLockAt))
            && int.TryParse(pid, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : null;
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);

    /// <summary>Who was ended.</summary>
    internal sealed record Ended(string Id, int Pid);
}
