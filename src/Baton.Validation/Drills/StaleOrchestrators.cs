using System.Text.Json;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>Dead orchestrators are evicted, by the leader, under its epoch; living ones never.</summary>
internal static class StaleOrchestrators
{
    public static Drill Drill { get; } = new(
        "stale-orchestrators", "Dead orchestrators are evicted, living ones never", 3, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        var count = Math.Clamp(arena.Order.Orchestrators, 3, 5);
        for (var number = 0; number < count; number++)
        {
            arena.Orchestrator();
        }

        var leader = await arena.LeaderAsync(Epoch.None);
        await arena.JoinedAsync(count);
        foreach (var follower in arena.Running.Where(player => player != arena.PlayerOf(leader.Life)).Take(count - 2).ToArray())
        {
            await arena.KillAsync(follower, "kill -9 of a follower");
        }

        await arena.JoinedAsync(2);
        await arena.RecordedAsync(Evict, count - 2);
        await arena.KillAsync(arena.PlayerOf(leader.Life), "kill -9 of the leader");
        arena.Heal();
        await arena.LeaderAsync(leader.Epoch);
        await arena.JoinedAsync(1);
        await arena.RecordedAsync(Evict, count - 1);
        // Evictions of the living would come now, if ever.
        await arena.PauseAsync(arena.Order.Ttl);
        var said = await arena.AskAsync("agent", "list", "--json");
        var alive = said.Data.EnumerateArray().Where(agent => agent.GetProperty("state").GetString() == "alive").ToArray();
        arena.Verdict.Demand(alive.Length == 1, $"agent list shows 1 alive, {Id(alive)}",
            $"agent list shows {alive.Length} alive where 1 is");
    }

    private static string? Id(JsonElement[] agents) =>
        agents.Length == 0 ? null : agents[0].GetProperty("id").GetString();

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var dead = history.Done(Kill)
            .Where(kill => kill.Note?.StartsWith("kill -9", StringComparison.Ordinal) == true).ToArray();
        var evictions = history.Done(Evict).ToArray();
        var times = new List<TimeSpan>();
        foreach (var kill in dead)
        {
            var mine = evictions.Where(eviction => eviction.Subject == kill.Subject).ToArray();
            if (mine.Length != 1)
            {
                verdict.Fail($"{kill.Subject}, killed, was evicted {mine.Length} times");
                continue;
            }

            var reign = history.Reigns.FirstOrDefault(reign => reign.Who == mine[0].Who && reign.Epoch == mine[0].Epoch);
            times.Add(mine[0].Ended!.Value - kill.Began);
            verdict.Demand(reign is not null,
                $"{kill.Subject} evicted by {mine[0].Who} under epoch {mine[0].Epoch}, "
                    + $"{times[^1].TotalMilliseconds:0} ms after its death: {mine[0].Note}",
                $"{kill.Subject} was evicted by {mine[0].Who}, which never led epoch {mine[0].Epoch}");
        }

        foreach (var wrong in evictions.Where(eviction => !dead.Any(kill => kill.Subject == eviction.Subject)))
        {
            verdict.Fail($"{wrong.Subject} was evicted by {wrong.Who} though it lived: {wrong.Note}");
        }

        var living = history.Done(Register).Select(register => register.Who)
            .Except(dead.Select(kill => kill.Subject!)).ToArray();
        verdict.Demand(dead.Length > 0 && living.Length > 0, $"{string.Join(", ", living)} lived, and was never evicted",
            $"nobody was killed, or nobody lived");
        verdict.ShowTimes("from death to eviction", times, order.Bound);
    }
}
