using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace Baton.Work;

/// <summary>What reading a spec gave.</summary>
/// <param name="Spec">What it says; null when it names no task.</param>
/// <param name="Findings">What could not be read as it was meant, in the order of the lines.</param>
public sealed record SpecReading(TaskSpec? Spec, ImmutableArray<SpecFinding> Findings);

/// <summary>Reads a spec in either layout. Pure: it knows no file and no store.</summary>
public static partial class SpecReader
{
    /// <summary>Reads the text of a spec.</summary>
    /// <param name="text">The Markdown.</param>
    /// <param name="now">The time of what tells none.</param>
    public static SpecReading Read(string text, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            return Read(SpecMap.Of(text), now);
        }
        catch (SpecDepthException e)
        {
            return new(null, [new(SpecFault.Damage, 1, e.Message)]);
        }
    }

    /// <summary>The time of a row of the history; null where its date is none.</summary>
    public static DateTimeOffset? TimeOf(SpecRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return RecordFields.ParseTime(row.Date);
    }

    /// <summary>When a spec was first generated, as its history tells; null where it does not.</summary>
    public static DateTimeOffset? GeneratedAt(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return DateOf(HistoryOf(SpecMap.Of(text), []), SpecLayout.SpecGenerated);
    }

    internal static SpecReading Read(SpecMap map, DateTimeOffset now)
    {
        var findings = new List<SpecFinding>();
        var id = map.Field(SpecHeader.Id) is { } field ? SpecHeader.Bare(field.Value) : null;
        if (id is null || !HolderId.IsWellFormed(id))
        {
            Report(map.Field(SpecHeader.Id)?.Line ?? 0, id is null ? "there is no field **Task ID**"
                : $"'{RecordText.Shown(id)}' is no id of a task: 1 to 128 of A-Z a-z 0-9 . _ -");
            return new(null, [.. findings]);
        }

        var history = HistoryOf(map, findings);
        var dates = history.Select(row => RecordFields.ParseTime(row.Date)).OfType<DateTimeOffset>().ToList();
        var created = DateOf(history, SpecLayout.TaskCreated) ?? TimeInId(id) ?? now;
        var status = Status(map, Report);
        var (description, notes) = Problem(map, created);
        var task = new DurableTask(new(id), Title(map, id, Report))
        {
            Description = description,
            Status = status,
            Priority = Word(map, SpecHeader.Priority, TaskNames.ParsePriority, Report) ?? TaskPriority.Medium,
            Complexity = Word(map, SpecHeader.Complexity, TaskNames.ParseComplexity, Report),
            EstimatedHours = Hours(map, Report),
            Tags = map.Field(SpecHeader.Tags) is { } tags ? SpecHeader.TagsOf(tags.Value) : [],
            DependsOn = DependsOn(map, Report),
            AssignedTo = SpecHeader.AssignedOf(map.Field(SpecHeader.Assigned)?.Value ?? ""),
            Branch = SpecHeader.BranchOf(map.Field(SpecHeader.Branch)?.Value ?? ""),
            GithubIssue = Issue(map, Report),
            Notes = notes,
            CreatedAt = created,
            UpdatedAt = dates.Append(created).Max(),
            CompletedAt = status != DurableTaskStatus.Completed ? null
                : DateOf(history, "Task completed") ?? RecordFields.ParseTime(map.Field("Completed")?.Value ?? ""),
        };
        return new(new(task, [.. map.Parts.Select(part => Section(map, part))], history),
            [.. findings.OrderBy(finding => finding.Line)]);

        void Report(int line, string message) => findings.Add(new(SpecFault.Damage, line + 1, message));
    }

    private static string Title(SpecMap map, string id, Action<int, string> report)
    {
        if (map.Title is { Length: > 0 } title)
        {
            return RecordText.Clean(title, oneLine: true);
        }

        report(map.TitleLine, "there is no title '# Task: …'; the id stands for it");
        return id;
    }

    private static DurableTaskStatus Status(SpecMap map, Action<int, string> report)
    {
        if (map.Field(SpecHeader.Status) is not { } field)
        {
            return DurableTaskStatus.Pending;
        }

        if (TaskNames.ParseStatus(field.Value.Trim().ToLowerInvariant().Replace(' ', '_')) is { } status)
        {
            return status;
        }

        // Nobody may start on work that might be done already.
        report(field.Line, $"'{RecordText.Shown(field.Value)}' is no status; it is read as blocked");
        return DurableTaskStatus.Blocked;
    }

    private static T? Word<T>(SpecMap map, string name, Func<string, T?> parse, Action<int, string> report)
        where T : struct
    {
        if (map.Field(name) is not { } field || SpecHeader.IsNothing(field.Value))
        {
            return null;
        }

        var word = parse(field.Value.ToLowerInvariant());
        if (word is null)
        {
            report(field.Line, $"'{RecordText.Shown(field.Value)}' is no {name.ToLowerInvariant()}");
        }

        return word;
    }

    private static decimal? Hours(SpecMap map, Action<int, string> report)
    {
        if (map.Field(SpecHeader.Estimate) is not { } field || SpecHeader.IsNothing(field.Value))
        {
            return null;
        }

        var hours = SpecHeader.HoursOf(field.Value);
        if (hours is null)
        {
            report(field.Line, $"'{RecordText.Shown(field.Value)}' is no number of hours");
        }

        return hours;
    }

    private static GithubIssue? Issue(SpecMap map, Action<int, string> report)
    {
        if (map.Field(SpecHeader.Issue) is not { } field || SpecHeader.IsNoIssue(field.Value))
        {
            return null;
        }

        var issue = SpecHeader.IssueOf(field.Value);
        if (issue is null)
        {
            report(field.Line, $"'{RecordText.Shown(field.Value)}' is no link to an issue, nor its number");
        }

        return issue;
    }

    private static ImmutableArray<TaskId> DependsOn(SpecMap map, Action<int, string> report)
    {
        if (map.Field(SpecHeader.DependsOn) is not { } field)
        {
            return [];
        }

        var ids = ImmutableArray.CreateBuilder<TaskId>();
        foreach (var name in SpecHeader.TagsOf(field.Value).Select(SpecHeader.Bare).OfType<string>())
        {
            if (HolderId.IsWellFormed(name))
            {
                ids.Add(new(name));
            }
            else
            {
                report(field.Line, $"it depends on '{RecordText.Shown(name)}', which is no id");
            }
        }

        return [.. ids.Distinct()];
    }

    /// <summary>The description, and the notes below it.</summary>
    private static (string, ImmutableArray<TaskNote>) Problem(SpecMap map, DateTimeOffset created)
    {
        if (map.Part(SpecLayout.Problem) is not { } part)
        {
            return ("", []);
        }

        var body = map.TextOf(part);
        var context = ContextIn(body);
        var description = SpecText.Unescape(context < 0 ? body : body[..context]);
        return (SpecLayout.IsPlaceholder(description) ? "" : description,
            context < 0 ? [] : Notes(body[context..], created));
    }

    /// <summary>Where the notes begin in the text of the problem statement; -1 where there are none.</summary>
    internal static int ContextIn(string body)
    {
        foreach (var block in SpecLayout.Parse(body))
        {
            if (block is ParagraphBlock && string.CompareOrdinal(body, block.Span.Start,
                SpecLayout.Context, 0, SpecLayout.Context.Length) == 0)
            {
                return block.Span.Start;
            }
        }

        return -1;
    }

    internal static ImmutableArray<TaskNote> Notes(string context, DateTimeOffset otherwise)
    {
        var notes = ImmutableArray.CreateBuilder<TaskNote>();
        var lines = new List<string>();
        var at = otherwise;
        foreach (var line in SpecText.Plain(context).Split('\n').Skip(1))
        {
            if (DatedItem().Match(line) is { Success: true } match
                && RecordFields.ParseTime(match.Groups[1].Value) is { } time)
            {
                Take();
                at = time;
                lines.Add(match.Groups[2].Value);
            }
            else
            {
                lines.Add(line);
            }
        }

        Take();
        return notes.ToImmutable();

        void Take()
        {
            // A continuation is indented by this writer, and was not by older ones.
            var isIndented = lines.Skip(1).All(line => line.Length == 0 || line.StartsWith("  ", StringComparison.Ordinal));
            var text = SpecText.Plain(string.Join('\n', lines.Select((line, i) =>
                i > 0 && isIndented && line.Length > 0 ? line[2..] : line)));
            if (text.Length > 0)
            {
                notes.Add(new(at, text));
            }

            lines.Clear();
        }
    }

    private static ImmutableArray<SpecRow> HistoryOf(SpecMap map, List<SpecFinding> findings)
    {
        if (map.Part(SpecLayout.History) is not { } part)
        {
            return [];
        }

        var rows = ImmutableArray.CreateBuilder<SpecRow>();
        var first = map.Lines.LineOf(part.Start);
        foreach (var (line, i) in map.TextOf(part).Split('\n').Select((line, i) => (line.Trim(), i)))
        {
            if (line.Length == 0 || line[0] != '|' || TableRule().IsMatch(line))
            {
                continue;
            }

            string[] cells = [.. CellEnd().Split(line.Trim('|')).Select(cell =>
                cell.Trim().Replace("\\|", "|", StringComparison.Ordinal))];
            if (cells is ["Date", ..])
            {
                continue;
            }

            rows.Add(new(cells[0], cells.Length > 1 ? cells[1] : ""));
            if (RecordFields.ParseTime(cells[0]) is null)
            {
                findings.Add(new(SpecFault.Damage, first + i + 1,
                    $"the history has a row whose date is '{RecordText.Shown(cells[0])}'"));
            }
        }

        return rows.ToImmutable();
    }

    private static SpecSection Section(SpecMap map, SpecPart part)
    {
        var text = SpecText.Plain(map.TextOf(part));
        return new(part.Name, text, part.Line + 1) { Items = SpecItems.In(text) };
    }

    private static DateTimeOffset? DateOf(ImmutableArray<SpecRow> history, string beginning) => history
        .Where(row => row.Event.StartsWith(beginning, StringComparison.Ordinal))
        .Select(row => RecordFields.ParseTime(row.Date)).LastOrDefault(time => time is not null);

    private static DateTimeOffset? TimeInId(string id) => MillisecondsInId().Match(id) is { Success: true } match
        ? DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))
        : null;

    [GeneratedRegex(@"\A[-*] \[(\d{4}-\d\d-\d\d[^\]]*)\] ?(.*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DatedItem();

    [GeneratedRegex(@"\A[|:\- ]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex TableRule();

    [GeneratedRegex(@"(?<!\\)\|", RegexOptions.CultureInvariant)]
    private static partial Regex CellEnd();

    [GeneratedRegex(@"\Atask_(\d{13})_", RegexOptions.CultureInvariant)]
    private static partial Regex MillisecondsInId();
}
