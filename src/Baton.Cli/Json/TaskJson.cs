using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Baton.Work;

namespace Baton.Cli;

/// <summary>A task as every face prints it; <c>history</c> is filled in by <c>task show</c> alone.</summary>
internal sealed record TaskJson(string Id, string Title, string Description, string Priority, string Status,
    string? Complexity, decimal? EstimatedHours, IReadOnlyList<string> Tags, IReadOnlyList<string> DependsOn,
    string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, string? AssignedTo,
    DateTimeOffset? ClaimedAt, DateTimeOffset? CompletedAt, int Attempt, ClaimJson? Claim,
    IReadOnlyList<NoteJson> Notes, GithubIssueJson? GithubIssue, string? Branch, decimal? QualityScore,
    string? QualityNotes, string? SpecFile, IReadOnlyList<HistoryJson> History)
{
    /// <summary>The submitter's own name for it.</summary>
    public string? Key { get; init; }

    /// <summary>The role an agent needs.</summary>
    public string? Role { get; init; }

    /// <summary>What an agent must be able to do.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>How long its command may say nothing.</summary>
    public long? StallMs { get; init; }

    /// <summary>How long an attempt may take.</summary>
    public long? TimeLimitMs { get; init; }

    /// <summary>How many attempts may fail or be lost; null: the usual limits.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>How many attempts were declined.</summary>
    public int Declines { get; init; }

    /// <summary>The commands that must end well before it is completed.</summary>
    public IReadOnlyList<string> Checks { get; init; } = [];

    /// <summary>What the checks were seen to do when it was completed.</summary>
    public IReadOnlyList<EvidenceJson> Evidence { get; init; } = [];

    /// <summary>Whether it could be taken now, a back-off aside.</summary>
    public bool Ready { get; init; }

    /// <summary>The end of a back-off.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>What the completing agent said.</summary>
    public string? Summary { get; init; }

    /// <summary>The assessment behind score and notes.</summary>
    public QualityJson? Quality { get; init; }

    /// <summary>The sections of the spec that it was read from; absent where it was read from the store.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SpecSectionJson>? Sections { get; init; }

    public static TaskJson Of(DurableTask task, ImmutableArray<WorkEvent> events = default) => new(
        task.Id.Value, task.Title, task.Description, task.Priority.Name(), task.Status.Name(),
        task.Complexity?.Name(), task.EstimatedHours, task.Tags, [.. task.DependsOn.Select(id => id.Value)],
        task.CreatedBy, task.CreatedAt, task.UpdatedAt, task.AssignedTo, task.ClaimedAt, task.CompletedAt,
        task.Attempt, task.Claim is { } claim ? new(claim.Agent.Value, claim.Epoch.Value, claim.ExpiresAt) : null,
        [.. task.Notes.Select(note => new NoteJson(note.At, note.Text))],
        task.GithubIssue is { } issue ? new(issue.Number, issue.Url) : null,
        task.Branch, task.QualityScore, task.QualityNotes, task.SpecFile,
        events.IsDefault ? [] : TaskHistory.Of(task, events))
    {
        Key = task.Key,
        Role = task.Role,
        Needs = task.Needs,
        StallMs = (long?)task.Stall?.TotalMilliseconds,
        TimeLimitMs = (long?)task.TimeLimit?.TotalMilliseconds,
        MaxAttempts = task.MaxAttempts,
        Declines = task.Declines,
        Checks = task.Checks,
        Evidence = [.. task.Evidence.Select(EvidenceJson.Of)],
        Ready = task.IsReady,
        NotBefore = task.NotBefore,
        Summary = task.Summary,
        Quality = task.Quality is { } quality ? QualityJson.Of(quality) : null,
    };
}

internal sealed record ClaimJson(string Agent, long Epoch, DateTimeOffset ExpiresAt);

internal sealed record NoteJson(DateTimeOffset At, string Text);

/// <summary>What a check was seen to do; <c>exit_code</c> as shells count.</summary>
internal sealed record EvidenceJson(string Command, int ExitCode, bool TimedOut, DateTimeOffset At, long TookMs,
    string OutputSha256, long OutputBytes, IReadOnlyList<string> OutputTail)
{
    public static EvidenceJson Of(CheckEvidence seen) => new(seen.Command, seen.ExitCode, seen.TimedOut, seen.At,
        (long)seen.Took.TotalMilliseconds, seen.OutputSha256, seen.OutputBytes, seen.OutputTail);
}

internal sealed record GithubIssueJson(int? Number, string? Url);

internal sealed record HistoryJson(DateTimeOffset At, string Event, string? Actor, long? Epoch, int? Attempt);

/// <summary>What happened to one task.</summary>
internal static class TaskHistory
{
    /// <summary>
    /// The events about it; for a task that came from elsewhere, what its own times tell beside them.
    /// </summary>
    public static IReadOnlyList<HistoryJson> Of(DurableTask task, ImmutableArray<WorkEvent> events)
    {
        var told = events.Select(entry => new HistoryJson(entry.At, entry.Draft.Type.Name(), entry.Draft.Actor,
            entry.Draft.Epoch?.Value, entry.Draft.Data?.Attempt));
        if (events.Any(entry => entry.Draft.Type == EventType.TaskCreated))
        {
            return [.. told];
        }

        var inferred = new List<HistoryJson>
        {
            new(task.CreatedAt, EventType.TaskCreated.Name(), task.CreatedBy, null, null),
        };
        if (task.CompletedAt is { } completedAt
            && !events.Any(entry => entry.Draft.Type == EventType.TaskCompleted))
        {
            inferred.Add(new(completedAt, EventType.TaskCompleted.Name(), task.AssignedTo, null, null));
        }

        return [.. inferred.Concat(told).OrderBy(entry => entry.At)];
    }
}

/// <summary><c>task claim</c>: the token in <c>claim</c> is what the next verbs need.</summary>
internal sealed record ClaimedJson(TaskJson Task, string Claim, DateTimeOffset ExpiresAt);

/// <summary>A line of <c>task create --file</c>.</summary>
internal sealed record NewTaskJson
{
    public required string Title { get; init; }

    public string? Description { get; init; }

    public string? Priority { get; init; }

    public string? Complexity { get; init; }

    public decimal? EstimatedHours { get; init; }

    public string[]? Tags { get; init; }

    public string[]? DependsOn { get; init; }

    public string? Key { get; init; }

    public string? Role { get; init; }

    public string[]? Needs { get; init; }

    public long? StallMs { get; init; }

    public long? TimeLimitMs { get; init; }

    public int? MaxAttempts { get; init; }

    public string[]? Checks { get; init; }
}
