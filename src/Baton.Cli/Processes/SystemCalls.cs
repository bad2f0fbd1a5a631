using System.Runtime.InteropServices;

namespace Baton.Cli;

/// <summary>The system calls about processes that .NET does not offer. Linux.</summary>
internal static unsafe partial class SystemCalls
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Child = 17;
    public const int Continue = 18;
    public const int Stop = 19;

    public const int NoSuchFile = 2;
    public const int Interrupted = 4;
    public const int NotImplemented = 38;

    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int Create = 0x40;
    public const int Append = 0x400;
    public const int CloseOnExec = 0x80000;

    public const short SetSignalDefaults = 0x04;
    public const short SetSignalMask = 0x08;
    public const short SetSession = 0x80;

    public const int OneProcess = 1;
    public const int DontBlock = 1;
    public const int WhenExited = 4;
    public const int LeaveUnreaped = 0x01000000;

    /// <summary>Larger than the C library's own structures on every architecture.</summary>
    public const int StructureBytes = 1024;

    private const int BecomeSubreaper = 36;
    private const int TryAgain = 11;
    private static readonly TimeSpan FullPipe = TimeSpan.FromMilliseconds(5);

    /// <summary>Orphans among this process's descendants become its own children from now on.</summary>
    public static void AdoptOrphans()
    {
        if (prctl(BecomeSubreaper, 1, 0, 0, 0) != 0)
        {
            throw new IOException($"orphans can't be adopted: {LastError()}");
        }
    }

    /// <summary>
    /// A parent that ignores the end of its children loses how they ended: the kernel reaps them. Whoever
    /// started this program may have left it so.
    /// </summary>
    public static void HeedChildren()
    {
        var action = stackalloc byte[StructureBytes];
        const nint ignore = 1;
        if (sigaction(Child, null, action) == 0 && *(nint*)action == ignore)
        {
            var standard = stackalloc byte[StructureBytes];
            new Span<byte>(standard, StructureBytes).Clear();
            _ = sigaction(Child, standard, null);
        }
    }

    public static string LastError() => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitid(int kind, uint id, byte* told, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int file);

    /// <summary>Writes all of it to one of our descriptors, as a child would.</summary>
    /// <exception cref="IOException">It can't be written; nobody reads it, for instance.</exception>
    public static void WriteAll(int file, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint written;
            fixed (byte* from = bytes)
            {
                written = write(file, from, (nuint)bytes.Length);
            }

            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case TryAgain:
                    // Someone made the stream that we share non-blocking.
                    BootClock.Pause(FullPipe, CancellationToken.None);
                    break;
                default:
                    throw new IOException($"output can't be written: {LastError()}");
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int file, byte* from, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sigaction(int signal, byte* now, byte* before);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    // The numbers of these calls are the same on every architecture; not every C library wraps them.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint syscall(nint number, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawnp(
        int* pid, string file, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* set);

    [LibraryImport("libc")]
    public static partial int posix_spawnattr_setsigmask(byte* attributes, byte* set);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addopen(
        byte* actions, int file, string path, int flags, int mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc")]
    public static partial int sigemptyset(byte* set);

    [LibraryImport("libc")]
    public static partial int sigfillset(byte* set);
}
