using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>How a term begins.</summary>
/// <param name="Term">The new term.</param>
/// <param name="Former">The terms before it that the work store may not know the end of, oldest first.</param>
/// <param name="Floor">The high-water mark before this term.</param>
/// <param name="KnownBefore">The highest epoch that the lease store knew by itself.</param>
public sealed record TermStart(Term Term, ImmutableArray<Term> Former, Epoch Floor, Epoch KnownBefore)
{
    /// <summary>Whether the lease store had forgotten terms that the mark remembers.</summary>
    public bool IsRolledBack => KnownBefore < Floor && KnownBefore < Term.Epoch;

    /// <summary>
    /// Whether the fence takes the epochs of this term's lease store from now on, whichever it took before; default
    /// false: then those of another one are refused.
    /// </summary>
    public bool MovesLeases { get; init; }
}

/// <summary>An agent to evict.</summary>
/// <param name="Agent">Whom.</param>
/// <param name="BeatsSeen">Only if it has not been heard of since; null: in any case.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record Eviction(AgentId Agent, long? BeatsSeen, string Reason);

/// <summary>A task to requeue, or to bury when it was lost too often.</summary>
/// <param name="Task">Which.</param>
/// <param name="Attempt">Only while it is this attempt's.</param>
/// <param name="ExtensionsSeen">Only if its claim has not been extended since; null for a task without a claim.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record Requeue(TaskId Task, int Attempt, long? ExtensionsSeen, string Reason);

/// <summary>What a sweep is to do. Made by pure rules from a snapshot.</summary>
public sealed record SweepPlan(
    HolderId By, ImmutableArray<Eviction> Evictions, ImmutableArray<Requeue> Requeues, ImmutableArray<long> Handled)
{
    /// <summary>Active agents that are to take no new task; default none.</summary>
    public ImmutableArray<AgentId> Draining { get; init; } = [];

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Evictions.IsEmpty && Requeues.IsEmpty && Handled.IsEmpty && Draining.IsEmpty;
}

/// <summary>What a sweep did; what moved since it was planned is not in it.</summary>
public sealed record SweepAnswer(
    ImmutableArray<AgentId> Evicted, ImmutableArray<TaskId> Requeued, ImmutableArray<TaskId> Buried);

/// <summary>Asks for a task.</summary>
/// <param name="Agent">Who asks; must be on the roster.</param>
/// <param name="Secret">Random; makes the request safe to repeat.</param>
/// <param name="Ttl">How long the claim lives without being extended.</param>
public sealed record ClaimRequest(AgentId Agent, string Secret, TimeSpan Ttl)
{
    /// <summary>This task; null: the first ready one.</summary>
    public TaskId? Task { get; init; }

    /// <summary>The role of the asker: tasks of another role are passed over.</summary>
    public string? Role { get; init; }

    /// <summary>What the asker can do: tasks that need anything else are passed over.</summary>
    public ImmutableArray<string> Can { get; init; } = [];

    /// <summary>Role and abilities together.</summary>
    public Skills Skills => new(Role, Can);

    /// <summary>
    /// Takes the witness of the claim, given its token, once the attempt is known; null where the claimant
    /// keeps none.
    /// Called inside the transaction, so it must do no more than that.
    /// </summary>
    public Func<string, FileIdentity?>? Witness { get; init; }
}

/// <summary>What a verb on one task gives.</summary>
public abstract record ClaimAnswer
{
    private ClaimAnswer() { }

    /// <summary>Done; the task as it is now, and the claim while there is one.</summary>
    public sealed record Granted(DurableTask Task, Claim? Claim) : ClaimAnswer;

    /// <summary>Nothing can be taken now.</summary>
    /// <param name="NextAt">When a delayed task becomes ready; null where none is delayed.</param>
    public sealed record NothingReady(DateTimeOffset? NextAt) : ClaimAnswer;

    /// <summary>Refused.</summary>
    public sealed record Refused(Refusal Refusal) : ClaimAnswer;
}

/// <summary>What a submit gives.</summary>
public abstract record SubmitAnswer
{
    private SubmitAnswer() { }

    /// <summary>All are there.</summary>
    /// <param name="Tasks">In the order asked.</param>
    /// <param name="Created">How many of them are new.</param>
    public sealed record Accepted(ImmutableArray<DurableTask> Tasks, int Created) : SubmitAnswer;

    /// <summary>None was made.</summary>
    /// <param name="Index">Which of the tasks, from 0.</param>
    /// <param name="Refusal">Why.</param>
    public sealed record Refused(int Index, Refusal Refusal) : SubmitAnswer;
}

/// <summary>What a leader can be asked for.</summary>
public enum RequestKind
{
    /// <summary>Hand over.</summary>
    Resign,

    /// <summary>Sweep now.</summary>
    Sweep,

    /// <summary>Evict an agent.</summary>
    Evict,

    /// <summary>Drop the alarm over a rolled back store. Done at once, without the leader.</summary>
    Acknowledge,

    /// <summary>Write an event that is no change of the store's own. Done at once, without the leader.</summary>
    Tell,
}

/// <summary>Something asked of the leader.</summary>
/// <param name="Kind">What.</param>
/// <param name="By">Who asks.</param>
public sealed record LeaderRequest(RequestKind Kind, string By)
{
    /// <summary>Given by the store.</summary>
    public long Number { get; init; }

    /// <summary>For <see cref="RequestKind.Resign"/>: only this term.</summary>
    public Epoch? Epoch { get; init; }

    /// <summary>For <see cref="RequestKind.Tell"/>: the event.</summary>
    public EventDraft? Event { get; init; }

    /// <summary>For <see cref="RequestKind.Evict"/>: whom.</summary>
    public AgentId? Agent { get; init; }
}

/// <summary>Another system's records, ready to be taken in.</summary>
/// <param name="Source">Where they come from.</param>
/// <param name="Tasks">The tasks as they are to stand in the store.</param>
/// <param name="Agents">Agents, as history.</param>
/// <param name="Floor">The highest epoch that any record names.</param>
public sealed record ImportBatch(
    string Source, ImmutableArray<DurableTask> Tasks, ImmutableArray<Agent> Agents, Epoch Floor)
{
    /// <summary>Whether only to say what would be changed.</summary>
    public bool IsTrial { get; init; }

    /// <summary>
    /// Messages as history, in their order, with their ids, times and <see cref="Message.ReadBy"/>; the store numbers
    /// them. One whose id is there already stays as it is. Each must pass <see cref="MessageRules.WhyNot"/>.
    /// </summary>
    public ImmutableArray<Message> Messages { get; init; } = [];
}

/// <summary>What an import changed, or would.</summary>
public sealed record ImportAnswer(int TasksAdded, int TasksKnown, int AgentsAdded, bool FloorRaised)
{
    /// <summary>How many messages are new.</summary>
    public int MessagesAdded { get; init; }
}

/// <summary>Which tasks.</summary>
public sealed record TaskQuery
{
    /// <summary>Of this status.</summary>
    public DurableTaskStatus? Status { get; init; }

    /// <summary>
    /// Ready ones, in the order in which they are taken; the others come in the order of their creation.
    /// </summary>
    public bool Ready { get; init; }

    /// <summary>With this tag.</summary>
    public string? Tag { get; init; }

    /// <summary>Of this agent, by id or stable name.</summary>
    public string? AssignedTo { get; init; }

    /// <summary>Whose id begins so.</summary>
    public string? IdPrefix { get; init; }

    /// <summary>No more than this many; null: all.</summary>
    public int? Limit { get; init; }
}

/// <summary>Which events.</summary>
public sealed record EventQuery
{
    /// <summary>After this number.</summary>
    public long After { get; init; }

    /// <summary>Of this type.</summary>
    public EventType? Type { get; init; }

    /// <summary>About this subject.</summary>
    public string? Subject { get; init; }

    /// <summary>No more than this many; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>
    /// Whether a limit keeps the newest instead of the oldest. The order is oldest first all the same.
    /// </summary>
    public bool Newest { get; init; }
}
