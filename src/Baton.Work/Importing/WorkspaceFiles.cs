using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>What an import does with a file of the workspace.</summary>
public enum FileFate
{
    /// <summary>It is not there yet, and is written as the source has it.</summary>
    Written,

    /// <summary>Sections that it lacks are added to it.</summary>
    Joined,

    /// <summary>It holds all of it already.</summary>
    Known,

    /// <summary>It holds something else, and stays as it is.</summary>
    Kept,
}

/// <summary>A file of the source and what becomes of it.</summary>
/// <param name="Source">The file.</param>
/// <param name="Fate">What becomes of it.</param>
/// <param name="Sections">How many sections of the working memory are added; 0 for another file.</param>
public sealed record PlannedFile(SourceFile Source, FileFate Fate, int Sections);

/// <summary>
/// Brings the files of an import into a workspace, in three steps around the commit of the store:
/// <see cref="Stage"/> writes all of them beside their places, so that a full disk or a missing permission is met
/// before anything is changed; <see cref="Settle"/> puts them there. A process that dies between the commit and
/// the last rename is made good by importing again. No file that is there is overwritten.
/// </summary>
public sealed class WorkspaceFiles
{
    private readonly string _root;
    private readonly List<string> _staged = [];

    private WorkspaceFiles(
        string root, ImmutableArray<PlannedFile> files, ImmutableArray<ImportFinding> findings)
    {
        _root = root;
        Files = files;
        Findings = findings;
    }

    /// <summary>What becomes of each file, in the order of the source.</summary>
    public ImmutableArray<PlannedFile> Files { get; }

    /// <summary>Where source and workspace differ.</summary>
    public ImmutableArray<ImportFinding> Findings { get; }

    /// <summary>Whether anything is to be written.</summary>
    public bool IsNeeded => Files.Any(file => file.Fate is FileFate.Written or FileFate.Joined);

    /// <summary>Looks at the workspace, and changes nothing.</summary>
    /// <param name="root">The workspace.</param>
    /// <param name="files">The files of the source.</param>
    /// <exception cref="IOException">A file of the workspace can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public static WorkspaceFiles Plan(string root, ImmutableArray<SourceFile> files)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        var findings = ImmutableArray.CreateBuilder<ImportFinding>();
        var planned = ImmutableArray.CreateBuilder<PlannedFile>(files.Length);
        foreach (var file in files)
        {
            if (file.File == WorkingMemory.DefaultFile)
            {
                var merged = Join(root, ReadAt(root, file.File), file);
                findings.AddRange(merged.Differing.Select(section => new ImportFinding(FindingKind.Disagreement,
                    file.File, section.Line, $"'{RecordText.Shown(section.Heading)}' has another text in the workspace, "
                        + "which stays")));
                planned.Add(new(file, merged.Bytes is null ? FileFate.Known : FileFate.Joined, merged.Added));
            }
            else
            {
                var fate = ReadAt(root, file.File) is not { } there ? FileFate.Written
                    : there.AsSpan().SequenceEqual(file.Bytes.Span) ? FileFate.Known : FileFate.Kept;
                planned.Add(new(file, fate, 0));
                if (fate == FileFate.Kept)
                {
                    findings.Add(new(FindingKind.LeftOut, file.File, null,
                        "the workspace has another file of this name, which stays as it is"));
                }
            }
        }

        return new(root, planned.MoveToImmutable(), findings.ToImmutable());
    }

    /// <summary>Writes each new file beside its place, and what the working memory would become.</summary>
    /// <exception cref="IOException">One can't be written; none is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public void Stage()
    {
        try
        {
            foreach (var planned in Files.Where(file => file.Fate is FileFate.Written or FileFate.Joined))
            {
                var staged = StagedOf(planned.Source.File);
                Directory.CreateDirectory(Path.GetDirectoryName(staged)!);
                _staged.Add(staged);

                // What a killed import left, or somebody put there, is not written through.
                File.Delete(staged);
                using var stream = new FileStream(staged, FileMode.CreateNew, FileAccess.Write);
                stream.Write((planned.Fate == FileFate.Written ? planned.Source.Bytes
                    : Join(_root, ReadAt(_root, planned.Source.File), planned.Source).Bytes ?? []).Span);
                stream.Flush(flushToDisk: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Discard();
            throw;
        }
    }

    /// <summary>Puts the staged files in their places; one that stands there by now stays.</summary>
    /// <exception cref="IOException">One can't be put there; importing again goes on where this ended.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of a permission.</exception>
    public void Settle()
    {
        foreach (var planned in Files)
        {
            var (place, staged) = (Path.Combine(_root, planned.Source.File), StagedOf(planned.Source.File));
            if (planned.Fate == FileFate.Joined)
            {
                // Joined anew under the lock of the memory: others may have written to it since.
                new WorkingMemory(place).Rewrite(there => Join(_root, there, planned.Source).Bytes);
                File.Delete(staged);
            }
            else if (planned.Fate == FileFate.Written && !Path.Exists(place))
            {
                File.Move(staged, place, overwrite: false);
            }
        }

        foreach (var folder in _staged.Select(staged => Path.GetDirectoryName(staged)!).Distinct(StringComparer.Ordinal))
        {
            Folders.Flush(folder);
        }

        Discard();
    }

    /// <summary>Drops what was staged and not put in its place.</summary>
    public void Discard()
    {
        foreach (var staged in _staged)
        {
            File.Delete(staged);
        }

        _staged.Clear();
    }

    private string StagedOf(string file)
    {
        var place = Path.Combine(_root, file);
        return Path.Combine(Path.GetDirectoryName(place)!, $".{Path.GetFileName(place)}.import");
    }

    private static MergedMemory Join(string root, byte[]? there, SourceFile source)
    {
        var folder = new RecordFolder(root);
        var archives = HyrmMemory.Archives(folder).Select(file => ReadAt(root, file)).OfType<byte[]>();
        return MemoryMerge.Join(there, archives, source.Bytes.ToArray());
    }

    private static byte[]? ReadAt(string root, string file)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(root, file));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
