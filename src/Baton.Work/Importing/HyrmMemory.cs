using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>Finds the working memory of a Hyrm workspace and its archives.</summary>
/// <param name="folder">The workspace.</param>
/// <param name="findings">Takes the findings.</param>
internal sealed class HyrmMemory(RecordFolder folder, FindingList findings)
{
    private const long MostBytes = 64L << 20;

    /// <summary>The memory and its archives, as they are.</summary>
    /// <exception cref="RecordDamageException">One is unreadable, or too large.</exception>
    public ImmutableArray<SourceFile> Read()
    {
        var files = ImmutableArray.CreateBuilder<SourceFile>();
        foreach (var file in Archives(folder).Prepend(WorkingMemory.DefaultFile))
        {
            var bytes = folder.Bytes(file, MostBytes);
            folder.Found(file, bytes is null && !folder.IsEmpty(file) ? null
                : MemoryMerge.Count(bytes ?? []), "sections");
            if (folder.IsEmpty(file))
            {
                findings.Add(FindingKind.Disagreement, file, null, "the file is empty (0 bytes)");
            }
            else if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            {
                findings.Add(FindingKind.LeftOut, file, null, "it is UTF-16; convert it to UTF-8 and import again");
            }
            else if (bytes is not null)
            {
                files.Add(new(file, bytes));
            }
        }

        return files.ToImmutable();
    }

    /// <summary>The archives of a working memory: Markdown in what is called an archive, below <c>memory/</c>.</summary>
    public static IEnumerable<string> Archives(RecordFolder folder) => folder.List("memory", deep: true)
        .Where(file => file.EndsWith(".md", StringComparison.OrdinalIgnoreCase)
            && file.Contains("archive", StringComparison.OrdinalIgnoreCase)
            && !file.Split('/').Any(part => part.StartsWith('.')));
}
