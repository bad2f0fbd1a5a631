using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Markdig.Syntax;

namespace Baton.Work;

/// <summary>Drafts the spec of a task from what the store knows of it, and invents nothing beside.</summary>
public static partial class SpecDraft
{
    /// <summary>The spec of a task.</summary>
    /// <param name="task">The task.</param>
    /// <param name="events">The events about it, oldest first.</param>
    /// <param name="generatedAt">When its spec was first generated.</param>
    public static TaskSpec Of(DurableTask task, ImmutableArray<WorkEvent> events, DateTimeOffset generatedAt)
    {
        ArgumentNullException.ThrowIfNull(task);
        var description = SpecText.Plain(task.Description);
        ImmutableArray<SpecSection> sections =
        [
            new(SpecLayout.Goals, ListText(Listed(description, GoalWords()), "- "), 0),
            new(SpecLayout.Plan, ListText(Listed(description, PlanWords()), "- "), 0),
            new(SpecLayout.Criteria, ListText(Listed(description, CriteriaWords()), "- [ ] "), 0),
            new(SpecLayout.Notes, $"- Name the task in commits: {task.Id}", 0),
        ];
        return new(task, sections, History(task, events, generatedAt));
    }

    private static ImmutableArray<SpecRow> History(
        DurableTask task, ImmutableArray<WorkEvent> events, DateTimeOffset generatedAt)
    {
        var rows = events.Select(entry => (entry.At, Text: Told(entry.Draft)))
            .Where(row => row.Text is not null).ToList();

        // A task that came from elsewhere tells of itself by its own times.
        if (!rows.Exists(row => row.Text == SpecLayout.TaskCreated))
        {
            rows.Add((task.CreatedAt, SpecLayout.TaskCreated));
        }

        if (task.CompletedAt is { } completed && !events.Any(entry => entry.Draft.Type == EventType.TaskCompleted))
        {
            rows.Add((completed, By("Task completed", task.AssignedTo)));
        }

        return [.. rows.Append((generatedAt, SpecLayout.SpecGenerated)).OrderBy(row => row.Item1)
            .Select(row => new SpecRow(SpecLayout.Text(row.Item1), row.Item2!))];
    }

    private static string? Told(EventDraft draft) => draft.Type switch
    {
        EventType.TaskCreated => SpecLayout.TaskCreated,
        EventType.TaskClaimed => $"{By("Task claimed", draft.Actor)}, attempt {draft.Data?.Attempt}",
        EventType.TaskCompleted => By("Task completed", draft.Actor),
        EventType.TaskFailed => $"Attempt {draft.Data?.Attempt} failed",
        EventType.TaskDeclined => By("Task declined", draft.Actor),
        EventType.TaskRequeued => By("Task requeued", draft.Actor),
        EventType.TaskBlocked => By("Task blocked", draft.Actor),
        EventType.TaskCancelled => By("Task cancelled", draft.Actor),
        EventType.TaskBuried => "Task given up",
        _ => null,
    };

    private static string By(string what, string? actor) => string.IsNullOrEmpty(actor) ? what : $"{what} by {actor}";

    /// <summary>The entries of the first list below a line or heading of such a name.</summary>
    private static IEnumerable<SpecItem> Listed(string description, Regex name)
    {
        var isNamed = false;
        foreach (var block in (IEnumerable<Block>?)SpecLayout.TryParse(description) ?? [])
        {
            if (isNamed && block is ListBlock list)
            {
                return SpecItems.Of(description, list, null);
            }

            var last = SpecItems.Slice(description, block).TrimEnd().Split('\n')[^1];
            isNamed = block is HeadingBlock or ParagraphBlock && name.IsMatch(last);
        }

        return [];
    }

    private static string ListText(IEnumerable<SpecItem> items, string bullet)
    {
        var lines = items.Select(item => bullet + item.Text).ToList();
        return lines.Count > 0 ? string.Join('\n', lines) : bullet + SpecLayout.Undefined;
    }

    private const string Before = @"\A[#*\s]*";
    private const string After = @"\s*:?\s*\**\s*:?\s*\z";
    private const RegexOptions Words = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase;

    [GeneratedRegex(Before + "(?:goals?|objectives?|aims?)" + After, Words)]
    private static partial Regex GoalWords();

    [GeneratedRegex(Before + "(?:implementation(?: plan| steps)?|plan|steps|phases|approach|changes needed)" + After,
        Words)]
    private static partial Regex PlanWords();

    [GeneratedRegex(Before + "(?:(?:success|acceptance) criteria|criteria|done when|definition of done)" + After,
        Words)]
    private static partial Regex CriteriaWords();
}
