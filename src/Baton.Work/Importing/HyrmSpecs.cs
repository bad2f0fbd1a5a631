using System.Collections.Immutable;
using System.Text;

namespace Baton.Work;

/// <summary>Reads the specs of a Hyrm workspace: which task each describes, and where it says something else.</summary>
/// <param name="folder">The workspace.</param>
/// <param name="now">The time of what tells none.</param>
/// <param name="findings">Takes the findings.</param>
internal sealed class HyrmSpecs(RecordFolder folder, DateTimeOffset now, FindingList findings)
{
    private readonly ImmutableArray<SourceFile>.Builder _files = ImmutableArray.CreateBuilder<SourceFile>();
    private readonly Dictionary<TaskId, string> _specOf = [];
    private readonly Dictionary<string, (string File, int Count)> _differing = new(StringComparer.Ordinal);

    /// <summary>The specs as they are.</summary>
    public ImmutableArray<SourceFile> Files => _files.ToImmutable();

    /// <summary>The tasks, each naming the spec that describes it.</summary>
    /// <exception cref="RecordDamageException">A spec is no text, or too large.</exception>
    public ImmutableArray<DurableTask> Onto(ImmutableArray<DurableTask> tasks)
    {
        var known = tasks.ToDictionary(task => task.Id);
        var there = folder.List(SpecNames.Folder).ToHashSet(StringComparer.Ordinal);
        foreach (var file in there.Where(file => file.EndsWith(".md", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            if (Path.GetFileName(file) == SpecNames.IndexFile)
            {
                folder.Found(file, 0, "specs");
                findings.Add(FindingKind.LeftOut, file, null, "the index is written anew from the specs");
            }
            else
            {
                Read(file, known);
            }
        }

        foreach (var (field, (file, count)) in _differing.OrderBy(field => field.Key, StringComparer.Ordinal))
        {
            findings.Add(FindingKind.Disagreement, file, null,
                $"{field} is not as in memory/tasks.json, which is believed, {Specs(count)}");
        }

        return WithSpecs(tasks, there);
    }

    private void Read(string file, Dictionary<TaskId, DurableTask> tasks)
    {
        var bytes = folder.Bytes(file, SpecFolder.MostBytes) ?? [];
        var spec = SpecReader.Read(TextOf(file, bytes), now).Spec;
        folder.Found(file, spec is null ? 0 : 1, "specs");
        _files.Add(new(file, bytes) { SpecTitle = spec?.Task.Title });
        if (spec is null)
        {
            findings.Add(FindingKind.LeftOut, file, null, "it names no task; the file is copied all the same");
        }
        else if (!tasks.TryGetValue(spec.Task.Id, out var task))
        {
            findings.Add(FindingKind.LeftOut, file, null, $"it describes {spec.Task.Id}, which memory/tasks.json does "
                + "not hold; the file is copied, and 'baton import specs' makes a task of it");
        }
        else if (!_specOf.TryAdd(task.Id, file) && task.SpecFile != file)
        {
            findings.Add(FindingKind.Disagreement, file, null,
                $"{task.Id} is described in {_specOf[task.Id]} already; both files are copied");
        }
        else
        {
            _specOf[task.Id] = file;
            Compare(file, spec.Task, task);
        }
    }

    private void Compare(string file, DurableTask spec, DurableTask task)
    {
        foreach (var (name, @is, should) in SpecSync.Differences(spec, task))
        {
            if (name == SpecHeader.Status)
            {
                findings.Add(FindingKind.Disagreement, file, null,
                    $"{task.Id} is {@is} here and {should} in memory/tasks.json, which is believed");
            }
            // The older layout has fewer fields: what it does not say is no other opinion.
            else if (@is is not (null or SpecLayout.Undefined))
            {
                _differing[name] = _differing.TryGetValue(name, out var seen) ? (seen.File, seen.Count + 1) : (file, 1);
            }
        }
    }

    private ImmutableArray<DurableTask> WithSpecs(ImmutableArray<DurableTask> tasks, HashSet<string> there)
    {
        string? firstMissing = null;
        var missing = 0;
        var all = tasks.Select(task =>
        {
            var isMissing = task.SpecFile is { } named && !there.Contains(named);
            if (_specOf.GetValueOrDefault(task.Id) is { } found && (task.SpecFile is null || isMissing))
            {
                return task with { SpecFile = found };
            }

            missing += isMissing ? 1 : 0;
            firstMissing ??= isMissing ? task.SpecFile : null;
            return task;
        }).ToImmutableArray();
        if (firstMissing is not null)
        {
            findings.Add(FindingKind.Disagreement, firstMissing, null, $"this spec is named by its task and is not there"
                + (missing == 1 ? "" : $", nor are {missing - 1} more that tasks name")
                + "; the names are kept, and 'baton spec generate ID' writes one");
        }

        return all;
    }

    private static string TextOf(string file, byte[] bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new RecordDamageException(file, "it is not UTF-8 text");
        }
    }

    private static string Specs(int count) => count == 1 ? "in this spec" : $"in {count} specs, this one the first";
}
