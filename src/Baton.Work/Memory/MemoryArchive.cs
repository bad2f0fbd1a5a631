using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Baton.Work;

/// <summary>
/// The sections that were moved out of a working memory: files in a folder beside it, and an index of them. What is
/// written once is never changed; the index is made anew from the files each time.
/// </summary>
internal sealed class MemoryArchive
{
    private const string IndexName = "index.md";
    private readonly string _memory;

    /// <summary>The archive of a working memory.</summary>
    /// <param name="memory">Its file.</param>
    public MemoryArchive(string memory)
    {
        _memory = memory;
        Folder = Path.Combine(
            Path.GetDirectoryName(memory)!, "archive", Path.GetFileNameWithoutExtension(memory));
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>The index.</summary>
    public string Index => Path.Combine(Folder, IndexName);

    /// <summary>The archived sections by file, in the order of the files' names.</summary>
    public ImmutableArray<(string Path, MemoryText Text)> Read() => !Directory.Exists(Folder) ? []
        :
        [
            .. Directory.GetFiles(Folder, "*.md").Where(path => Path.GetFileName(path) is not IndexName and not ['.', ..])
                .Order(StringComparer.Ordinal).Select(path => (path, new MemoryText(File.ReadAllBytes(path)))),
        ];

    /// <summary>
    /// Writes sections into a file of their own, byte for byte, but for those that lie here already because an
    /// earlier move ended half-way. Lasts over a loss of power once it returns.
    /// </summary>
    /// <returns>The file; null where all lay here already.</returns>
    public string? Add(MemoryText text, ImmutableArray<MemorySection> sections)
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (_, archived) in Read())
        {
            foreach (var section in archived.Sections)
            {
                var print = PrintOf(archived.BytesOf(section));
                known[print] = known.GetValueOrDefault(print) + 1;
            }
        }

        ImmutableArray<MemorySection> fresh = [.. sections.Where(section =>
        {
            var print = PrintOf(text.BytesOf(section));
            var count = known.GetValueOrDefault(print);
            known[print] = count - 1;
            return count <= 0;
        })];
        if (fresh.IsEmpty)
        {
            return null;
        }

        MakeFolder();
        var path = NameFor(fresh);
        Write(path, [.. fresh.SelectMany(section => text.BytesOf(section).ToArray())], overwrite: false);
        return path;
    }

    /// <summary>Writes the index anew where it does not say what lies here.</summary>
    public void WriteIndex()
    {
        var files = Read();
        if (files.IsEmpty)
        {
            return;
        }

        var text = new StringBuilder().Append(CultureInfo.InvariantCulture,
            $"# Archived sessions of {Path.GetFileName(_memory)}\n\nMade anew by each `baton memory archive`.\n\n");
        text.Append("| Session | Date | Title | File |\n|---|---|---|---|\n");
        foreach (var (file, section) in files
            .SelectMany(file => file.Text.Sections.Select(section => (file.Path, section)))
            .OrderByDescending(pair => pair.section.Number).ThenBy(pair => pair.Path, StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file);
            var title = MemoryText.OneLine(section.Title).Replace("|", "\\|", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture,
                $"| {section.Number} | {section.Date} | {title} | [{name}]({name}) |\n");
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (!File.Exists(Index) || !File.ReadAllBytes(Index).AsSpan().SequenceEqual(bytes))
        {
            Write(Index, bytes, overwrite: true);
        }
    }

    private static string PrintOf(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    private void MakeFolder()
    {
        Directory.CreateDirectory(Folder);
        var above = Path.GetDirectoryName(Folder)!;
        Folders.Flush(above);
        Folders.Flush(Path.GetDirectoryName(above)!);
    }

    private string NameFor(ImmutableArray<MemorySection> sections)
    {
        var name = string.Create(CultureInfo.InvariantCulture,
            $"sessions-{sections.Min(section => section.Number)}-{sections.Max(section => section.Number)}");
        for (var number = 1; ; number++)
        {
            var path = Path.Combine(Folder, number == 1 ? $"{name}.md" : $"{name}.{number}.md");
            if (!Path.Exists(path))
            {
                return path;
            }
        }
    }

    private void Write(string path, byte[] bytes, bool overwrite)
    {
        var fresh = Path.Combine(Folder, $".{Path.GetFileName(path)}.new");
        try
        {
            File.Delete(fresh);
            using (var file = new FileStream(fresh, FileMode.CreateNew, FileAccess.Write, FileShare.Read))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows())
            {
                // What nobody else may read there, nobody else may read here.
                File.SetUnixFileMode(fresh, File.GetUnixFileMode(_memory));
            }

            File.Move(fresh, path, overwrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(fresh);
            throw;
        }

        Folders.Flush(Folder);
    }
}
