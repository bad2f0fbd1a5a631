using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What an attempt is kept and watched by.</summary>
/// <param name="Keeper">Extends its claim.</param>
/// <param name="Watch">Ends it when it takes too long.</param>
/// <param name="Output">Hears what it says.</param>
internal sealed record AttemptGuards(ClaimKeeper Keeper, AttemptWatch Watch, AttemptOutput Output);

/// <summary>
/// One attempt at work: its command, and if that ends well the checks of its task one after the other, under one
/// claim and within one time.
/// </summary>
internal sealed class Attempt(
    IWorkStore work, DurableTask task, Claim claim, RunOrder order, RunTools tools, AttemptGuards guards) : IDisposable
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);
    private readonly List<ChildProcess> _children = [];

    /// <summary>Completes when all that was said has been passed on.</summary>
    public Task Drained => Task.WhenAll(_children.Select(child => child.Drained));

    /// <summary>Runs it; gives what becomes of it, unless the claim was lost meanwhile.</summary>
    /// <param name="start">How its command is started, but for where it speaks to.</param>
    /// <param name="stop">Ends it, and gives the claim back.</param>
    public async Task<Settlement> RunAsync(ChildStart start, CancellationToken stop)
    {
        var (early, exit, _) = await StepAsync(start with
        {
            Output = guards.Output.Hearing(order.Output(task)),
            Errors = guards.Output.Hearing(order.Errors(task)),
        }, stop);
        return early ?? exit switch
        {
            { IsSuccess: true } => await ProveAsync(start, stop),
            { Code: RunOrder.Declines } => new Settlement.Decline(guards.Output.LastWords ?? exit.ToString(), null),
            _ => new Settlement.Fail(exit.ToString(), exit.ShellCode),
        };
    }

    public void Dispose()
    {
        foreach (var child in _children)
        {
            child.Dispose();
        }
    }

    private async Task<Settlement> ProveAsync(ChildStart start, CancellationToken stop)
    {
        if (task.Checks.IsEmpty || await IsSettledAsync())
        {
            return new Settlement.Complete(null);
        }

        var evidence = ImmutableArray.CreateBuilder<CheckEvidence>();
        foreach (var check in task.Checks)
        {
            using var seen = new CheckOutput();
            guards.Output.Note($"check: {check}");
            var at = tools.Clock.GetUtcNow();
            var (early, exit, took) = await StepAsync(CheckOutput.Start(
                start, check, guards.Output.Hearing(seen.Measured(order.Errors(task)))), stop);
            if (early is Settlement.Release)
            {
                return early;
            }

            var shown = seen.Evidence(check, exit, at, took, timedOut: early is not null);
            evidence.Add(shown);
            if (!shown.Passed)
            {
                var reason = early is Settlement.Fail over ? $"{over.Reason}, in check '{CheckEvidence.CommandLine(check)}'"
                    : shown.Outcome();
                return new Settlement.Fail(reason, null) { Evidence = evidence.ToImmutable() };
            }
        }

        return new Settlement.Complete(null) { Evidence = evidence.ToImmutable() };
    }

    /// <summary>Whether the command has said itself what becomes of the attempt.</summary>
    private async Task<bool> IsSettledAsync()
    {
        try
        {
            return await work.ExtendAsync(claim, null, CancellationToken.None)
                is ClaimAnswer.Refused { Refusal.Kind: RefusalKind.AlreadySettled };
        }
        catch (StoreUnavailableException e) when (e.IsTransient)
        {
            // If it has, the settlement will be told so.
            return false;
        }
    }

    /// <summary>
    /// One process with its tree; gives what becomes of the attempt if it had to be ended before, and how long it ran.
    /// </summary>
    private async Task<(Settlement? Early, ChildExit Exit, TimeSpan Took)> StepAsync(
        ChildStart start, CancellationToken stop)
    {
        var began = Instant.Of(tools.Clock);
        ChildProcess child;
        try
        {
            child = ChildProcess.Start(start);
        }
        catch (IOException e)
        {
            const int cannotRun = 127;
            return (new Settlement.Fail(e.Message, cannotRun), new(cannotRun, null), TimeSpan.Zero);
        }

        _children.Add(child);
        guards.Keeper.Guard(child);
        var early = await ExitOrEndAsync(child, stop);
        var took = Instant.Of(tools.Clock) - began;
        if (!child.EndTree(order.Grace))
        {
            tools.Trouble($"{task.Id}: processes of its command can't be ended");
        }

        // Everyone who could still write into the pipes is gone, but for what the kernel could not kill.
        await child.Drained.WaitAsync(LastWords, tools.Clock, CancellationToken.None)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // What could not be killed has no end yet.
        return (early, child.Exit.IsCompleted ? await child.Exit : new(null, SystemCalls.Kill), took);
    }

    private async Task<Settlement?> ExitOrEndAsync(ChildProcess child, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watching = guards.Watch.OverAsync(ended.Token);
        await Task.WhenAny(child.Exit, watching);
        await ended.CancelAsync();
        await ((Task)watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return child.Exit.IsCompleted ? null
            : watching.IsCompletedSuccessfully ? new Settlement.Fail(await watching, null)
            : watching.IsFaulted ? throw watching.Exception.InnerException!
            : new Settlement.Release("its agent was stopped");
    }
}
