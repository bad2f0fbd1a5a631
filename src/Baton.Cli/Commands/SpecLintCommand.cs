using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton spec lint</c>: what is damaged, and what drifted from the store. Changes nothing.</summary>
internal static class SpecLintCommand
{
    private const string Index = $"{SpecNames.Folder}/{SpecNames.IndexFile}";

    public static Verb Declare()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "specs; none: all under docs/specs, the index, and the specs that tasks name",
            Arity = ArgumentArity.ZeroOrMore,
        };
        return new("lint", "tell what is damaged in specs, or drifted from the store",
            session => RunAsync(session, session.Get(files) ?? [])) { files };
    }

    private static async Task<int> RunAsync(Session session, string[] files)
    {
        if (files.Any(string.IsNullOrWhiteSpace))
        {
            throw CommandFailure.Usage("spec lint: FILE is empty");
        }

        var desk = SpecDesk.Of(session);
        var tasks = (await session.Work.TasksAsync(new(), session.Stop)).ToDictionary(task => task.Id);
        var findings = new List<SpecFindingJson>();
        var isAnyMissing = false;
        foreach (var file in files)
        {
            var path = Path.GetFullPath(file, session.Around.WorkingFolder);
            if (!Path.Exists(path))
            {
                isAnyMissing = true;
                findings.Add(new(file, 1, "damage", "there is no such file"));
            }
            else if (path == desk.Full(Index))
            {
                CheckIndex(desk, [.. desk.Files()], findings);
            }
            else if (TextOf(() => SpecDesk.ReadAt(path, file), file, findings) is { } text)
            {
                Check(session, tasks, file, text, findings);
            }
        }

        if (files.Length == 0)
        {
            CheckAll(session, desk, tasks, findings);
        }

        session.Output.Data([.. findings], BatonJson.Default.SpecFindingJsonArray, text =>
        {
            foreach (var finding in findings)
            {
                text.WriteLine(Plain.Line($"{finding.File}:{finding.Line}: {finding.Kind}: {finding.Message}"));
            }
        });
        session.Output.Remark(findings.Count switch
        {
            0 => "nothing to mend",
            1 => "1 finding",
            _ => $"{findings.Count} findings",
        });
        return isAnyMissing ? ExitCode.NotFound : findings.Count == 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private static void CheckAll(Session session, SpecDesk desk, Dictionary<TaskId, DurableTask> tasks,
        List<SpecFindingJson> findings)
    {
        var described = new Dictionary<TaskId, string>();
        string[] files = [.. desk.Files()];
        foreach (var file in files)
        {
            if (TextOf(() => desk.Read(file), file, findings) is not { } text)
            {
                continue;
            }

            Check(session, tasks, file, text, findings);
            if (SpecReader.Read(text, session.Around.Clock.GetUtcNow()).Spec is { } spec
                && !described.TryAdd(spec.Task.Id, file))
            {
                findings.Add(new(file, 1, "damage", $"{described[spec.Task.Id]} describes {spec.Task.Id} too"));
            }
        }

        foreach (var task in tasks.Values.Where(task => task.SpecFile is { } named
            && !Path.Exists(Path.Combine(desk.Root, named))))
        {
            findings.Add(new(task.SpecFile!, 1, "drift", $"{task.Id} names this spec, and it is not there"));
        }

        CheckIndex(desk, files, findings);
    }

    private static void CheckIndex(SpecDesk desk, string[] files, List<SpecFindingJson> findings)
    {
        if (TextOf(() => desk.Read(Index), Index, findings) is { } index)
        {
            var links = SpecIndex.Links(index);
            findings.AddRange(links.Where(link => !Path.Exists(desk.Full($"{SpecNames.Folder}/{link.File}")))
                .Select(link => new SpecFindingJson(Index, link.Line, "damage",
                    $"the link to {link.File} leads nowhere")));
            var listed = links.Select(link => link.File).ToHashSet(StringComparer.Ordinal);
            findings.AddRange(files.Where(file => !listed.Contains(Path.GetFileName(file)))
                .Select(file => new SpecFindingJson(Index, 1, "drift", $"{Path.GetFileName(file)} is not listed")));
        }
    }

    // One that can't be read must not hide what the others say.
    private static string? TextOf(Func<string?> read, string file, List<SpecFindingJson> findings)
    {
        try
        {
            return read();
        }
        catch (CommandFailure e)
        {
            findings.Add(new(file, 1, "damage", e.Message));
            return null;
        }
    }

    private static void Check(Session session, Dictionary<TaskId, DurableTask> tasks, string file, string text,
        List<SpecFindingJson> findings) => findings.AddRange(
        SpecLint.Check(text, Path.GetFileName(file), session.Around.Clock.GetUtcNow(), tasks.GetValueOrDefault)
            .Select(finding => new SpecFindingJson(file, finding.Line, finding.Fault switch
            {
                SpecFault.Damage => "damage",
                SpecFault.Drift => "drift",
                _ => throw new ArgumentOutOfRangeException(nameof(text)),
            }, finding.Message)));
}
