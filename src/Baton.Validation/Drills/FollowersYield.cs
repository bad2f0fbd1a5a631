using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>Every other orchestrator stands by, or leaves if it was told to.</summary>
internal static class FollowersYield
{
    private const string Leaves = "left because another leads";

    public static Drill Drill { get; } = new(
        "followers-yield", "All others stand by, or leave", 2, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        for (var number = 0; number < arena.Order.Orchestrators; number++)
        {
            arena.Orchestrator();
        }

        arena.Heal();
        var leader = await arena.LeaderAsync(Epoch.None);
        await arena.JoinedAsync(arena.Order.Orchestrators);
        var others = arena.Order.Orchestrators - 1;
        var standing = await arena.UntilAsync<IReadOnlyList<WorkEvent>>($"{others} followers that say that they "
            + $"stand by", async () =>
        {
            var told = await arena.Work.EventsAsync(new() { Type = EventType.OrchestratorStandby }, arena.Stop);
            return told.DistinctBy(one => one.Draft.Subject).Count() >= others ? told : null;
        });
        foreach (var name in standing.Select(one => one.Draft.Subject).Distinct().Order(StringComparer.Ordinal))
        {
            arena.Verdict.Show($"{name} stands by");
        }

        var status = await arena.AskAsync("status", "--json");
        var counts = status.Data.GetProperty("orchestrators");
        arena.Verdict.Demand(
            counts.GetProperty("leading").GetInt32() == 1 && counts.GetProperty("standby").GetInt32() == others,
            $"status counts 1 leading, {others} standing by; {leader.Life} leads, epoch {leader.Epoch}",
            $"status counts {counts.GetRawText()} of {arena.Order.Orchestrators}");
        var guest = arena.Orchestrator("--on-follow", "exit");
        var exit = await guest.Process.Exit.WaitAsync(arena.Bound, arena.Clock, arena.Stop);
        arena.Record(Exit, guest.Lives() is [var life, ..] ? life : guest.Name, Leaves);
        arena.Verdict.Demand(exit == 0, $"{guest.Name}, started with --on-follow exit, left with 0",
            $"{guest.Name}, started with --on-follow exit, ended with {exit}: {guest.LastWords}");
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var reigns = history.Reigns;
        verdict.Demand(reigns.Length == 1, $"one term, held throughout",
            $"{reigns.Length} terms where one is due: "
                + $"{string.Join(", ", reigns.Select(reign => $"{reign.Who} epoch {reign.Epoch}"))}");
        var guests = history.Done(Exit).Where(exit => exit.Note == Leaves).Select(exit => exit.Subject).ToHashSet();
        verdict.Demand(guests.Count == 1 && !history.Of(Acquire).Any(acquire => guests.Contains(acquire.Who)),
            $"who left had not reached for the lease", $"who was to leave reached for the lease, or never left");
        var writers = history.Done(Begin, Write).Select(write => write.Who).Distinct().ToArray();
        verdict.Demand(writers.Length == 1, $"no follower wrote as a leader: all such writes are "
            + $"{string.Join(", ", writers)}'s",
            $"{writers.Length} processes wrote as leaders: {string.Join(", ", writers)}");
    }
}
