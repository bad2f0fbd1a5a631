using System.Runtime.InteropServices;

namespace Baton;

/// <summary>What .NET does not offer for folders. Linux.</summary>
public static class Folders
{
    /// <summary>
    /// Makes the names in a folder last over a loss of power: a file that was renamed into it is found there again.
    /// </summary>
    /// <exception cref="IOException">It can't be flushed; whether the names last is not known.</exception>
    public static void Flush(string folder)
    {
        var file = Posix.Open(folder, Posix.ReadOnly | Posix.Directory | Posix.CloseOnExec, 0);
        if (file < 0 || Posix.Fsync(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _ = file < 0 ? 0 : Posix.Close(file);
            throw new IOException($"{folder} can't be flushed: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        _ = Posix.Close(file);
    }

    /// <summary>A path with every link in it followed to its end, whether all of it is there or not.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="IOException">A link leads in a circle.</exception>
    public static string Real(string path)
    {
        var root = Path.GetPathRoot(path)!;
        var real = root;
        foreach (var part in path[root.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            FileSystemInfo entry = Directory.Exists(real) ? new DirectoryInfo(real) : new FileInfo(real);
            real = entry.LinkTarget is null ? real : entry.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }

        return real;
    }
}
