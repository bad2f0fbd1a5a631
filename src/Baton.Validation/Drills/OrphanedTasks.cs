using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>A worker dies with its task: it is requeued once, and the dead one's late word is refused.</summary>
internal static class OrphanedTasks
{
    private const int ClaimLost = 5;
    private static readonly TaskId Orphan = new("orphan");

    public static Drill Drill { get; } = new(
        "orphaned-tasks", "A dead worker's task is requeued once", 1, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        for (var number = 0; number < Math.Min(arena.Order.Orchestrators, 2); number++)
        {
            arena.Orchestrator();
        }

        arena.Heal();
        await arena.LeaderAsync(Epoch.None);
        await arena.SubmitAsync(Orphan);
        var (token, go) = (Path.Combine(arena.Folder, "token"), Path.Combine(arena.Folder, "go"));
        var first = arena.Worker("echo $BATON_CLAIM > token.new; mv token.new token; sleep 600");
        await arena.UntilAsync("the first attempt to begin", () => Task.FromResult(File.Exists(token)));
        await arena.KillTreeAsync(first, "kill -9 of the worker and its command");
        arena.Worker("until [ -e go ]; do sleep 0.02; done");
        await arena.UntilAsync("the second attempt to begin", async () =>
            (await arena.Work.SnapshotAsync(arena.Stop)).InProgress.Any(task => task.Attempt > 1));
        await SpeakLateAsync("while the second attempt is under way");
        await File.WriteAllTextAsync(go, "", arena.Stop);
        await arena.UntilAsync("the second attempt to complete", async () =>
            (await arena.Work.SnapshotAsync(arena.Stop)).Tasks.Completed == 1);
        await SpeakLateAsync("after the second attempt has completed");
        await arena.RecordedAsync(Complete, 1);
        await arena.SettleAsync();

        async Task SpeakLateAsync(string when)
        {
            var old = (await File.ReadAllTextAsync(token, arena.Stop)).Trim();
            var said = await arena.ActAsync("task", "complete", Orphan.Value, "--claim", old, "--json");
            arena.Verdict.Demand(said.Exit == ClaimLost,
                $"task complete {Orphan} --claim {old}, {when}: refused with exit {said.Exit}, {said.Code}",
                $"task complete {Orphan} --claim {old}, {when}: exit {said.Exit}, {said.Code}; {ClaimLost} was due");
        }
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var requeues = history.Done(OperationKind.Requeue).Where(requeue => requeue.Subject == Orphan.Value).ToArray();
        var kill = history.Done(Kill).FirstOrDefault();
        verdict.Demand(requeues is [{ Attempt: 1 }] && kill is not null,
            $"requeued once by {requeues.FirstOrDefault()?.Who}, epoch {requeues.FirstOrDefault()?.Epoch}: "
                + $"{requeues.FirstOrDefault()?.Note}",
            $"the orphan was requeued {requeues.Length} times: attempts "
                + $"{string.Join(", ", requeues.Select(requeue => requeue.Attempt))}");
        var claims = history.Done(OperationKind.Claim).Select(claim => claim.Attempt).ToArray();
        verdict.Demand(claims is [1, 2], $"it was claimed twice: attempts 1 and 2",
            $"its attempts were {string.Join(", ", claims)}; 1 and 2 are due");
        var (done, late) = (history.Done(Complete).ToArray(), history.Of(Complete).Count(complete =>
            complete is { Outcome: Outcome.Refused, Attempt: 1 }));
        verdict.Demand(done is [{ Attempt: 2 }] && late > 0, $"completed once, by attempt 2; {late} late words "
            + $"of attempt 1 refused",
            $"completed by attempts {string.Join(", ", done.Select(complete => complete.Attempt))}; {late} late "
                + $"words refused");
        if (requeues.Length > 0 && kill is not null)
        {
            verdict.ShowTimes("from the worker's death to the requeue", [requeues[0].Ended!.Value - kill.Began], order.Bound);
        }
    }
}
