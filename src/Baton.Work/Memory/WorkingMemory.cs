using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>What became of a section.</summary>
/// <param name="Number">Its number; null where it stood there already.</param>
/// <param name="Path">The file.</param>
public sealed record MemoryAnswer(long? Number, string Path);

/// <summary>
/// The working memory: one Markdown file that people and programs add sections to. Any number of writers may add at
/// once: each section is written whole, under the next number, and all else stays byte for byte.
/// </summary>
public sealed class WorkingMemory
{
    /// <summary>Where it lies unless something else is said, relative to the workspace.</summary>
    public const string DefaultFile = "memory/working.md";

    private const string Purpose = """
        # Working Memory

        What people and agents leave for those who come after them. Newest session first.


        """;

    private const int MostTries = 20;
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(30);
    private readonly string _path;

    /// <summary>The memory at a path; a link is followed to its end.</summary>
    /// <param name="path">The file, which need not be there yet.</param>
    public WorkingMemory(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var file = new FileInfo(System.IO.Path.GetFullPath(path));
        _path = file.LinkTarget is null
            ? file.FullName
            : file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;
    }

    /// <summary>The file.</summary>
    public string Path => _path;

    private string Folder => System.IO.Path.GetDirectoryName(_path)!;

    /// <summary>
    /// Writes a section: before the others where the newest stands first, else at the end. Makes the file if need
    /// be. A section whose key stands there already is not written again.
    /// </summary>
    /// <exception cref="IOException">The file can't be read or written; nothing was changed.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public MemoryAnswer Append(NewSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        long? number = null;
        Change(text =>
        {
            number = section.Key is { } key && text.Has(key) ? null : text.Next;
            return number is null ? null : text.With(section);
        });
        return new(number, _path);
    }

    /// <summary>The sections in the order of the file; none where there is no file.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public ImmutableArray<MemorySection> Read() => new MemoryText(ReadBytes() ?? []).Sections;

    /// <summary>The first line of a text that would begin a section of its own, from 1; null where none does.</summary>
    public static int? HeadingWithin(string body) => MemoryText.HeadingWithin(body);

    /// <summary>Changes the file under its lock; a change that gives null changes nothing.</summary>
    internal void Change(Func<MemoryText, byte[]?> change) =>
        Rewrite(bytes => change(new(bytes ?? System.Text.Encoding.UTF8.GetBytes(Purpose))));

    /// <summary>The same on the bytes of the file; null where there is none.</summary>
    internal void Rewrite(Func<byte[]?, byte[]?> change)
    {
        try
        {
            Directory.CreateDirectory(Folder);
        }
        catch (IOException e)
        {
            throw new IOException($"{Folder} is needed as a folder and can't be made: {e.Message}", e);
        }

        using var held = FileLock.Take(LockFile, LockWait);
        for (var tries = 1; ; tries++)
        {
            // Whoever writes without asking for the lock, an editor say, is noticed until the very last moment.
            var seen = Look();
            if (change(ReadBytes()) is not { } changed)
            {
                return;
            }

            if (TryWrite(changed, seen))
            {
                return;
            }

            if (tries == MostTries)
            {
                throw new IOException($"{_path} is being changed by another program without end; try again later");
            }
        }
    }

    private string LockFile => System.IO.Path.Combine(Folder, $".{System.IO.Path.GetFileName(_path)}.lock");

    private (FileIdentity Identity, long Bytes, DateTime At)? Look() => FileIdentity.Look(_path) is { } look
        ? (look.Identity, look.Bytes, File.GetLastWriteTimeUtc(_path))
        : null;

    private byte[]? ReadBytes()
    {
        if (Directory.Exists(_path))
        {
            throw new IOException($"{_path} is a directory, not a file; move it away, or name another file");
        }

        try
        {
            var bytes = File.ReadAllBytes(_path);
            return bytes is not ([0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
                ? bytes
                : throw new IOException($"{_path} is UTF-16; convert it to UTF-8");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private bool TryWrite(byte[] bytes, (FileIdentity, long, DateTime)? seen)
    {
        const UnixFileMode anyWrite = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        UnixFileMode? mode = seen is null || OperatingSystem.IsWindows() ? null : File.GetUnixFileMode(_path);
        if ((mode & anyWrite) == UnixFileMode.None)
        {
            // A rename would pass over this wish of its owner.
            throw new UnauthorizedAccessException($"{_path} is read-only; allow writing, or name another file");
        }

        var fresh = System.IO.Path.Combine(Folder, $".{System.IO.Path.GetFileName(_path)}.new");
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

            File.Move(fresh, _path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(fresh);
            throw;
        }
    }
}
