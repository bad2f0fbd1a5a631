using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>It looks at the fence, takes its time, and writes.</summary>
internal sealed class WorkWithoutLock(IWorkStore inner, TimeProvider clock) : PassingWork(inner)
{
    public override async ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel)
    {
        var looked = (await Inner.SnapshotAsync(cancel)).Fence;
        if (looked.Epoch != epoch || looked.Holder != plan.By)
        {
            throw new FencedException(epoch, looked.Epoch);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(500), clock, cancel);
        var now = (await Inner.SnapshotAsync(cancel)).Fence;
        return await Inner.SweepAsync(now.Epoch, plan with { By = now.Holder!.Value }, cancel);
    }
}

/// <summary>Cleaning up asks neither the fence, nor whether the agent spoke since.</summary>
internal sealed class WorkWithoutFence(IWorkStore inner) : PassingWork(inner)
{
    public override async ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel)
    {
        var now = (await Inner.SnapshotAsync(cancel)).Fence;
        var blind = plan.Evictions.Select(eviction => eviction with { BeatsSeen = null }).ToImmutableArray();
        return await Inner.SweepAsync(now.Epoch, plan with { By = now.Holder!.Value, Evictions = blind }, cancel);
    }
}

/// <summary>A task that is to be requeued is requeued, whatever has become of it.</summary>
internal sealed class WorkThatRequeuesBlindly(IWorkStore inner) : PassingWork(inner)
{
    public override async ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel)
    {
        var answer = await Inner.SweepAsync(epoch, plan with { Requeues = [] }, cancel);
        var requeued = ImmutableArray.CreateBuilder<TaskId>();
        foreach (var requeue in plan.Requeues)
        {
            await Inner.EditAsync(requeue.Task, new TaskEdit.Requeue(requeue.Reason), plan.By.Value, cancel);
            requeued.Add(requeue.Task);
        }

        return answer with { Requeued = requeued.ToImmutable() };
    }
}

/// <summary>Now and then it gives an attempt that is under way to another asker too.</summary>
internal sealed class WorkClaimedTwice(IWorkStore inner) : PassingWork(inner)
{
    private int _asked;

    public override async ValueTask<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancel)
    {
        var busy = (await Inner.SnapshotAsync(cancel)).InProgress;
        return ++_asked % 5 == 0 && busy is [var task, ..]
            ? new ClaimAnswer.Granted(task, new(task.Id, task.Attempt, request.Secret))
            : await Inner.ClaimAsync(request, cancel);
    }
}

/// <summary>It believes whoever says that a task is done.</summary>
internal sealed class WorkThatHearsZombies(IWorkStore inner) : PassingWork(inner)
{
    public override async ValueTask<ClaimAnswer> SettleAsync(
        Claim claim, Settlement settlement, CancellationToken cancel)
    {
        var answer = await Inner.SettleAsync(claim, settlement, cancel);
        return answer is ClaimAnswer.Refused { Refusal.Kind: RefusalKind.ClaimLost }
            && settlement is Settlement.Complete
            ? new ClaimAnswer.Granted(new(claim.Task, "done"), null)
            : answer;
    }
}

/// <summary>It acknowledges a task, and now and then forgets it.</summary>
internal sealed class WorkThatForgets(IWorkStore inner) : PassingWork(inner)
{
    private int _submitted;

    public override ValueTask<SubmitAnswer> SubmitAsync(
        ImmutableArray<NewTask> tasks, string actor, CancellationToken cancel) => ++_submitted % 4 != 0
        ? Inner.SubmitAsync(tasks, actor, cancel)
        : new(new SubmitAnswer.Accepted(
            [.. tasks.Select(task => new DurableTask(task.Id, task.Title))], tasks.Length));
}

/// <summary>It acknowledges a completion, and now and then puts the task back into the queue.</summary>
internal sealed class WorkThatRunsAgain(IWorkStore inner) : PassingWork(inner)
{
    private int _completed;

    public override ValueTask<ClaimAnswer> SettleAsync(
        Claim claim, Settlement settlement, CancellationToken cancel) => Inner.SettleAsync(
            claim,
            settlement is Settlement.Complete && ++_completed % 4 == 0 ? new Settlement.Release(null) : settlement,
            cancel);
}

/// <summary>A leader that takes agents for gone after a sixth of their ttl.</summary>
internal sealed class ImpatientLeader(IWorkStore inner) : PassingWork(inner)
{
    public override async ValueTask<Snapshot> SnapshotAsync(CancellationToken cancel) =>
        Hasten(await Inner.SnapshotAsync(cancel));

    public override async ValueTask<Snapshot> BeginTermAsync(TermStart start, CancellationToken cancel) =>
        Hasten(await Inner.BeginTermAsync(start, cancel));

    private static Snapshot Hasten(Snapshot snapshot) => snapshot with
    {
        Agents = [.. snapshot.Agents.Select(agent => agent with
        {
            Ttl = agent.Ttl / 6,
            Expiry = agent.Expiry is { } expiry ? expiry with { At = expiry.At - (agent.Ttl * 5 / 6) } : null,
        })],
    };
}

/// <summary>A leader that never puts back what a lost agent had taken.</summary>
internal sealed class NegligentLeader(IWorkStore inner) : PassingWork(inner)
{
    public override ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel) =>
        Inner.SweepAsync(epoch, plan with { Requeues = [] }, cancel);
}
