using System.Globalization;
using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>The leader's process is killed, again and again; the tasks go on.</summary>
internal static class CrashFailover
{
    private const int Kills = 5;
    private const int Batch = 4;
    private const string Crash = "kill -9 of the leader";

    public static Drill Drill { get; } = new(
        "crash-failover", "A crashed leader is followed, and the work goes on", 2, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        var count = Math.Clamp(arena.Order.Orchestrators, 2, 3);
        string[] pool = ["--workers", "2", "--worker", "sleep 0.1"];
        for (var number = 0; number < count; number++)
        {
            arena.Orchestrator(pool);
        }

        var leader = await arena.LeaderAsync(Epoch.None);
        for (var time = 0; time <= Kills; time++)
        {
            var batch = Enumerable.Range(time * Batch, Batch)
                .Select(number => new TaskId(string.Create(CultureInfo.InvariantCulture, $"crash_{number}"))).ToArray();
            await arena.SubmitAsync(batch);
            await arena.JoinedAsync(count);
            await arena.UntilAsync($"{(time + 1) * Batch} tasks to be completed", async () =>
                (await arena.Work.SnapshotAsync(arena.Stop)).Tasks.Completed >= (time + 1) * Batch);
            await arena.RecordedAsync(Complete, (time + 1) * Batch);
            if (time < Kills)
            {
                await arena.KillAsync(arena.PlayerOf(leader.Life), Crash, leader.Epoch);
                arena.Heal();
                leader = await arena.LeaderAsync(leader.Epoch);
                arena.Orchestrator(pool);
            }
        }

        await arena.SettleAsync();
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var kills = history.Done(Kill).Where(kill => kill.Epoch is not null).DistinctBy(kill => kill.Epoch).ToArray();
        if (kills.Length != Kills)
        {
            verdict.Fail($"{kills.Length} of {Kills} leaders were killed");
        }

        var times = new List<TimeSpan>();
        foreach (var kill in kills)
        {
            if (history.Reigns.FirstOrDefault(reign => reign.Epoch > kill.Epoch) is not { } next)
            {
                verdict.Fail($"nobody followed {kill.Subject}, epoch {kill.Epoch}");
                continue;
            }

            times.Add(next.From - kill.Began);
            var done = history.Done(Complete).Count(complete => complete.Epoch is null && complete.Began > next.From
                && !kills.Any(later => later.Epoch > kill.Epoch && later.Began < complete.Began));
            verdict.Demand(done > 0,
                $"{kill.Subject} killed in epoch {kill.Epoch}: {next.Who} leads epoch {next.Epoch} after "
                    + $"{times[^1].TotalMilliseconds:0} ms, {done} tasks completed under it",
                $"{kill.Subject} killed in epoch {kill.Epoch}: no task was completed under {next.Who}, epoch {next.Epoch}");
        }

        verdict.ShowTimes("from kill -9 to the next valid leader", times, order.Bound);
        var settled = history.Of(Settled).ToArray();
        verdict.Demand(settled.Length > 0 && settled.All(state => state.Note == "completed"),
            $"all {settled.Length} tasks are completed; {history.Done(Effect).Count()} workers were started, "
                + $"each by a valid leader",
            $"of {settled.Length} tasks {settled.Count(state => state.Note == "completed")} are completed");
    }
}
