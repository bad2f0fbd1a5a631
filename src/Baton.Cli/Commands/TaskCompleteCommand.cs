using System.Collections.Immutable;
using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// <c>baton task complete</c>: runs the checks of a task and those that were typed, and completes it if all end well.
/// </summary>
internal static class TaskCompleteCommand
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    // A timer takes no more than some weeks; what is longer is no limit for a check.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(30);

    public static Verb Declare()
    {
        var (id, token, note) = (Lookup.TaskArgument(), TaskClaimantCommands.Token(), TaskClaimantCommands.Note());
        var checks = new Option<string[]>("--check")
        {
            Description = "a command that must end with 0 first, by /bin/sh -c; may be repeated",
            HelpName = "CMD",
        };
        var limit = Durations.Option("--time-limit", "end a check that takes longer (default: never)");
        return new("complete", "it is done, and its checks show it", async session =>
        {
            var typed = session.Get(checks) ?? [];
            if (typed.Select(NewTasks.WhyNoCheck).FirstOrDefault(why => why is not null) is { } wrong)
            {
                throw CommandFailure.Usage($"task complete: {wrong}", "baton task complete --help");
            }

            var (task, claim) = await TaskClaimantCommands.ClaimAsync(session, session.Get(id)!, session.Get(token));
            var evidence = await ProveAsync(session, claim, [.. task.Checks.Union(typed, StringComparer.Ordinal)],
                LimitOptions.Positive("--time-limit", session.Get(limit)));
            TaskClaimantCommands.Print(session, TaskClaimantCommands.TaskOf(await session.Work.SettleAsync(
                claim, new Settlement.Complete(session.Get(note)) { Evidence = evidence }, session.Stop)));
            return ExitCode.Ok;
        })
        { id, token, note, checks, limit };
    }

    private static async Task<ImmutableArray<CheckEvidence>> ProveAsync(
        Session session, Claim claim, ImmutableArray<string> checks, TimeSpan? limit)
    {
        if (checks.IsEmpty)
        {
            return [];
        }

        // Whoever holds nothing need not begin.
        var clock = session.Around.Clock;
        var heldSince = Instant.Of(clock);
        var task = TaskClaimantCommands.TaskOf(await session.Work.ExtendAsync(claim, null, session.Stop));
        var held = task.Claim!;
        using var keeper = new ClaimKeeper(session.Work, claim, heldSince, held.Ttl, Grace, clock, _ =>
            // Whoever speaks for its task lives.
            session.Work.ReportAsync(new(held.Agent), CancellationToken.None).AsTask().GetAwaiter().GetResult());
        var start = new ChildStart([])
        {
            OwnSession = true,
            Environment = session.Place.Variables.Add("BATON_TASK_ID", task.Id.Value)
                .Add("BATON_ATTEMPT", $"{task.Attempt}").Add(RunVariables.Claim, claim.Token),
            Folder = session.Around.WorkingFolder,
        };
        var evidence = ImmutableArray.CreateBuilder<CheckEvidence>();
        foreach (var check in checks)
        {
            var seen = await RunAsync(session, keeper, start, check, limit);
            keeper.Guard(null);
            if (keeper.Lost is { } lost)
            {
                throw new CommandFailure(ErrorCode.ClaimLost, $"{task.Id}: {lost}; its check was ended");
            }

            evidence.Add(seen.Passed ? seen
                : throw new CommandFailure(ErrorCode.CheckFailed, $"{task.Id} can't be completed: {seen.Outcome()}"));
            session.Output.Remark(seen.Outcome());
        }

        return evidence.ToImmutable();
    }

    private static async Task<CheckEvidence> RunAsync(
        Session session, ClaimKeeper keeper, ChildStart start, string check, TimeSpan? limit)
    {
        var clock = session.Around.Clock;
        using var seen = new CheckOutput();
        var (at, began) = (clock.GetUtcNow(), Instant.Of(clock));
        using var child = ChildProcess.Start(CheckOutput.Start(start, check, seen.Measured(new ChildOutput.Lines(line =>
        {
            if (!session.Output.IsQuiet)
            {
                session.Around.Error.WriteLine(line);
            }
        }))));
        keeper.Guard(child);
        await ((Task)child.Exit).WaitAsync(limit < LongestWait ? limit.Value : Timeout.InfiniteTimeSpan, clock, session.Stop)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var (isOver, took) = (!child.Exit.IsCompleted, Instant.Of(clock) - began);
        child.EndTree(Grace);
        session.Stop.ThrowIfCancellationRequested();
        await child.Drained.WaitAsync(LastWords, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return seen.Evidence(check, child.Exit.IsCompleted ? await child.Exit : new(null, SystemCalls.Kill), at,
            took, timedOut: isOver && keeper.Lost is null);
    }
}
