using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>What a transaction does with the fence.</summary>
public enum FenceUse
{
    /// <summary>Nothing that must hold.</summary>
    None,

    /// <summary>Nobody may raise it before the transaction ends; others may check it beside this one.</summary>
    Check,

    /// <summary>It may raise it: alone.</summary>
    Raise,
}

/// <summary>
/// The rows of one election within one transaction, as <see cref="LocalWorkStore"/> reads and writes them. A
/// driver
/// of such a store implements these and decides nothing: what is written, and when, is said once for all of
/// them.
/// </summary>
public abstract class WorkRows
{
    /// <summary>The fence; epoch <see cref="Epoch.None"/> before the first term.</summary>
    public abstract Fence Fence { get; set; }

    /// <summary>The alarm over a rolled back store; null where there is none.</summary>
    public abstract RollbackAlarm? Alarm { get; set; }

    /// <summary>
    /// The task of an id, its count of open dependencies filled in; null where there is none.
    /// </summary>
    public abstract DurableTask? Task(TaskId id);

    /// <summary>The task of a submitter's key; null where there is none.</summary>
    public abstract TaskId? TaskOfKey(string key);

    /// <summary>The tasks whose id begins so, at most two.</summary>
    public abstract ImmutableArray<TaskId> TasksOfPrefix(string prefix);

    /// <summary>The task in progress that an agent claimed with a secret; null where there is none.</summary>
    public abstract DurableTask? TaskOfClaim(AgentId agent, string secret);

    /// <summary>
    /// The first ready task that fits an asker, by priority and then creation; null where there is none.
    /// </summary>
    /// <param name="skills">What the asker offers; a task that does not fit (<see cref="Skills.Fits"/>) is passed
    /// over.</param>
    /// <param name="now">Delayed tasks (<see cref="TaskRules.IsDelayed"/>) are passed over until their time.</param>
    public abstract DurableTask? FirstReady(Skills skills, DateTimeOffset now);

    /// <summary>
    /// When the first of the ready tasks that fit but are delayed may be taken; null where none is.
    /// </summary>
    public abstract DateTimeOffset? NextReadyAt(Skills skills, DateTimeOffset now);

    /// <summary>How many of the tasks are not completed; one that does not exist is not.</summary>
    public abstract int OpenAmong(ImmutableArray<TaskId> tasks);

    /// <summary>Adds a task after all others in the order of creation, with its dependencies.</summary>
    public abstract void Add(DurableTask task);

    /// <summary>Replaces a task, but for its dependencies.</summary>
    public abstract void Replace(DurableTask task);

    /// <summary>Replaces what a task depends on, and how much of it is open.</summary>
    public abstract void ReplaceDependencies(DurableTask task);

    /// <summary>
    /// Counts one open dependency less on each task that waits for this one, which was completed.
    /// </summary>
    public abstract void OpenDependents(TaskId completed);

    /// <summary>The agent of an id, with the task it holds; null where there is none.</summary>
    public abstract Agent? Agent(AgentId id);

    /// <summary>Adds an agent or replaces it; the task it holds is not a part of its row.</summary>
    public abstract void Put(Agent agent);

    /// <summary>Writes an event under the next number.</summary>
    public abstract void Append(EventDraft draft, DateTimeOffset at);

    /// <summary>Whether an event of this type was written about this term.</summary>
    public abstract bool IsTold(EventType type, Epoch epoch);

    /// <summary>What the leader has been asked for, oldest first.</summary>
    public abstract ImmutableArray<LeaderRequest> Requests();

    /// <summary>Adds a request; gives its number.</summary>
    public abstract long Add(LeaderRequest request);

    /// <summary>Drops a request; one that is gone already is no fault.</summary>
    public abstract void Drop(long request);

    /// <summary>Everything but the single tasks.</summary>
    /// <param name="since">From when on terms count as <see cref="Work.Snapshot.Transitions24h"/>.</param>
    public abstract Snapshot Snapshot(DateTimeOffset since);

    /// <summary>The tasks that fit a query.</summary>
    public abstract ImmutableArray<DurableTask> Tasks(TaskQuery query);

    /// <summary>The events that fit a query, oldest first.</summary>
    public abstract ImmutableArray<WorkEvent> Events(EventQuery query);

    /// <summary>
    /// The agent of an id or a stable name: one on the roster if there is any, else the one that came last; null where
    /// there is none.
    /// </summary>
    public abstract Agent? LifeOf(string name);

    /// <summary>The highest number of a message that is committed, or written here; 0 before the first.</summary>
    public abstract long LastMessage { get; }

    /// <summary>The message of an id; null where there is none.</summary>
    public abstract Message? Message(MessageId id);

    /// <summary>
    /// Writes a message under the next number, whatever its own; one without an id gets
    /// <see cref="MessageRules.AnnouncementId"/>.
    /// </summary>
    public abstract void Append(Message message);

    /// <summary>The messages that fit a query, oldest first; only what an inbox holds, where one is given.</summary>
    public abstract ImmutableArray<Message> Messages(MessageQuery query, Inbox? inbox);

    /// <summary>How far a reader is; null when it never appeared, or never read by this role.</summary>
    public abstract Cursor? Cursor(string reader, string? role);

    /// <summary>How far the furthest of a name's readers is with what is sent to all; null where there is none.</summary>
    public abstract long? ReachedBy(string name);

    /// <summary>Adds a cursor, or moves it on: <see cref="Work.Cursor.Read"/> never goes back.</summary>
    public abstract void Put(Cursor cursor);

    /// <summary>
    /// Drops the messages before the newest ones, but for those to one name that has not read them, and drops
    /// the cursors that lives which left had before them.
    /// </summary>
    /// <param name="newest">How many are kept in any case.</param>
    /// <param name="unread">Among how many of the newest those are kept that wait for their one reader.</param>
    public abstract void Trim(int newest, int unread);
}
