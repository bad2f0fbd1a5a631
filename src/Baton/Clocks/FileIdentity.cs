using System.Runtime.InteropServices;

namespace Baton;

/// <summary>What makes a file this very file, whatever its name: device and inode.</summary>
public readonly record struct FileIdentity(long Device, long Inode)
{
    /// <summary>The file at a path; null when there is none (or it can't be looked at).</summary>
    public static FileIdentity? Of(string path) => Posix.Stat(path)?.Identity;

    /// <summary>The length of the file at a path in bytes, with its identity, in one look.</summary>
    public static (FileIdentity Identity, long Bytes)? Look(string path) =>
        Posix.Stat(path) is { } stat ? (stat.Identity, stat.Bytes) : null;

    /// <summary>
    /// Whether something else than a file or folder lies at a path, a pipe or a device: reading it may never end.
    /// </summary>
    public static bool IsSpecial(string path) =>
        Posix.Stat(path) is { } stat && (stat.Mode & Posix.TypeMask) is not (Posix.PlainFile or Posix.Folder);

    /// <summary>What lies at a path instead of a file, in words; null where one does, or nothing.</summary>
    public static string? Oddity(string path) =>
        Directory.Exists(path) ? "a folder" : IsSpecial(path) ? "a pipe or a device" : null;
}

/// <summary>The few system calls that .NET does not offer. Linux.</summary>
internal static partial class Posix
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int CloseOnExec = 0x80000;
    public const int Directory = 0x10000;
    public const int LockShared = 1;
    public const int LockExclusive = 2;
    public const int DontBlock = 4;
    public const int Unlock = 8;
    public const int WouldBlock = 11;
    public const int Interrupted = 4;

    private const int AtWorkingFolder = -100;
    private const int AtEmptyPath = 0x1000;
    private const uint StatBasics = 0x7ff;

    public const int TypeMask = 0xF000;
    public const int PlainFile = 0x8000;
    public const int Folder = 0x4000;

    public readonly record struct FileStat(FileIdentity Identity, long Bytes, int Mode);

    public static FileStat? Stat(string path) => Stat(AtWorkingFolder, path, 0);

    public static FileStat? Stat(int file) => Stat(file, "", AtEmptyPath);

    private static unsafe FileStat? Stat(int folder, string path, int flags)
    {
        // The layout of struct statx is the same on every architecture; that of struct stat is not.
        var buffer = stackalloc byte[256];
        if (statx(folder, path, flags, StatBasics, buffer) != 0)
        {
            return null;
        }

        var mode = *(ushort*)(buffer + 28);
        var inode = *(long*)(buffer + 32);
        var bytes = *(long*)(buffer + 40);
        var device = ((long)*(uint*)(buffer + 136) << 32) | *(uint*)(buffer + 140);
        return new(new(device, inode), bytes, mode);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(int file, int operation);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(int file);

    /// <summary>Sets the times of a file to now.</summary>
    public static unsafe int Touch(int file) => futimens(file, null);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int futimens(int file, void* times);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static unsafe partial nint Read(int file, byte* buffer, nint bytes);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    public static partial int NewNotices(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8)]
    public static partial int AddNotice(int notices, string path, uint events);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    public static partial int RemoveNotice(int notices, int notice);
}
