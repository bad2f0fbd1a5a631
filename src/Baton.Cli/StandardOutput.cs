using System.Runtime.InteropServices;

namespace Baton.Cli;

/// <summary>
/// Looks at the other end of the standard output, which .NET's console stream does not tell of.
/// </summary>
internal static partial class StandardOutput
{
    private const short Failed = 8;

    [StructLayout(LayoutKind.Sequential)]
    private struct Watched
    {
        public int File;
        public short Wanted;
        public short Seen;
    }

    /// <summary>Whether it is a pipe whose reader has gone.</summary>
    public static unsafe bool IsReaderGone()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var watched = new Watched { File = 1 };
        return poll(&watched, 1, 0) > 0 && (watched.Seen & Failed) != 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int poll(Watched* files, nuint count, int timeout);
}
