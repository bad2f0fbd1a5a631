using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The folder that an import reads, file by file; a file that can't be believed ends it.</summary>
/// <param name="root">The full path of the folder.</param>
internal sealed class RecordFolder(string root)
{
    private const long MostJsonBytes = 64L << 20;
    private const long MostLogBytes = 256L << 20;

    private readonly ImmutableArray<ImportFile>.Builder _files = ImmutableArray.CreateBuilder<ImportFile>();

    /// <summary>The files asked for so far.</summary>
    public ImmutableArray<ImportFile> Files => _files.ToImmutable();

    /// <summary>Reads a JSON file; null when it is not there.</summary>
    /// <exception cref="RecordDamageException">It is empty, too large, unreadable or broken.</exception>
    public JsonPart? Json(string file) => Open(file, MostJsonBytes, stream =>
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return JsonPart.Parse(file, memory.GetBuffer().AsSpan(0, (int)memory.Length));
    });

    /// <summary>
    /// Hands each line of a text file to <paramref name="take"/>, with its number from 1; says whether the last one has
    /// an end, as none has in a file that was cut off.
    /// </summary>
    /// <exception cref="RecordDamageException">It is empty, too large or unreadable.</exception>
    public bool EachLine(string file, Action<int, string> take)
    {
        var hasEnd = true;
        Open(file, MostLogBytes, stream =>
        {
            stream.Seek(-1, SeekOrigin.End);
            hasEnd = stream.ReadByte() is '\n' or '\r';
            stream.Seek(0, SeekOrigin.Begin);
            using var reader = new StreamReader(stream);
            var number = 0;
            while (reader.ReadLine() is { } line)
            {
                take(++number, line);
            }

            return file;
        });
        return hasEnd;
    }

    /// <summary>Reads a file as it is; null when it is not there, or is empty.</summary>
    /// <exception cref="RecordDamageException">It is too large or unreadable.</exception>
    public byte[]? Bytes(string file, long most) => IsEmpty(file) ? null : Open(file, most, stream =>
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    });

    /// <summary>Whether a file is there and holds nothing; a pipe or device counts as one.</summary>
    public bool IsEmpty(string file) => new FileInfo(Path.Combine(root, file)) is { Exists: true, Length: 0 };

    /// <summary>Notes how much a file held; null where it is not there.</summary>
    /// <param name="file">The file.</param>
    /// <param name="records">How many.</param>
    /// <param name="kind">Of what.</param>
    public void Found(string file, int? records, string kind) =>
        _files.Add(new(file, records is not null, records ?? 0, kind));

    /// <summary>The files of a folder, in the order of their names; none where there is no such folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="deep">Whether those of its folders are meant too; links are passed over then.</param>
    public ImmutableArray<string> List(string folder, bool deep = false)
    {
        var path = Path.Combine(root, folder);
        var how = new EnumerationOptions
        {
            AttributesToSkip = deep ? FileAttributes.ReparsePoint : FileAttributes.None,
            RecurseSubdirectories = deep,
            MaxRecursionDepth = 8,
        };
        return !Directory.Exists(path) ? []
            : [.. Directory.EnumerateFiles(path, "*", how).Select(Below).Order(StringComparer.Ordinal)];
    }

    /// <summary>The folders of a folder, in the order of their names.</summary>
    public ImmutableArray<string> Folders(string folder) =>
        [.. Directory.EnumerateDirectories(Path.Combine(root, folder)).Select(Below).Order(StringComparer.Ordinal)];

    private string Below(string path) =>
        Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');

    private T? Open<T>(string file, long most, Func<FileStream, T> read) where T : class
    {
        var path = Path.Combine(root, file);
        if (Directory.Exists(path))
        {
            throw new RecordDamageException(file, "this is a folder, not a file");
        }

        var there = new FileInfo(path);
        if (!there.Exists)
        {
            return null;
        }

        // An empty record that reads as "there is no leader" would set the epoch back, so none is believed. A
        // pipe or device has no length either, and is never opened.
        if (there.Length == 0)
        {
            throw new RecordDamageException($"{file}, line 1, column 1", "the file is empty (0 bytes)");
        }

        if (there.Length > most)
        {
            throw new RecordDamageException(file, $"the file is larger than {most >> 20} MiB");
        }

        try
        {
            const FileShare any = FileShare.ReadWrite | FileShare.Delete;
            using var stream = there.Open(FileMode.Open, FileAccess.Read, any);
            return read(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecordDamageException(file, $"the file can't be read: {e.Message}");
        }
    }
}
