using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// Keeps the tasks, agents and events of one election, and enforces the fence. Every verb is one transaction
/// that
/// either happens whole, with its events, or not at all. Refusals are answers; the store throws
/// <see cref="StoreUnavailableException"/> only when it fails itself.
/// </summary>
public interface IWorkStore
{
    /// <summary>The kind of store, as faces show it.</summary>
    string Kind { get; }

    // Leader verbs: each carries an epoch past the fence, in the transaction of its write.

    /// <summary>
    /// The first act of a term: raises the fence, writes the story of the terms since the last fence, reads
    /// the
    /// snapshot. Repeated by the same holder it changes nothing.
    /// </summary>
    /// <exception cref="FencedException">
    /// A higher epoch, or the same of another holder, stands at the fence.
    /// </exception>
    ValueTask<Snapshot> BeginTermAsync(TermStart start, CancellationToken cancel);

    /// <summary>
    /// Evicts, requeues, drains and ticks off requests; each act only if what it was planned on still stands.
    /// </summary>
    /// <exception cref="FencedException">The epoch is behind the fence.</exception>
    ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel);

    // Agent verbs: each is bound to a claim.

    /// <summary>Makes a claim last another ttl; with a text it also tells of progress.</summary>
    ValueTask<ClaimAnswer> ExtendAsync(Claim claim, string? progress, CancellationToken cancel);

    /// <summary>Ends an attempt.</summary>
    ValueTask<ClaimAnswer> SettleAsync(Claim claim, Settlement settlement, CancellationToken cancel);

    // Open verbs: anyone's; each is safe to repeat.

    /// <summary>
    /// Makes all of the tasks, or none. A key or id that exists already is that task, unchanged.
    /// </summary>
    ValueTask<SubmitAnswer> SubmitAsync(ImmutableArray<NewTask> tasks, string actor, CancellationToken cancel);

    /// <summary>
    /// Takes a named task, or the first ready one; the same secret again finds the same claim.
    /// </summary>
    ValueTask<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancel);

    /// <summary>Puts an agent on the roster; an id that is there stays as it is.</summary>
    ValueTask<Agent> RegisterAsync(Agent agent, CancellationToken cancel);

    /// <summary>
    /// Takes a heartbeat or a change of status; null when there is no such agent on the roster any more.
    /// </summary>
    ValueTask<Agent?> ReportAsync(AgentReport report, CancellationToken cancel);

    /// <summary>Changes a task by hand.</summary>
    ValueTask<ClaimAnswer> EditAsync(TaskId task, TaskEdit edit, string actor, CancellationToken cancel);

    /// <summary>Asks the leader for something; gives the request's number.</summary>
    ValueTask<long> AskAsync(LeaderRequest request, CancellationToken cancel);

    /// <summary>
    /// Takes in another system's records, all or nothing; what is there already stays as it is.
    /// </summary>
    ValueTask<ImportAnswer> ImportAsync(ImportBatch batch, CancellationToken cancel);

    // Reads.

    /// <summary>The state of everything but the single tasks, as of one moment.</summary>
    ValueTask<Snapshot> SnapshotAsync(CancellationToken cancel);

    /// <summary>The tasks that fit a query.</summary>
    ValueTask<ImmutableArray<DurableTask>> TasksAsync(TaskQuery query, CancellationToken cancel);

    /// <summary>The events that fit a query, oldest first.</summary>
    ValueTask<ImmutableArray<WorkEvent>> EventsAsync(EventQuery query, CancellationToken cancel);

    /// <summary>
    /// Completes when something may have changed since <paramref name="mark"/>, with the mark to wait on
    /// next; a
    /// hint that may come too often and, after <paramref name="atMost"/>, without cause.
    /// </summary>
    ValueTask<long> ChangedAsync(long mark, TimeSpan atMost, CancellationToken cancel);
}
