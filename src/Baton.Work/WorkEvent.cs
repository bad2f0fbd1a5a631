using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The kinds of events.</summary>
public enum EventType
{
    /// <summary>A term began.</summary>
    LeaderElected,

    /// <summary>A leader's renewals fail.</summary>
    LeaderAtRisk,

    /// <summary>A leader lost its lease.</summary>
    LeaderDemoted,

    /// <summary>A leader gave its lease back.</summary>
    LeaderReleased,

    /// <summary>A leader's lease ran out, or its process was proven dead.</summary>
    LeaderExpired,

    /// <summary>An orchestrator process joined.</summary>
    OrchestratorJoined,

    /// <summary>An orchestrator stands by.</summary>
    OrchestratorStandby,

    /// <summary>An orchestrator left in good order.</summary>
    OrchestratorExited,

    /// <summary>A stale orchestrator was evicted.</summary>
    OrchestratorEvicted,

    /// <summary>An agent joined.</summary>
    AgentRegistered,

    /// <summary>A stale agent was evicted.</summary>
    AgentEvicted,

    /// <summary>An agent left in good order.</summary>
    AgentStopped,

    /// <summary>A task was made.</summary>
    TaskCreated,

    /// <summary>A task was claimed.</summary>
    TaskClaimed,

    /// <summary>Its agent told how far it is.</summary>
    TaskProgress,

    /// <summary>A task is done.</summary>
    TaskCompleted,

    /// <summary>An attempt failed.</summary>
    TaskFailed,

    /// <summary>Whoever took a task gave it back, for it can't or won't do it.</summary>
    TaskDeclined,

    /// <summary>A task went back into the queue.</summary>
    TaskRequeued,

    /// <summary>A task can't go on.</summary>
    TaskBlocked,

    /// <summary>A task was called off.</summary>
    TaskCancelled,

    /// <summary>A task was tried too often.</summary>
    TaskBuried,

    /// <summary>The store is older than the high-water mark.</summary>
    StoreRolledBack,

    /// <summary>A process that held the write lock while frozen was ended.</summary>
    StoreUnblocked,

    /// <summary>A validation passed.</summary>
    ValidationPassed,

    /// <summary>A validation failed.</summary>
    ValidationFailed,

    /// <summary>A workspace was imported.</summary>
    ImportDone,
}

/// <summary>The names of event types as stores and faces write them.</summary>
public static class EventTypes
{
    private static readonly Dictionary<EventType, string> Names = Enum.GetValues<EventType>()
        .ToDictionary(type => type, type => NameOf(type.ToString()));

    private static readonly Dictionary<string, EventType> Types =
        Names.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    /// <summary>All names, in the order of the type.</summary>
    public static IEnumerable<string> All => Enum.GetValues<EventType>().Select(type => Names[type]);

    /// <summary>The name, as <c>leader.elected</c> or <c>store.rolled_back</c>.</summary>
    public static string Name(this EventType type) => Names[type];

    /// <summary>The type of a name; null where there is none.</summary>
    public static EventType? Parse(string name) => Types.TryGetValue(name, out var type) ? type : null;

    // LeaderAtRisk → leader.at_risk: the first word is the family, the others are joined.
    private static string NameOf(string word)
    {
        var parts = System.Text.RegularExpressions.Regex.Matches(word, "[A-Z][a-z]*")
            .Select(match => match.Value.ToLowerInvariant()).ToArray();
        return $"{parts[0]}.{string.Join('_', parts[1..])}";
    }
}

/// <summary>The particulars of an event; only what applies is set.</summary>
public sealed record EventFacts
{
    /// <summary>The attempt spoken of.</summary>
    public int? Attempt { get; init; }

    /// <summary>The agent spoken of, when it is neither actor nor subject.</summary>
    public string? Agent { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>The exit code of a command.</summary>
    public int? ExitCode { get; init; }

    /// <summary>
    /// What ended a term: <c>released</c>, <c>handed_over</c>, <c>died</c>, <c>expired</c>, <c>lost</c>.
    /// </summary>
    public string? EndedBy { get; init; }

    /// <summary>The process id spoken of.</summary>
    public int? Pid { get; init; }

    /// <summary>The highest epoch that a rolled back store knew.</summary>
    public long? KnownEpoch { get; init; }

    /// <summary>The mark above which epochs go on.</summary>
    public long? FloorEpoch { get; init; }

    /// <summary>When a delayed task may be taken again.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>How many.</summary>
    public int? Count { get; init; }

    /// <summary>Where something came from.</summary>
    public string? Source { get; init; }

    /// <summary>What checks were seen to do.</summary>
    public ImmutableArray<CheckEvidence>? Evidence { get; init; }
}

/// <summary>An event about to be written; the store adds its number and time.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Actor">Who did it, or who reports it.</param>
/// <param name="Subject">Whom or what it happened to.</param>
/// <param name="Message">One line for a person.</param>
/// <param name="Epoch">The term under whose authority it was written; null for what a non-leader reports.</param>
public sealed record EventDraft(EventType Type, string Actor, string Subject, string Message, Epoch? Epoch = null)
{
    /// <summary>The particulars.</summary>
    public EventFacts? Data { get; init; }
}

/// <summary>An event as the log keeps it.</summary>
/// <param name="Seq">Its number; only grows, and none is missed by who asks for those after it.</param>
/// <param name="At">When it was written (wall clock, display).</param>
/// <param name="Draft">What it tells.</param>
public sealed record WorkEvent(long Seq, DateTimeOffset At, EventDraft Draft);
