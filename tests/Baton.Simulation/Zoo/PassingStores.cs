using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>Leases that pass everything on; a beast changes a verb or two.</summary>
internal abstract class PassingLeases(ILeaseStore inner) : ILeaseStore
{
    protected ILeaseStore Inner => inner;

    public LeaseStoreTraits Traits => inner.Traits;

    public virtual ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel) =>
        inner.TryAcquireAsync(candidacy, cancel);

    public virtual ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel) =>
        inner.RenewAsync(term, cancel);

    public virtual ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel) =>
        inner.ReleaseAsync(term, reason, cancel);

    public ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel) =>
        inner.RevokeAsync(election, holder, cancel);

    public virtual ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel) =>
        inner.ReadAsync(election, cancel);

    public IAsyncEnumerable<Term> TermsAsync(ElectionName election, Epoch after, CancellationToken cancel) =>
        inner.TermsAsync(election, after, cancel);

    public IAsyncEnumerable<LeaseView> WatchAsync(ElectionName election, CancellationToken cancel) =>
        inner.WatchAsync(election, cancel);
}

/// <summary>A work store that passes everything on; a beast changes a verb or two.</summary>
internal abstract class PassingWork(IWorkStore inner) : IWorkStore
{
    protected IWorkStore Inner => inner;

    public string Kind => inner.Kind;

    public virtual ValueTask<Snapshot> BeginTermAsync(TermStart start, CancellationToken cancel) =>
        inner.BeginTermAsync(start, cancel);

    public virtual ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel) =>
        inner.SweepAsync(epoch, plan, cancel);

    public ValueTask<ClaimAnswer> ExtendAsync(Claim claim, string? progress, CancellationToken cancel) =>
        inner.ExtendAsync(claim, progress, cancel);

    public virtual ValueTask<ClaimAnswer> SettleAsync(Claim claim, Settlement settlement, CancellationToken cancel) =>
        inner.SettleAsync(claim, settlement, cancel);

    public virtual ValueTask<SubmitAnswer> SubmitAsync(
        ImmutableArray<NewTask> tasks, string actor, CancellationToken cancel) =>
        inner.SubmitAsync(tasks, actor, cancel);

    public virtual ValueTask<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancel) =>
        inner.ClaimAsync(request, cancel);

    public ValueTask<Agent> RegisterAsync(Agent agent, CancellationToken cancel) =>
        inner.RegisterAsync(agent, cancel);

    public ValueTask<Agent?> ReportAsync(AgentReport report, CancellationToken cancel) =>
        inner.ReportAsync(report, cancel);

    public ValueTask<ClaimAnswer> EditAsync(TaskId task, TaskEdit edit, string actor, CancellationToken cancel) =>
        inner.EditAsync(task, edit, actor, cancel);

    public ValueTask<long> AskAsync(LeaderRequest request, CancellationToken cancel) =>
        inner.AskAsync(request, cancel);

    public ValueTask<ImportAnswer> ImportAsync(ImportBatch batch, CancellationToken cancel) =>
        inner.ImportAsync(batch, cancel);

    public virtual ValueTask<Snapshot> SnapshotAsync(CancellationToken cancel) => inner.SnapshotAsync(cancel);

    public ValueTask<ImmutableArray<DurableTask>> TasksAsync(TaskQuery query, CancellationToken cancel) =>
        inner.TasksAsync(query, cancel);

    public ValueTask<ImmutableArray<WorkEvent>> EventsAsync(EventQuery query, CancellationToken cancel) =>
        inner.EventsAsync(query, cancel);

    public ValueTask<long> ChangedAsync(long mark, TimeSpan atMost, CancellationToken cancel) =>
        inner.ChangedAsync(mark, atMost, cancel);
}
