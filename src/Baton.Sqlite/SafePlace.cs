using System.Runtime.InteropServices;

namespace Baton.Sqlite;

/// <summary>
/// Refuses file systems on which locks and shared memory don't reach every process that opens the store.
/// </summary>
internal static partial class SafePlace
{
    // The numbers of linux/magic.h.
    private static readonly Dictionary<long, string> Shared = new()
    {
        [0x6969] = "nfs",
        [0x517B] = "smb",
        [0xFF534D42] = "cifs",
        [0xFE534D42] = "smb2",
        [0x01021997] = "9p",
        [0x65735546] = "fuse or virtiofs",
        [0x5346414F] = "afs",
        [0x00C36400] = "ceph",
        [0x0BD00BD0] = "lustre",
        [0x01161970] = "gfs2",
        [0x7461636F] = "ocfs2",
    };

    /// <summary>Refuses an unsafe folder.</summary>
    /// <exception cref="StoreUnavailableException">
    /// <see cref="StoreFault.UnsafePlace"/>, with the file system named.
    /// </exception>
    public static void Require(string folder)
    {
        if (NameOfShared(folder) is { } name)
        {
            throw new StoreUnavailableException(StoreFault.UnsafePlace,
                $"{folder} lies on {name}, where locks do not hold between machines",
                "put the workspace on a disk of this machine, or use a server store");
        }
    }

    /// <summary>Whether nothing can be made in a folder, by this user or by anybody.</summary>
    public static bool IsReadOnly(string folder)
    {
        const int forWriting = 2;
        return access(folder, forWriting) != 0;
    }

    private static unsafe string? NameOfShared(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        // struct statfs is 120 bytes on 64-bit Linux and begins with its type.
        var buffer = stackalloc byte[256];
        return statfs(folder, buffer) == 0 ? Shared.GetValueOrDefault(*(long*)buffer & 0xFFFFFFFF) : null;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statfs(string path, byte* buffer);
}
