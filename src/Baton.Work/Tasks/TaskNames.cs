namespace Baton.Work;

/// <summary>
/// The words for enums as stores, JSON and people write them: <c>in_progress</c>, <c>high</c>.
/// </summary>
public static class TaskNames
{
    private static readonly string[] Statuses =
        ["pending", "in_progress", "blocked", "completed", "failed", "cancelled"];

    private static readonly string[] Priorities = ["critical", "high", "medium", "low"];

    private static readonly string[] Complexities = ["trivial", "simple", "moderate", "complex", "epic"];

    private static readonly string[] Ends = ["released", "handed_over", "died", "expired", "lost"];

    private static readonly string[] Lives = ["alive", "late", "stale", "stopped", "evicted"];

    private static readonly string[] AgentStatuses = ["active", "draining", "stopped", "evicted"];

    /// <summary>The word for a status.</summary>
    public static string Name(this DurableTaskStatus status) => Statuses[(int)status];

    /// <summary>The word for a priority.</summary>
    public static string Name(this TaskPriority priority) => Priorities[(int)priority];

    /// <summary>The word for a complexity.</summary>
    public static string Name(this TaskComplexity complexity) => Complexities[(int)complexity];

    /// <summary>The word for what ended a term.</summary>
    public static string Name(this TermEnd end) => Ends[(int)end];

    /// <summary>The word for how alive an agent is.</summary>
    public static string Name(this Liveness liveness) => Lives[(int)liveness];

    /// <summary>The word for what an agent's row says.</summary>
    public static string Name(this AgentStatus status) => AgentStatuses[(int)status];

    /// <summary>The status of a word; null where there is none.</summary>
    public static DurableTaskStatus? ParseStatus(string? word) => Parse<DurableTaskStatus>(Statuses, word);

    /// <summary>The priority of a word; null where there is none.</summary>
    public static TaskPriority? ParsePriority(string? word) => Parse<TaskPriority>(Priorities, word);

    /// <summary>The complexity of a word; null where there is none.</summary>
    public static TaskComplexity? ParseComplexity(string? word) => Parse<TaskComplexity>(Complexities, word);

    /// <summary>The end of a word; null where there is none.</summary>
    public static TermEnd? ParseEnd(string? word) => Parse<TermEnd>(Ends, word);

    /// <summary>The agent's status of a word; null where there is none.</summary>
    public static AgentStatus? ParseAgentStatus(string? word) => Parse<AgentStatus>(AgentStatuses, word);

    private static T? Parse<T>(string[] names, string? word) where T : struct, Enum
    {
        var at = Array.IndexOf(names, word);
        return at < 0 ? null : Enum.GetValues<T>()[at];
    }
}
