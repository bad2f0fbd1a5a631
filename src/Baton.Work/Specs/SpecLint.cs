using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace Baton.Work;

/// <summary>Says what is damaged in a spec, and where it drifted from the store.</summary>
public static partial class SpecLint
{
    private static readonly ImmutableArray<string> Needed =
    [
        SpecHeader.Priority, SpecHeader.Status, SpecHeader.Issue, SpecHeader.Branch, SpecHeader.Estimate,
        SpecHeader.Assigned,
    ];

    /// <summary>All that is wrong with a spec, in the order of its lines.</summary>
    /// <param name="text">The spec.</param>
    /// <param name="file">The name of its file, without a folder.</param>
    /// <param name="now">The time of what tells none.</param>
    /// <param name="find">Gives the store's task of an id; null where there is none.</param>
    public static ImmutableArray<SpecFinding> Check(
        string text, string file, DateTimeOffset now, Func<TaskId, DurableTask?> find)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(find);
        var reading = SpecReader.Read(text, now);
        if (reading.Spec is not { } spec)
        {
            return reading.Findings;
        }

        var map = SpecMap.Of(text);
        var findings = new List<SpecFinding>(reading.Findings);
        Damage(map, findings);
        if (SpecNames.DigitsOf(file) is { } digits && digits != SpecNames.DigitsOf(spec.Task.Id))
        {
            findings.Add(new(SpecFault.Damage, map.Field(SpecHeader.Id)!.Line + 1,
                $"the file is named for the digits {digits}, not for {spec.Task.Id}"));
        }

        Drift(map, spec, find(spec.Task.Id), findings);
        return [.. findings.OrderBy(finding => finding.Line).Distinct()];
    }

    private static void Damage(SpecMap map, List<SpecFinding> findings)
    {
        foreach (var name in SpecLayout.Sections.Where(name => map.Part(name) is null))
        {
            Add(map.TitleLine, $"there is no section '## {name}'");
        }

        foreach (var again in map.Parts.GroupBy(part => part.Name, StringComparer.OrdinalIgnoreCase)
            .SelectMany(parts => parts.Skip(1)))
        {
            Add(again.Line, $"the section '{RecordText.Shown(again.Name)}' stands here again; the first is read");
        }

        foreach (var again in map.Fields.GroupBy(field => field.Name, StringComparer.OrdinalIgnoreCase)
            .SelectMany(fields => fields.Skip(1)))
        {
            Add(again.Line, $"the field '{RecordText.Shown(again.Name)}' stands here again; the first is read");
        }

        if (map.Part(SpecLayout.Problem) is { } problem)
        {
            InDescription(map, problem, Add);
        }

        void Add(int line, string message) => findings.Add(new(SpecFault.Damage, line + 1, message));
    }

    private static void InDescription(SpecMap map, SpecPart problem, Action<int, string> add)
    {
        var body = map.TextOf(problem);
        var first = map.Lines.LineOf(problem.Start);
        var starts = new LineStarts(body);
        foreach (var block in SpecLayout.Parse(body))
        {
            if (block is HeadingBlock { Level: 2, IsSetext: false })
            {
                add(first + block.Line, "a heading of the description stands as one of the spec; a backslash before "
                    + "it mends that");
            }
            else if (block is ParagraphBlock)
            {
                var line = Enumerable.Range(block.Line, starts.LineOf(block.Span.End) - block.Line + 1)
                    .FirstOrDefault(line => JsonLine().IsMatch(body[starts.StartOf(line)..starts.EndOf(line)]), -1);
                if (line >= 0)
                {
                    add(first + line, "the description has swallowed the rest of a JSON object");
                }
            }
        }
    }

    private static void Drift(SpecMap map, TaskSpec spec, DurableTask? task, List<SpecFinding> findings)
    {
        if (task is null)
        {
            Add(map.Field(SpecHeader.Id)!.Line, $"the store has no task {spec.Task.Id}");
            return;
        }

        if (spec.Task.Title != SpecText.OneLine(task.Title))
        {
            Add(map.TitleLine, $"the title is '{RecordText.Shown(task.Title)}' in the store");
        }

        foreach (var (name, @is, should) in SpecSync.Differences(spec.Task, task))
        {
            // The older layout knows no complexity and no tags: it says nothing else than the store.
            if (map.Field(name) is { } field)
            {
                Add(field.Line, $"{name} is '{RecordText.Shown(@is ?? "")}' here and "
                    + $"'{RecordText.Shown(should ?? "")}' in the store");
            }
            else if (Needed.Contains(name))
            {
                Add(map.TitleLine, $"there is no field **{name}**, and it is '{RecordText.Shown(should ?? "")}' in the store");
            }
        }

        if (map.Part(SpecLayout.Problem) is { } problem)
        {
            if (SpecText.OneLine(spec.Task.Description) != SpecText.OneLine(task.Description))
            {
                Add(problem.Line, "the problem statement is not the description in the store");
            }

            if (SpecSync.MissingNotes(spec, task).Count() is > 0 and var missing)
            {
                Add(problem.Line, $"{missing} of the task's {task.Notes.Length} notes are not here");
            }
        }

        void Add(int line, string message) => findings.Add(new(SpecFault.Drift, line + 1, message));
    }

    [GeneratedRegex("""\A\s*"[a-z_]+"\s*:\s*(?:"|\d|\[|\{|true|false|null)""", RegexOptions.CultureInvariant)]
    private static partial Regex JsonLine();
}
