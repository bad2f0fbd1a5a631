using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// What a leader does, and only a leader: begins its term, then sweeps, answers requests and keeps the worker
/// pool
/// at its size, on every change and at a steady beat.
/// </summary>
/// <param name="leases">Where the former terms are recorded.</param>
/// <param name="work">What is led.</param>
/// <param name="mark">Remembers which terms have begun.</param>
/// <param name="sweeper">Looks for who is gone.</param>
/// <param name="pool">The workers; null when this orchestrator starts none.</param>
/// <param name="clock">The clock.</param>
public sealed class LeaderLoop(
    ILeaseStore leases, IWorkStore work, HighWaterMark mark, Sweeper sweeper, WorkerPool? pool, TimeProvider clock)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    // Many changes at once are one look.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(10);

    /// <summary>Leads until the leadership ends. Ends within a store call of its loss.</summary>
    /// <exception cref="FencedException">Someone with a higher epoch has begun; the term is over.</exception>
    /// <exception cref="OperationCanceledException">The leadership ended while the store was asked.</exception>
    public async Task RunAsync(Leadership leadership)
    {
        ArgumentNullException.ThrowIfNull(leadership);
        var over = leadership.Lost;
        var snapshot = await BeginAsync(leadership, over);
        long changes = 0;
        while (leadership.IsValid && snapshot is not null)
        {
            try
            {
                var acted = await ActAsync(leadership, snapshot, over);
                var seen = await work.ChangedAsync(changes, acted ? TimeSpan.Zero : Beat, over);
                if (acted || seen != changes)
                {
                    changes = seen;
                    await Task.Delay(Settle, clock, over);
                    snapshot = await work.SnapshotAsync(over);
                }
            }
            catch (StoreUnavailableException e) when (e.IsTransient)
            {
                await Task.Delay(Beat, clock, over);
            }
        }
    }

    private async Task<Snapshot?> BeginAsync(Leadership leadership, CancellationToken over)
    {
        while (leadership.IsValid)
        {
            try
            {
                var fence = (await work.SnapshotAsync(over)).Fence;
                var former = ImmutableArray.CreateBuilder<Term>();
                var after = new Epoch(Math.Max(0, fence.Epoch.Value - 1));
                await foreach (var term in leases.TermsAsync(leadership.Term.Election, after, over))
                {
                    if (term.Epoch < leadership.Epoch)
                    {
                        former.Add(term);
                    }
                }

                var known = Known(leadership, fence, former);
                // An epoch that is not the next one after what the lease store knew was lifted by the mark.
                var floor = Epoch.Max(known, new(leadership.Epoch.Value - 1));
                var begun = mark.ReadBegun(leadership.Term.Election);
                if (fence.Epoch < begun)
                {
                    // The work was put back; leases that lie apart from it know nothing of that.
                    (known, floor) = (Epoch.Min(known, fence.Epoch), Epoch.Max(floor, begun));
                }

                var snapshot = await work.BeginTermAsync(new(leadership.Term, former.ToImmutable(), floor, known), over);
                mark.RaiseBegun(leadership.Term.Election, leadership.Epoch);
                return snapshot;
            }
            catch (StoreUnavailableException e) when (e.IsTransient)
            {
                await Task.Delay(Beat, clock, over);
            }
        }

        return null;
    }

    /// <summary>
    /// The highest epoch that the lease store knew by itself. That may have gone with the answer of the request that won,
    /// or with a leader that won and never began; but every term is on record, so a gap in the record tells of it.
    /// </summary>
    private static Epoch Known(Leadership leadership, Fence fence, IEnumerable<Term> former)
    {
        var known = fence.Epoch;
        foreach (var term in former.Where(term => term.Epoch > fence.Epoch).OrderBy(term => term.Epoch))
        {
            if (term.Epoch.Value > known.Value + 1)
            {
                break;
            }

            known = term.Epoch;
        }

        // A fence that no term raised came with an import, and is nothing that a lease store could have lost.
        var told = fence.Holder is null ? Epoch.Max(leadership.KnownBefore, fence.Epoch) : leadership.KnownBefore;
        return known < told ? known : told;
    }

    private async Task<bool> ActAsync(Leadership leadership, Snapshot snapshot, CancellationToken over)
    {
        if (snapshot.Fence.Epoch > leadership.Epoch)
        {
            // No write of its own has met the fence yet, but a spawn would not meet it at all.
            throw new FencedException(leadership.Epoch, snapshot.Fence.Epoch);
        }

        var sight = sweeper.Look(snapshot);
        var plan = SweepRules.Plan(snapshot, leadership.Term.Holder, sight);
        var acted = false;
        if (!plan.IsEmpty && leadership.IsValid)
        {
            var answer = await work.SweepAsync(leadership.Epoch, plan, over);
            sweeper.Forget(snapshot, answer);
            acted = true;
        }

        if (snapshot.Requests.Any(request =>
            request.Kind == RequestKind.Resign && request.Epoch == leadership.Epoch))
        {
            leadership.Resign();
            return true;
        }

        // A spawned process is an outside effect that no store can fence: none while the lease is in doubt.
        if (pool is not null && !leadership.IsAtRisk)
        {
            var extra = pool.Keep(snapshot, sight);
            if (extra.Count > 0)
            {
                await work.SweepAsync(leadership.Epoch,
                    new(leadership.Term.Holder, [], [], []) { Draining = [.. extra] }, over);
                acted = true;
            }
        }

        return acted;
    }
}
