using System.Collections.Immutable;
using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>A work store that records what is asked of it; reads are passed on.</summary>
/// <param name="inner">The store.</param>
/// <param name="recorder">Takes the operations.</param>
public sealed class RecordedWork(IWorkStore inner, Recorder recorder) : IWorkStore
{
    /// <inheritdoc/>
    public string Kind => inner.Kind;

    /// <inheritdoc/>
    public ValueTask<Snapshot> BeginTermAsync(TermStart start, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(start);
        return recorder.RecordAsync(
            Asked(start.Term.Holder.Value, Begin) with { Epoch = start.Term.Epoch },
            () => inner.BeginTermAsync(start, cancel),
            (asked, _) => [asked]);
    }

    /// <inheritdoc/>
    public ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var reasons = plan.Evictions.ToLookup(eviction => eviction.Agent, eviction => eviction.Reason);
        var attempts = plan.Requeues.ToLookup(requeue => requeue.Task, requeue => requeue);
        Operation Of(Operation asked, OperationKind kind, TaskId task) => asked with
        {
            Kind = kind,
            Subject = task.Value,
            Attempt = attempts[task].FirstOrDefault()?.Attempt,
            Note = attempts[task].FirstOrDefault()?.Reason,
        };

        return recorder.RecordAsync(
            Asked(plan.By.Value, Write) with { Epoch = epoch },
            () => inner.SweepAsync(epoch, plan, cancel),
            (asked, answer) =>
            [
                asked,
                .. answer.Evicted.Select(agent => asked with
                {
                    Kind = Evict, Subject = agent.Value, Note = reasons[agent].FirstOrDefault(),
                }),
                .. answer.Requeued.Select(task => Of(asked, OperationKind.Requeue, task)),
                .. answer.Buried.Select(task => Of(asked, Bury, task)),
            ]);
    }

    /// <inheritdoc/>
    public ValueTask<ClaimAnswer> ExtendAsync(Claim claim, string? progress, CancellationToken cancel) =>
        OnClaimAsync(claim, Extend, () => inner.ExtendAsync(claim, progress, cancel));

    /// <inheritdoc/>
    public ValueTask<ClaimAnswer> SettleAsync(Claim claim, Settlement settlement, CancellationToken cancel) =>
        OnClaimAsync(
            claim,
            settlement switch
            {
                Settlement.Complete => Complete,
                Settlement.Fail => Fail,
                Settlement.Block or Settlement.Release or Settlement.Decline => GiveBack,
                _ => throw new ArgumentOutOfRangeException(nameof(settlement)),
            },
            () => inner.SettleAsync(claim, settlement, cancel));

    /// <inheritdoc/>
    public ValueTask<SubmitAnswer> SubmitAsync(
        ImmutableArray<NewTask> tasks, string actor, CancellationToken cancel) => recorder.RecordAsync(
            Asked(actor, Submit),
            () => inner.SubmitAsync(tasks, actor, cancel),
            (asked, answer) => answer is SubmitAnswer.Accepted accepted
                ? accepted.Tasks.Select(task => asked with { Subject = task.Id.Value })
                : [asked with { Outcome = Outcome.Refused }]);

    /// <inheritdoc/>
    public ValueTask<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        return recorder.RecordAsync(
            Asked(request.Agent.Value, OperationKind.Claim) with
            {
                Subject = request.Task?.Value, Ttl = request.Ttl, Claim = request.Secret,
            },
            () => inner.ClaimAsync(request, cancel),
            (asked, answer) => [answer is ClaimAnswer.Granted { Claim: { } claim }
                ? asked with
                {
                    Subject = claim.Task.Value, Attempt = claim.Attempt, Claim = claim.Token,
                    Until = asked.Ended + request.Ttl,
                }
                : asked with { Outcome = Outcome.Refused }]);
    }

    /// <inheritdoc/>
    public ValueTask<Agent> RegisterAsync(Agent agent, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(agent);
        return recorder.RecordAsync(
            Asked(agent.Id.Value, Register) with { Ttl = agent.Ttl },
            () => inner.RegisterAsync(agent, cancel),
            (asked, _) => [asked]);
    }

    /// <inheritdoc/>
    public ValueTask<Agent?> ReportAsync(AgentReport report, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(report);
        return !report.IsBeat ? inner.ReportAsync(report, cancel) : recorder.RecordAsync(
            Asked(report.Id.Value, Beat) with { Note = report.Status?.Name() },
            () => inner.ReportAsync(report, cancel),
            (asked, agent) => [agent is null ? asked with { Outcome = Outcome.Refused } : asked with { Ttl = agent.Ttl }]);
    }

    /// <inheritdoc/>
    public ValueTask<ClaimAnswer> EditAsync(TaskId task, TaskEdit edit, string actor, CancellationToken cancel) =>
        inner.EditAsync(task, edit, actor, cancel);

    /// <inheritdoc/>
    public ValueTask<long> AskAsync(LeaderRequest request, CancellationToken cancel) =>
        inner.AskAsync(request, cancel);

    /// <inheritdoc/>
    public ValueTask<ImportAnswer> ImportAsync(ImportBatch batch, CancellationToken cancel) =>
        inner.ImportAsync(batch, cancel);

    /// <inheritdoc/>
    public ValueTask<Snapshot> SnapshotAsync(CancellationToken cancel) => inner.SnapshotAsync(cancel);

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<DurableTask>> TasksAsync(TaskQuery query, CancellationToken cancel) =>
        inner.TasksAsync(query, cancel);

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<WorkEvent>> EventsAsync(EventQuery query, CancellationToken cancel) =>
        inner.EventsAsync(query, cancel);

    /// <inheritdoc/>
    public ValueTask<long> ChangedAsync(long mark, TimeSpan atMost, CancellationToken cancel) =>
        inner.ChangedAsync(mark, atMost, cancel);

    private ValueTask<ClaimAnswer> OnClaimAsync(Claim claim, OperationKind kind, Func<ValueTask<ClaimAnswer>> act)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return recorder.RecordAsync(
            // Who acts is known by the claim alone: the verb names no agent.
            Asked(claim.Token, kind) with
            {
                Subject = claim.Task.Value, Attempt = claim.Attempt, Claim = claim.Token,
            },
            act,
            (asked, answer) => [answer is ClaimAnswer.Granted ? asked : asked with { Outcome = Outcome.Refused }]);
    }

    private static Operation Asked(string who, OperationKind kind) => new(who, kind, default, Outcome.Ok);
}
