using System.Collections.Immutable;
using System.Text;

namespace Baton.Work;

/// <summary>Reads the tasks of a folder of specs. Pure over the folder: it writes nothing and knows no store.</summary>
public static class SpecFolder
{
    /// <summary>No spec is larger than this many bytes.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>Reads every Markdown file of a folder but its index.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="below">The folder, relative to the workspace; null where it lies elsewhere.</param>
    /// <param name="now">The time of what tells none.</param>
    /// <param name="known">The tasks that the store has.</param>
    /// <returns>The whole; or what is missing; or the file that can't be read.</returns>
    public static ImportReading Read(
        string path, string? below, DateTimeOffset now, IReadOnlyDictionary<TaskId, DurableTask> known)
    {
        ArgumentNullException.ThrowIfNull(known);
        if (!Directory.Exists(path))
        {
            return new ImportReading.Missing($"{path} is not there, or is no folder", "name the folder of the specs");
        }

        var findings = new FindingList();
        var files = ImmutableArray.CreateBuilder<ImportFile>();
        var tasks = new Dictionary<TaskId, (DurableTask Task, string File)>();
        var order = new List<TaskId>();
        var copies = ImmutableArray.CreateBuilder<SourceFile>();
        foreach (var file in Directory.EnumerateFiles(path, "*.md").Select(file => Path.GetFileName(file))
            .Where(file => file != SpecNames.IndexFile).Order(StringComparer.Ordinal))
        {
            string text;
            try
            {
                text = ReadText(Path.Combine(path, file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
            {
                return new ImportReading.Damaged($"{file}: {Why(e)}",
                    "nothing was imported; mend the file or move it away, then import again");
            }

            var reading = SpecReader.Read(text, now);
            files.Add(new(file, true, reading.Spec is null ? 0 : 1, "specs"));
            foreach (var finding in reading.Findings)
            {
                findings.Add(reading.Spec is null ? FindingKind.LeftOut : FindingKind.Changed,
                    file, finding.Line, finding.Message);
            }

            if (reading.Spec is { } spec)
            {
                // What lies elsewhere is copied: goals, plan and all that people wrote live in the page alone.
                var task = spec.Task with { SpecFile = $"{below ?? SpecNames.Folder}/{file}" };
                if (tasks.TryAdd(task.Id, (task, file)))
                {
                    order.Add(task.Id);
                    Compare(task, known.GetValueOrDefault(task.Id), file, text, findings);
                    if (below is null && known.TryGetValue(task.Id, out var there) && there.SpecFile != task.SpecFile)
                    {
                        findings.Add(FindingKind.LeftOut, file, null,
                            $"the store has {task.Id} already, without this page; it is not copied");
                    }
                    else if (below is null)
                    {
                        copies.Add(new(task.SpecFile, Encoding.UTF8.GetBytes(text)) { SpecTitle = task.Title });
                    }
                }
                else
                {
                    findings.Add(FindingKind.LeftOut, file, null,
                        $"{task.Id} is described in {tasks[task.Id].File} already; that one is believed");
                }
            }
        }

        var batch = WithDependencies([.. order.Select(id => tasks[id])], known, findings);
        return files.Count == 0
            ? new ImportReading.Missing($"{path} holds no specs (*.md)", "name the folder of the specs")
            : new ImportReading.Whole(new(path, batch, [], Epoch.None),
                new(files.ToImmutable(), null, findings.ToImmutable())) { Files = copies.ToImmutable() };
    }

    /// <summary>The text of a spec.</summary>
    /// <exception cref="IOException">It can't be read, is no plain file, or too large.</exception>
    /// <exception cref="DecoderFallbackException">It is not UTF-8.</exception>
    public static string ReadText(string path)
    {
        var file = new FileInfo(path);
        if (FileIdentity.IsSpecial(path))
        {
            throw new IOException("it is a pipe or a device, not a file");
        }

        if (file.Exists && file.Length > MostBytes)
        {
            throw new IOException($"it is larger than {MostBytes >> 20} MiB");
        }

        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
    }

    /// <summary>Why a spec can't be read, for a person.</summary>
    public static string Why(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception is DecoderFallbackException ? "it is not UTF-8 text" : exception.Message;
    }

    private static void Compare(DurableTask task, DurableTask? there, string file, string text, FindingList findings)
    {
        if (there is null)
        {
            return;
        }

        var map = SpecMap.Of(text);
        foreach (var (name, @is, should) in SpecSync.Differences(task, there))
        {
            // A page without the field says nothing else than the store.
            if (map.Field(name) is { } field)
            {
                findings.Add(FindingKind.Disagreement, file, field.Line + 1, $"{name} is '{RecordText.Shown(@is ?? "")}' "
                    + $"here and '{RecordText.Shown(should ?? "")}' in the store, which is believed");
            }
        }
    }

    private static ImmutableArray<DurableTask> WithDependencies(ImmutableArray<(DurableTask Task, string File)> tasks,
        IReadOnlyDictionary<TaskId, DurableTask> known, FindingList findings)
    {
        var own = tasks.Select(entry => entry.Task.Id).ToHashSet();
        var taken = own.ToDictionary(id => id, _ => ImmutableArray<TaskId>.Empty);
        return [.. tasks.Select(entry =>
        {
            foreach (var on in entry.Task.DependsOn)
            {
                var refusal = !own.Contains(on) && !known.ContainsKey(on) ? "and there is no such task"
                    : DependencyRules.WhyNot(entry.Task.Id, on, DependenciesOf) is not null
                        ? "which waits for it in turn; that circle is cut here" : null;
                if (refusal is null)
                {
                    taken[entry.Task.Id] = taken[entry.Task.Id].Add(on);
                }
                else
                {
                    findings.Add(FindingKind.LeftOut, entry.File, null, $"{entry.Task.Id} depends on {on}, {refusal}");
                }
            }

            return entry.Task with { DependsOn = taken[entry.Task.Id] };
        })];

        ImmutableArray<TaskId> DependenciesOf(TaskId id) =>
            known.TryGetValue(id, out var there) ? there.DependsOn : taken.GetValueOrDefault(id, []);
    }
}
