using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>A task to be made.</summary>
/// <param name="Id">Its id, drawn by the caller so that a repeated submit is the same one.</param>
/// <param name="Title">One line.</param>
public sealed record NewTask(TaskId Id, string Title)
{
    /// <summary>What is to be done.</summary>
    public string Description { get; init; } = "";

    /// <summary>Default medium.</summary>
    public TaskPriority Priority { get; init; } = TaskPriority.Medium;

    /// <summary>Null where nobody said.</summary>
    public TaskComplexity? Complexity { get; init; }

    /// <summary>Null where nobody said.</summary>
    public decimal? EstimatedHours { get; init; }

    /// <summary>Free words.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>Ids, unique prefixes of ids, or keys: of tasks in the store or in the same batch.</summary>
    public ImmutableArray<string> DependsOn { get; init; } = [];

    /// <summary>The same key twice is one task.</summary>
    public string? Key { get; init; }

    /// <summary>The role an agent needs; null: any.</summary>
    public string? Role { get; init; }

    /// <summary>The commands that must succeed before it can be completed.</summary>
    public ImmutableArray<string> Checks { get; init; } = [];

    /// <summary>What an agent must be able to do; none: any may.</summary>
    public ImmutableArray<string> Needs { get; init; } = [];

    /// <summary>How long its command may say nothing; null: as long as its runner allows.</summary>
    public TimeSpan? Stall { get; init; }

    /// <summary>How long an attempt may take; null: as long as its runner allows.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>How many attempts may fail or be lost; null: the limits of <see cref="TaskRules"/>.</summary>
    public int? MaxAttempts { get; init; }
}

/// <summary>What an agent says at the end of its attempt.</summary>
public abstract record Settlement
{
    private Settlement() { }

    /// <summary>It is done. Refused without evidence that each of the task's checks passed.</summary>
    public sealed record Complete(string? Summary) : Settlement
    {
        /// <summary>What its checks, and others, were seen to do.</summary>
        public ImmutableArray<CheckEvidence> Evidence { get; init; } = [];
    }

    /// <summary>It failed; it is tried again after a back-off, up to the limit.</summary>
    public sealed record Fail(string Reason, int? ExitCode) : Settlement
    {
        /// <summary>What was measured before it failed.</summary>
        public ImmutableArray<CheckEvidence> Evidence { get; init; } = [];
    }

    /// <summary>It can't go on until a person requeues it.</summary>
    public sealed record Block(string Reason) : Settlement;

    /// <summary>Given back untried.</summary>
    public sealed record Release(string? Reason) : Settlement;

    /// <summary>
    /// Given back untried because whoever took it can't or won't do it now. Nobody is offered it for a while; declined
    /// too often, it is blocked.
    /// </summary>
    /// <param name="Reason">Why, for a person.</param>
    /// <param name="Pause">For how long; null: <see cref="TaskRules.DeclinePause"/>. At most
    /// <see cref="TaskRules.LongestDelay"/>.</param>
    public sealed record Decline(string Reason, TimeSpan? Pause) : Settlement;
}

/// <summary>What a person, or a program without a claim, may change.</summary>
public abstract record TaskEdit
{
    private TaskEdit() { }

    /// <summary>Call it off; whoever works on it loses its claim.</summary>
    public sealed record Cancel(string? Reason) : TaskEdit;

    /// <summary>
    /// Put it back into the queue: from blocked, failed, cancelled, or from an agent that holds it.
    /// </summary>
    public sealed record Requeue(string? Reason) : TaskEdit;

    /// <summary>Remark.</summary>
    public sealed record Note(string Text) : TaskEdit;

    /// <summary>Name its Markdown spec, relative to the workspace.</summary>
    public sealed record Spec(string File) : TaskEdit;

    /// <summary>
    /// Judge the work on it. Over an earlier assessment: what is not judged anew keeps its score. With a note, that is
    /// added too.
    /// </summary>
    public sealed record Assess(Assessment Assessment, string? Remark = null) : TaskEdit;

    /// <summary>Wait for another task.</summary>
    public sealed record AddDependency(TaskId On) : TaskEdit;

    /// <summary>Wait no longer for another task.</summary>
    public sealed record RemoveDependency(TaskId On) : TaskEdit;
}

/// <summary>Why a task verb was refused.</summary>
public enum RefusalKind
{
    /// <summary>There is no such task.</summary>
    NotFound,

    /// <summary>Not in a state in which this can be done.</summary>
    Conflict,

    /// <summary>The claim is another attempt's, or gone.</summary>
    ClaimLost,

    /// <summary>This very attempt has been ended already, by this claim.</summary>
    AlreadySettled,

    /// <summary>It is not shown that the checks of the task passed.</summary>
    Unproven,

    /// <summary>A dependency that does not exist.</summary>
    UnknownDependency,

    /// <summary>The dependencies would form a cycle.</summary>
    Cycle,

    /// <summary>The agent was evicted or has stopped.</summary>
    AgentGone,

    /// <summary>The prefix fits more than one.</summary>
    Ambiguous,
}

/// <summary>A refusal with what explains it, in one line for a person.</summary>
public sealed record Refusal(RefusalKind Kind, string Message);

/// <summary>A task as it becomes, and the events that tell of it. Written in one transaction.</summary>
public sealed record TaskChange(DurableTask Task, ImmutableArray<EventDraft> Events);

/// <summary>A change, or why not.</summary>
public readonly record struct Ruling(TaskChange? Change, Refusal? Refusal)
{
    /// <summary>It may be done.</summary>
    public static implicit operator Ruling(TaskChange change) => new(change, null);

    /// <summary>It may not.</summary>
    public static implicit operator Ruling(Refusal refusal) => new(null, refusal);
}
