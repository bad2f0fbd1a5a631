using System.Globalization;
using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>Tasks under random kills: each is completed exactly once.</summary>
internal static class NoWorkLost
{
    private const int Tasks = 40;
    private const int Workers = 3;
    private const int Kills = 7;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(600);

    public static Drill Drill { get; } = new(
        "no-work-lost", "Every task is completed exactly once, whoever dies", 2, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        var dice = new Dice(arena.Order.Seed);
        var count = Math.Clamp(arena.Order.Orchestrators, 2, 3);
        var ids = Enumerable.Range(0, Tasks)
            .Select(number => new TaskId(string.Create(CultureInfo.InvariantCulture, $"work_{number}"))).ToArray();
        await arena.SubmitAsync(ids);
        var (orchestrators, workers) = (new List<Player>(), new List<Player>());
        for (var number = 0; number < count; number++)
        {
            orchestrators.Add(arena.Orchestrator());
        }

        for (var number = 0; number < Workers; number++)
        {
            workers.Add(arena.Worker("sleep 0.15"));
        }

        arena.Heal();
        await arena.UntilAsync("a first task to be completed", async () =>
            (await arena.Work.SnapshotAsync(arena.Stop)).Tasks.Completed > 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            await arena.PauseAsync(dice.Between(Shortest, Longest));
            var isWorker = dice.Below(2) == 0;
            var (from, index) = isWorker ? (workers, dice.Below(Workers)) : (orchestrators, dice.Below(count));
            await arena.UntilAsync($"{from[index].Name} to join", () => Task.FromResult(from[index].Lives().Count > 0));
            if (isWorker)
            {
                await arena.KillTreeAsync(from[index], $"kill {kill + 1}, a worker and its command");
                from[index] = arena.Worker("sleep 0.15");
            }
            else
            {
                await arena.KillAsync(from[index], $"kill {kill + 1}, an orchestrator");
                arena.Heal();
                from[index] = arena.Orchestrator();
            }
        }

        await arena.UntilAsync($"{Tasks} tasks to be completed", async () =>
            (await arena.Work.SnapshotAsync(arena.Stop)).Tasks.IsDone);
        var told = await arena.Work.EventsAsync(new() { Type = EventType.TaskCompleted }, arena.Stop);
        var counts = told.GroupBy(one => one.Draft.Subject).ToArray();
        arena.Verdict.Demand(counts.Length == Tasks && counts.All(one => one.Count() == 1),
            $"the log tells of one completion for each of {counts.Length} tasks",
            $"the log tells of {told.Length} completions of {counts.Length} tasks; {Tasks} are due, once each");
        await arena.SettleAsync();
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var kills = history.Done(Kill).Where(kill => kill.Note?.StartsWith("kill ", StringComparison.Ordinal) == true)
            .DistinctBy(kill => kill.Note).ToArray();
        var settled = history.Of(Settled).ToArray();
        var done = settled.Count(state => state.Note == "completed");
        verdict.Demand(settled.Length == Tasks && done == Tasks && kills.Length == Kills,
            $"{done} of {Tasks} tasks are completed after {kills.Length} random kills (seed {order.Seed})",
            $"{done} of {Tasks} tasks are completed after {kills.Length} of {Kills} kills (seed {order.Seed})");
        foreach (var kill in kills)
        {
            verdict.Show($"{kill.Note}: {kill.Subject}");
        }

        var requeues = history.Done(OperationKind.Requeue).Count();
        verdict.Show($"{history.Done(OperationKind.Claim).Count()} attempts, {requeues} of them requeued by "
            + $"{history.Reigns.Length} leaders; {history.Done(Execute).Count()} commands ran to their end");
    }
}
