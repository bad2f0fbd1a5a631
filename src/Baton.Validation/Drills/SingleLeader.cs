using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>N start at once, many rounds.</summary>
internal static class SingleLeader
{
    private const int Rounds = 5;

    /// <summary>The subject of what stands in the recording for the beginning of a round.</summary>
    public const string Round = "round";

    public static Drill Drill { get; } = new(
        "single-leader", "Exactly one orchestrator leads", 1, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        var above = Epoch.None;
        for (var round = 1; round <= Rounds; round++)
        {
            var began = arena.Now;
            var players = new List<Player>();
            for (var number = 0; number < arena.Order.Orchestrators; number++)
            {
                players.Add(arena.Orchestrator());
            }

            arena.Record(Start, Round, $"round {round}", began, new(round));
            arena.Heal();
            var leader = await arena.LeaderAsync(above);
            var lives = new HashSet<string>(StringComparer.Ordinal);
            await arena.UntilAsync($"{players.Count} orchestrators in round {round}", () =>
            {
                lives.UnionWith(players.SelectMany(player => player.Lives()));
                return Task.FromResult(lives.Count >= players.Count);
            });
            above = leader.Epoch;
            await arena.KillAllAsync(players, arena.PlayerOf(leader.Life), $"end of round {round}");
        }
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var rounds = history.Of(Start).Where(start => start.Subject == Round).ToArray();
        verdict.Demand(rounds.Length == Rounds,
            $"{rounds.Length} rounds, in each {order.Orchestrators} processes start at once",
            $"{rounds.Length} of {Rounds} rounds took place");
        var times = new List<TimeSpan>();
        for (var index = 0; index < rounds.Length; index++)
        {
            var (from, until) = (rounds[index].Began, index + 1 < rounds.Length ? rounds[index + 1].Began : Instant.Never);
            var reigns = history.Reigns.Where(reign => reign.From >= from && reign.From < until).ToArray();
            if (reigns.Length != 1)
            {
                verdict.Fail($"{rounds[index].Note}: {reigns.Length} believed that they led: "
                    + $"{string.Join(", ", reigns.Select(reign => $"{reign.Who} epoch {reign.Epoch}"))}");
                continue;
            }

            var took = reigns[0].From - from;
            times.Add(took);
            verdict.Show($"{rounds[index].Note}: {reigns[0].Who} alone led, epoch {reigns[0].Epoch}, "
                + $"{took.TotalMilliseconds:0} ms after the first start");
        }

        verdict.ShowTimes("from the first start to a leader", times, order.Bound);
    }
}
