using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// A work store whose transactions run on the calling thread: in memory, in a file, on a server. It says once,
/// for all such drivers, which rows each verb reads and writes; <see cref="TaskRules"/> and <see cref="DependencyRules"/>
/// decide.
/// Each verb checks everything before it writes the first row.
/// </summary>
public abstract partial class LocalWorkStore : IWorkStore
{
    private readonly ElectionName _election;
    private readonly TimeProvider _clock;
    private readonly ClockDomain _domain;

    /// <summary>A store of one election.</summary>
    /// <param name="election">The scope of all its rows.</param>
    /// <param name="clock">The clock of the rows; its timestamps are boot time where the host has it.</param>
    /// <param name="domain">Which clock that is.</param>
    protected LocalWorkStore(ElectionName election, TimeProvider clock, ClockDomain domain)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _election = election;
        _clock = clock;
        _domain = domain;
    }

    /// <inheritdoc/>
    public abstract string Kind { get; }

    /// <summary>The scope of all rows.</summary>
    protected ElectionName Election => _election;

    /// <summary>The clock of the rows.</summary>
    protected TimeProvider Clock => _clock;

    /// <summary>Which clock that is.</summary>
    protected ClockDomain Domain => _domain;

    // Rows keep milliseconds; what a verb gives back must not say more than what is read later.
    private DateTimeOffset Now =>
        DateTimeOffset.FromUnixTimeMilliseconds(_clock.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Runs a verb in one write transaction, which either happens whole or not at all.</summary>
    /// <param name="isLasting">
    /// Whether it must survive a loss of power once it is acknowledged; only a heartbeat, which the next one
    /// makes
    /// good, need not.
    /// </param>
    /// <param name="verb">What to read and write.</param>
    /// <param name="cancel">Ends the wait for the transaction to begin.</param>
    protected abstract T Write<T>(bool isLasting, Func<WorkRows, T> verb, CancellationToken cancel);

    /// <summary>
    /// Runs a verb that the fence guards, in one lasting write transaction: no other epoch may be raised between
    /// its look at the fence and its end. Where only one writes at a time, that is any write.
    /// </summary>
    /// <param name="use">Whether it raises the fence, or only checks it.</param>
    /// <param name="epoch">The epoch of the leader that writes.</param>
    /// <param name="verb">What to read and write.</param>
    /// <param name="cancel">Ends the wait for the transaction to begin.</param>
    protected virtual T WriteFenced<T>(
        FenceUse use, Epoch epoch, Func<WorkRows, T> verb, CancellationToken cancel) =>
        Write(isLasting: true, verb, cancel);

    /// <summary>Runs a read that sees one moment.</summary>
    protected abstract T Read<T>(Func<WorkRows, T> read, CancellationToken cancel);

    /// <inheritdoc/>
    public abstract ValueTask<long> ChangedAsync(long mark, TimeSpan atMost, CancellationToken cancel);

    /// <inheritdoc/>
    public ValueTask<Snapshot> BeginTermAsync(TermStart start, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(start);
        return new(WriteFenced(FenceUse.Raise, start.Term.Epoch, rows => BeginTerm(rows, start), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new(WriteFenced(FenceUse.Check, epoch, rows => Sweep(rows, epoch, plan), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ClaimAnswer> ExtendAsync(Claim claim, string? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(claim);
        var isLasting = !string.IsNullOrEmpty(progress);
        return new(Write(isLasting, rows => Extend(rows, claim, progress), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ClaimAnswer> SettleAsync(Claim claim, Settlement settlement, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(settlement);
        return new(Write(isLasting: true, rows => Settle(rows, claim, settlement), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<SubmitAnswer> SubmitAsync(
        ImmutableArray<NewTask> tasks, string actor, CancellationToken cancel) =>
        new(Write(isLasting: true, rows => Submit(rows, tasks, actor), cancel));

    /// <inheritdoc/>
    public ValueTask<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new(Write(isLasting: true, rows => Take(rows, request), cancel));
    }

    /// <inheritdoc/>
    public virtual ValueTask<Agent> RegisterAsync(Agent agent, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(agent);
        return new(Write(isLasting: true, rows => Register(rows, agent), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<Agent?> ReportAsync(AgentReport report, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Status == AgentStatus.Evicted)
        {
            throw new ArgumentException("only a sweep evicts", nameof(report));
        }

        var isLasting = report is not { Status: null, Event: null };
        return new(Write(isLasting, rows => Report(rows, report), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ClaimAnswer> EditAsync(TaskId task, TaskEdit edit, string actor, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(edit);
        return new(Write(isLasting: true, rows => Edit(rows, task, edit, actor), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<long> AskAsync(LeaderRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new(Write(isLasting: true, rows => Ask(rows, request), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ImportAnswer> ImportAsync(ImportBatch batch, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(batch);
        foreach (var message in batch.Messages)
        {
            RefuseMalformed(message.Draft);
        }

        return new(batch.IsTrial ? Read(rows => Fresh(rows, batch).Answer, cancel)
            : WriteFenced(FenceUse.Raise, batch.Floor, rows => Import(rows, batch), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<Snapshot> SnapshotAsync(CancellationToken cancel) => new(Read(Look, cancel));

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<DurableTask>> TasksAsync(TaskQuery query, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new(Read(rows => rows.Tasks(query), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<WorkEvent>> EventsAsync(EventQuery query, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new(Read(rows => rows.Events(query), cancel));
    }

    private Snapshot Look(WorkRows rows) => rows.Snapshot(Now - TimeSpan.FromHours(24));

    private LeaseExpiry ExpiryAfter(TimeSpan ttl) => new(_domain, Instant.Of(_clock) + ttl);
}
