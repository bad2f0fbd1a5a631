namespace Baton.Work;

/// <summary>
/// A text file that is replaced whole or not at all, and that others may change at any time without asking: what an
/// editor saved in between is never lost.
/// </summary>
public sealed class WholeFile
{
    private const int MostTries = 20;

    /// <summary>The file at a path, which need not be there yet; a link is followed to its end.</summary>
    public WholeFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var file = new FileInfo(System.IO.Path.GetFullPath(path));
        Path = file.LinkTarget is null
            ? file.FullName
            : file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    private string Folder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>
    /// Replaces what it holds. Processes that change it this way take turns by a lock of their own; who doesn't is
    /// noticed until the very last moment, and the change is made anew.
    /// </summary>
    /// <param name="change">Reads the file and gives what it is to hold; null: nothing is to be changed.</param>
    /// <exception cref="IOException">It can't be written, or others change it without end; nothing was changed.</exception>
    /// <exception cref="UnauthorizedAccessException">It is read-only, or its folder is.</exception>
    public void Change(Func<byte[]?> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        for (var tries = 1; ; tries++)
        {
            var seen = Look();
            if (change() is not { } changed || TryWrite(changed, seen))
            {
                return;
            }

            if (tries == MostTries)
            {
                throw new IOException($"{Path} is being changed by another program without end; try again later");
            }
        }
    }

    /// <summary>What a database file of SQLite begins with: no text, and never to be replaced by one.</summary>
    public static ReadOnlySpan<byte> DatabaseMark => "SQLite format 3\0"u8;

    /// <summary>Whether its owner wants it to be left alone; a rename would pass over that wish.</summary>
    public bool IsReadOnly
    {
        get
        {
            const UnixFileMode anyWrite = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
            return (Mode & anyWrite) == UnixFileMode.None;
        }
    }

    private UnixFileMode? Mode => OperatingSystem.IsWindows() || !File.Exists(Path) ? null : File.GetUnixFileMode(Path);

    /// <summary>Refuses a file that its owner wants to be left alone.</summary>
    /// <exception cref="UnauthorizedAccessException">It is read-only.</exception>
    public void Check()
    {
        if (IsReadOnly)
        {
            throw new UnauthorizedAccessException($"{Path} is read-only; allow writing, or name another file");
        }
    }

    private (FileIdentity Identity, long Bytes, DateTime At)? Look() => FileIdentity.Look(Path) is { } look
        ? (look.Identity, look.Bytes, File.GetLastWriteTimeUtc(Path))
        : null;

    private bool TryWrite(byte[] bytes, (FileIdentity, long, DateTime)? seen)
    {
        Check();
        var mode = seen is null ? null : Mode;
        var fresh = System.IO.Path.Combine(Folder, $".{System.IO.Path.GetFileName(Path)}.new");
        try
        {
            // What a killed writer left, or somebody put there, is not written through.
            File.Delete(fresh);
            using (var file = new FileStream(fresh, FileMode.CreateNew, FileAccess.Write, FileShare.Read))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            if (mode is { } kept && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(fresh, kept);
            }

            if (Look() != seen)
            {
                File.Delete(fresh);
                return false;
            }

            File.Move(fresh, Path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(fresh);
            throw;
        }

        Folders.Flush(Folder);
        return true;
    }
}
