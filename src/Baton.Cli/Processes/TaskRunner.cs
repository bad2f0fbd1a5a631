using Baton.Validation;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Claims a task, runs a command on it, keeps the claim while the command lives, and completes or fails the
/// attempt by the command's exit code.
/// </summary>
internal sealed class TaskRunner(RunStores stores, RunOrder order, RunTools tools)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SlowReader = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromMilliseconds(500);

    private readonly IWorkStore _work = stores.Work;
    private AgentLife? _life;
    private long _seen;

    /// <summary>Told of each attempt's outcome as it ends.</summary>
    public Action<RunOutcome>? Told { get; init; }

    /// <summary>
    /// Runs one task, or one after the other. Stopped from outside it ends the command, gives the claim back
    /// and answers; it does not throw for that.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store can't be used.</exception>
    public async Task<RunOutcome> RunAsync(CancellationToken stop)
    {
        string? trouble = null;
        try
        {
            while (true)
            {
                try
                {
                    if (await StepAsync(stop) is { } end)
                    {
                        return end;
                    }

                    if (trouble is not null)
                    {
                        tools.Trouble("the store answers again");
                        trouble = null;
                    }
                }
                catch (StoreUnavailableException e) when (e.IsTransient && order is { Repeats: true, IsPooled: false })
                {
                    // Nothing is in hand here. One of a pool ends, for a leader that leads again fills its pool anew.
                    if (trouble != e.Message)
                    {
                        tools.Trouble(e.Message);
                        trouble = e.Message;
                    }

                    await Task.Delay(AfterTrouble, tools.Clock, stop);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new RunOutcome.Interrupted(null);
        }
        finally
        {
            await EndLifeAsync();
        }
    }

    /// <summary>Takes a task and does it, or waits for one; null when it is to go on.</summary>
    private async Task<RunOutcome?> StepAsync(CancellationToken stop)
    {
        if (_life is { IsGone: true } gone)
        {
            tools.Trouble($"{gone.Id} was evicted; going on under a new id");
            await EndLifeAsync();
        }

        var life = _life ??= await AgentLife.BeginAsync(stores, order, tools, stop);
        if (life.IsDraining)
        {
            return new RunOutcome.Drained();
        }

        _seen = await _work.ChangedAsync(_seen, TimeSpan.Zero, stop);
        var outcome = await TakeAsync(life, stop);
        if (outcome is RunOutcome.Refused { Refusal.Kind: RefusalKind.AgentGone })
        {
            await EndLifeAsync();
            return null;
        }

        if (await ShouldWaitAsync(outcome, stop))
        {
            await WaitAsync(life, (outcome as RunOutcome.NothingReady)?.NextAt, stop);
            return null;
        }

        Told?.Invoke(outcome);
        return !order.Repeats || outcome is RunOutcome.Refused or RunOutcome.NothingReady or RunOutcome.Interrupted
            ? outcome : null;
    }

    private async Task EndLifeAsync()
    {
        if (_life is { } life)
        {
            _life = null;
            await life.DisposeAsync();
        }
    }

    private async Task<RunOutcome> TakeAsync(AgentLife life, CancellationToken stop)
    {
        using var witness = new ClaimWitness(stores.Witnesses);
        var request = new ClaimRequest(life.Id, tools.Ids.NewSecret(), order.ClaimTtl)
        {
            Task = order.Task,
            Role = order.Role,
            Can = order.Can,
            Witness = stores.Witnesses is null ? null : witness.Take,
        };
        var claimedAt = Instant.Of(tools.Clock);

        // Thrown out of here, it is not known whether the claim was written: the witness is let go and its
        // file stays, which tells the leader that nobody works on it.
        var answer = await TryUntilAsync(() => _work.ClaimAsync(request, stop), claimedAt + order.ClaimTtl, stop);
        switch (answer)
        {
            case ClaimAnswer.Granted { Claim: { } claim } granted:
                return await WorkAsync(life, granted.Task, claim, claimedAt, witness, stop);
            case ClaimAnswer.NothingReady nothing:
                witness.Remove();
                return new RunOutcome.NothingReady(nothing.NextAt);
            case ClaimAnswer.Refused refused:
                witness.Remove();
                return new RunOutcome.Refused(refused.Refusal);
            default:
                throw new InvalidOperationException($"a claim was answered with {answer}");
        }
    }

    private async Task<RunOutcome> WorkAsync(AgentLife life, DurableTask task, Claim claim, Instant claimedAt,
        ClaimWitness witness, CancellationToken stop)
    {
        using var file = TaskFile.Write(task, tools);
        using var log = order.Logs?.Begin(task.Id, task.Attempt, tools.Trouble);
        var output = new AttemptOutput(tools.Clock, log);
        var watch = new AttemptWatch(_work, task, order, output, tools.Clock);
        using var keeper = new ClaimKeeper(
            _work, claim, claimedAt, order.ClaimTtl, order.Grace, tools.Clock, watch.See);
        using var attempt = new Attempt(_work, task, claim, order, tools, new(keeper, watch, output));
        var began = Instant.Of(tools.Clock);
        var settlement = await attempt.RunAsync(Command(life, task, claim, witness, file), stop);
        tools.Recorder?.Take(new(life.Id.Value, OperationKind.Execute, began, Outcome.Ok)
        {
            Ended = Instant.Of(tools.Clock), Subject = task.Id.Value, Attempt = task.Attempt, Claim = claim.Token,
        });
        keeper.Dispose();
        if (keeper.Lost is { } lost)
        {
            witness.Remove();
            return new RunOutcome.ClaimLost(task, lost);
        }

        var outcome = await SettleAsync(task, claim, settlement, keeper.Until, witness);
        // What the command said may still be on its way through us to a reader that takes its time.
        await attempt.Drained.WaitAsync(SlowReader, tools.Clock, stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await PruneAsync();
        return outcome;
    }

    private ChildStart Command(
        AgentLife life, DurableTask task, Claim claim, ClaimWitness witness, TaskFile file) => new(order.Command)
        {
            OwnSession = true,
            InheritsInput = order.InheritsInput,
            OwnsOrphans = order.OwnsOrphans,
            Inherits = witness.Descriptor is { } descriptor ? [descriptor] : [],
            Mark = $"{RunVariables.Claim}={claim.Token}",
            Environment = RunVariables.For(life.Id, task, claim, order, file.Path),
        };

    private async Task PruneAsync()
    {
        if (order.Logs is not { IsOverfull: true } logs)
        {
            return;
        }

        try
        {
            var atWork = (await _work.SnapshotAsync(CancellationToken.None)).InProgress;
            logs.Prune(atWork.Select(task => task.Id.Value).ToHashSet());
        }
        catch (StoreUnavailableException)
        {
            // Nothing is dropped without knowing who is at work; the next attempt tries again.
        }
    }

    private async Task<RunOutcome> SettleAsync(
        DurableTask task, Claim claim, Settlement settlement, Instant until, ClaimWitness witness)
    {
        ClaimAnswer answer;
        try
        {
            answer = await TryUntilAsync(
                () => _work.SettleAsync(claim, settlement, CancellationToken.None), until, CancellationToken.None);
        }
        catch (StoreUnavailableException e) when (e.IsTransient)
        {
            return new RunOutcome.ClaimLost(task, $"its end could not be told before it ran out: {e.Message}");
        }
        catch (StoreUnavailableException e)
        {
            throw new StoreUnavailableException(e.Code,
                $"{task.Id}: its command has ended, but that could not be recorded: {e.Message}", e.Hint, inner: e);
        }

        witness.Remove();
        return (answer, settlement) switch
        {
            (ClaimAnswer.Granted granted, Settlement.Complete) => new RunOutcome.Completed(granted.Task),
            (ClaimAnswer.Granted granted, Settlement.Fail fail) =>
                new RunOutcome.Failed(granted.Task, fail.ExitCode, fail.Reason),
            (ClaimAnswer.Granted granted, Settlement.Decline decline) =>
                new RunOutcome.Declined(granted.Task, decline.Reason),
            (ClaimAnswer.Granted granted, _) => new RunOutcome.Interrupted(granted.Task),
            // An answer was lost on the way, and the same was asked again; or the command has settled it itself.
            (ClaimAnswer.Refused { Refusal.Kind: RefusalKind.AlreadySettled },
                Settlement.Complete or Settlement.Decline) => await SettledAsync(task),
            (ClaimAnswer.Refused refused, _) => new RunOutcome.ClaimLost(task, refused.Refusal.Message),
            _ => throw new InvalidOperationException($"a settlement was answered with {answer}"),
        };
    }

    private async Task<RunOutcome> SettledAsync(DurableTask task)
    {
        var now = task;
        try
        {
            now = (await _work.TasksAsync(new() { IdPrefix = task.Id.Value }, CancellationToken.None))
                .FirstOrDefault(other => other.Id == task.Id) ?? task;
        }
        catch (StoreUnavailableException e) when (e.IsTransient)
        {
            // How it was settled is only for telling.
        }

        return now.Status is DurableTaskStatus.Completed or DurableTaskStatus.InProgress
            ? new RunOutcome.Completed(now)
            : new RunOutcome.Settled(now);
    }

    /// <summary>Asks again while the store is in passing trouble. Every verb is safe to repeat.</summary>
    private async Task<T> TryUntilAsync<T>(Func<ValueTask<T>> ask, Instant until, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (StoreUnavailableException e) when (e.IsTransient && Instant.Of(tools.Clock) < until)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), tools.Clock, stop);
            }
        }
    }

    private async Task<bool> ShouldWaitAsync(RunOutcome outcome, CancellationToken stop)
    {
        if (!order.Waits && !order.Repeats)
        {
            return false;
        }

        if (outcome is RunOutcome.NothingReady)
        {
            return true;
        }

        // A task that others work on, or that waits for others, may yet become free.
        return order.Task is { } id && outcome is RunOutcome.Refused { Refusal.Kind: RefusalKind.Conflict }
            && (await _work.TasksAsync(new() { IdPrefix = id.Value }, stop)).FirstOrDefault(task => task.Id == id)
                is { Status: DurableTaskStatus.Pending or DurableTaskStatus.InProgress };
    }

    /// <summary>
    /// Waits for a change after which there may be something to take. Who only looks leaves the write lock to
    /// those who work.
    /// </summary>
    private async Task WaitAsync(AgentLife life, DateTimeOffset? nextAt, CancellationToken stop)
    {
        while (!life.IsGone && !life.IsDraining)
        {
            var left = nextAt - tools.Clock.GetUtcNow() ?? LongestWait;
            var atMost = left < ShortestWait ? ShortestWait : left > LongestWait ? LongestWait : left;
            _seen = await _work.ChangedAsync(_seen, atMost, stop);
            var now = tools.Clock.GetUtcNow();
            if (order.Task is not null || (await _work.TasksAsync(new() { Ready = true }, stop)).Any(task =>
                !TaskRules.IsDelayed(task.NotBefore, now) && order.Skills.Fits(task)))
            {
                return;
            }

            nextAt = nextAt > now ? nextAt : null;
        }
    }
}
