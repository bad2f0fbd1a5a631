namespace Baton.Cli;

/// <summary>
/// A temporary folder that goes with its process. One whose process was killed stays until the next of its kind is
/// made: its lock is free then.
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    private const string LockName = ".held";
    private readonly FileLock _held;
    private bool _isKept;

    /// <summary>A new one; removes those of its kind that were left over.</summary>
    /// <param name="kind">What the name begins with.</param>
    /// <exception cref="IOException">It can't be made.</exception>
    public ScratchFolder(string kind)
    {
        RemoveLeftOvers(kind);
        Path = Directory.CreateTempSubdirectory(kind).FullName;
        // It gets the name by which others look for left-overs once it is held.
        var fresh = PathOf(LockName + ".new");
        _held = FileLock.Take(fresh, TimeSpan.Zero);
        File.Move(fresh, PathOf(LockName));
    }

    /// <summary>Where it lies.</summary>
    public string Path { get; }

    /// <summary>A file in it.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Leaves it where it is, for good.</summary>
    public void Keep()
    {
        _isKept = true;
        File.Delete(PathOf(LockName));
    }

    public void Dispose()
    {
        if (!_isKept)
        {
            Directory.Delete(Path, recursive: true);
        }

        _held.Dispose();
    }

    private static void RemoveLeftOvers(string kind)
    {
        foreach (var folder in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), kind + "*"))
        {
            var held = System.IO.Path.Combine(folder, LockName);
            try
            {
                // Without the file it is kept, or just being made.
                if (File.Exists(held))
                {
                    using var free = FileLock.TryTake(held, TimeSpan.Zero);
                    if (free is not null)
                    {
                        Directory.Delete(folder, recursive: true);
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another user's, or gone by itself.
            }
        }
    }
}
