using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>What became of a section.</summary>
/// <param name="Number">Its number; null where it stood there already.</param>
/// <param name="Path">The file.</param>
public sealed record MemoryAnswer(long? Number, string Path);

/// <summary>What was archived, or would be.</summary>
/// <param name="Moved">The sections, in the order of the file.</param>
/// <param name="File">The file that they went into; null where none had to be written.</param>
/// <param name="Kept">How many sections stay.</param>
/// <param name="Bytes">How long the file is without them.</param>
public sealed record ArchiveAnswer(ImmutableArray<MemorySection> Moved, string? File, int Kept, long Bytes);

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

    private const int FewestKept = 2;
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(30);
    private readonly WholeFile _file;

    /// <summary>The memory at a path; a link is followed to its end.</summary>
    /// <param name="path">The file, which need not be there yet.</param>
    public WorkingMemory(string path)
    {
        _file = new(path);
    }

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    private string Folder => System.IO.Path.GetDirectoryName(Path) ?? Path;

    /// <summary>Looks whether sections can be kept there, as far as that can be told before one is written.</summary>
    /// <exception cref="IOException">It is no ordinary file, or a database.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Check()
    {
        _ = ReadBytes();
        _file.Check();
    }

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
            var all = new MemoryArchive(Path).Read().Select(file => file.Text).Append(text).ToArray();
            var isThere = section.Key is { } key && all.Any(one => one.Has(key));
            number = isThere ? null : all.Max(one => one.Next);
            return number is { } next ? text.With(section, next) : null;
        });
        return new(number, Path);
    }

    /// <summary>
    /// Moves the oldest sections into a file of the archive, byte for byte; all else stays as it is. They are safe
    /// there before they leave here, and a move that ended half-way is finished by the next.
    /// </summary>
    /// <param name="keep">How many of the newest stay at the most; at least 2, from which the file's order is seen.</param>
    /// <param name="mostBytes">How long the file may remain, while more than 2 sections stay; null: as it comes.</param>
    /// <param name="isTrial">Whether only to say what would be moved.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 2 are to stay.</exception>
    /// <exception cref="IOException">Something can't be read or written; no section was lost.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public ArchiveAnswer Archive(int keep, long? mostBytes, bool isTrial)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, FewestKept);
        var answer = new ArchiveAnswer([], null, 0, 0);
        if (isTrial || ReadBytes() is null)
        {
            var text = new MemoryText(ReadBytes() ?? []);
            var moved = Oldest(text, keep, mostBytes);
            return answer with
            {
                Moved = moved, Kept = text.Sections.Length - moved.Length, Bytes = text.Without(moved).Length,
            };
        }

        var archive = new MemoryArchive(Path);
        string? written = null;
        Change(text =>
        {
            if (written is not null)
            {
                // The file was changed by another program while its older state was being archived.
                File.Delete(written);
            }

            var moved = Oldest(text, keep, mostBytes);
            written = archive.Add(text, moved);
            archive.WriteIndex();
            var rest = text.Without(moved);
            answer = new(moved, written, text.Sections.Length - moved.Length, rest.Length);
            return moved.IsEmpty ? null : rest;
        });
        return answer;
    }

    /// <summary>
    /// The archived sections, the newest file's first; without those that still stand in the memory because a move
    /// ended half-way.
    /// </summary>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public ImmutableArray<MemorySection> ReadArchive() => Archived(Read());

    /// <summary>
    /// All sections, each once, the newest first and then the archived ones, though some may be moved just now.
    /// </summary>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public ImmutableArray<MemorySection> ReadAll()
    {
        var here = ReadNewestFirst();
        return [.. here, .. Archived(here)];
    }

    // The archive is read after the memory: what is moved in between is in both, and never in none.
    private ImmutableArray<MemorySection> Archived(ImmutableArray<MemorySection> sections)
    {
        var here = sections.Select(section => (section.Number, section.Text)).ToHashSet();
        return
        [
            .. new MemoryArchive(Path).Read()
                .SelectMany(file => file.Text.Sections.Select(section => section with { Path = file.Path }))
                .Where(section => !here.Contains((section.Number, section.Text)))
                .OrderByDescending(section => section.Number).ThenBy(section => section.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>The index of the archive, which is there once something was archived.</summary>
    public string ArchiveIndex => new MemoryArchive(Path).Index;

    /// <summary>The sections in the order of the file; none where there is no file.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public ImmutableArray<MemorySection> Read() =>
        [.. new MemoryText(ReadBytes() ?? []).Sections.Select(section => section with { Path = Path })];

    /// <summary>The sections, the newest first, whatever the order of the file.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public ImmutableArray<MemorySection> ReadNewestFirst() =>
        [.. NewestFirst(new(ReadBytes() ?? [])).Select(section => section with { Path = Path })];

    /// <summary>
    /// The first line of a text that would end its section, or begin another, from 1; null where none does.
    /// </summary>
    public static int? HeadingWithin(string body) => MemoryText.HeadingWithin(body);

    /// <summary>Changes the file under its lock; a change that gives null changes nothing.</summary>
    internal void Change(Func<MemoryText, byte[]?> change) =>
        Rewrite(bytes => change(new(bytes ?? System.Text.Encoding.UTF8.GetBytes(Purpose))));

    /// <summary>The same on the bytes of the file; null where there is none.</summary>
    internal void Rewrite(Func<byte[]?, byte[]?> change)
    {
        RefuseOddFiles();
        try
        {
            Directory.CreateDirectory(Folder);
        }
        catch (IOException e)
        {
            throw new IOException($"{Folder} is needed as a folder and can't be made: {e.Message}", e);
        }

        using var held = FileLock.Take(LockFile, LockWait);
        _file.Change(() => change(ReadBytes()));
    }

    private static IEnumerable<MemorySection> NewestFirst(MemoryText text) =>
        text.IsNewestFirst ? text.Sections : text.Sections.Reverse();

    /// <summary>The sections that are to go, in the order of the file.</summary>
    private static ImmutableArray<MemorySection> Oldest(MemoryText text, int keep, long? mostBytes)
    {
        var left = (long)text.Bytes;
        var stay = text.Sections.Length;
        var moved = new List<MemorySection>();
        foreach (var oldest in NewestFirst(text).Reverse())
        {
            if (stay <= FewestKept || (stay <= keep && (mostBytes is null || left <= mostBytes)))
            {
                break;
            }

            moved.Add(oldest);
            left -= text.BytesOf(oldest).Length;
            stay--;
        }

        return [.. moved.OrderBy(section => section.Start)];
    }

    private string LockFile => System.IO.Path.Combine(Folder, $".{System.IO.Path.GetFileName(Path)}.lock");

    private byte[]? ReadBytes()
    {
        RefuseOddFiles();
        try
        {
            var bytes = File.ReadAllBytes(Path);
            return bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]
                ? throw new IOException($"{Path} is UTF-16; convert it to UTF-8")
                : bytes.AsSpan().StartsWith(WholeFile.DatabaseMark)
                ? throw new IOException($"{Path} is a database, and no text; name another file")
                : bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private void RefuseOddFiles()
    {
        if (FileIdentity.Oddity(Path) is { } oddity)
        {
            throw new IOException($"{Path} is {oddity}, not a file; move it away, or name another file");
        }
    }
}
