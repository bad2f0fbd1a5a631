namespace Baton.Validation;

/// <summary>Over every term of the run, and across a fleet that crashed or stopped as a whole.</summary>
internal static class EpochsGrow
{
    private const int Fleets = 3;

    public static Drill Drill { get; } = new(
        "epochs-grow", "Every term has a higher epoch than the one before", 1, PlayAsync, Judge);

    /// <summary>Shows the terms of another drill of the same run.</summary>
    public static void ShowTerms(string drill, History history, Verdict verdict)
    {
        var epochs = history.Terms.Select(won => won.Epoch!.Value).ToArray();
        var wrong = EpochsOnlyGrow.Checker.Judge(history).Concat(OneHolderPerEpoch.Checker.Judge(history)).FirstOrDefault();
        if (epochs.Length > 0)
        {
            verdict.Demand(wrong is null, $"{drill}: {Terms(epochs)}", $"{drill}: {wrong?.Message}");
        }
    }

    private static async Task PlayAsync(Arena arena)
    {
        var above = Epoch.None;
        for (var fleet = 1; fleet <= Fleets; fleet++)
        {
            for (var number = 0; number < Math.Min(arena.Order.Orchestrators, 2); number++)
            {
                arena.Orchestrator();
            }

            arena.Heal();
            var leader = await arena.LeaderAsync(above);
            above = leader.Epoch;
            if (fleet == 1)
            {
                await arena.KillAllAsync([.. arena.Running], arena.PlayerOf(leader.Life), "the whole fleet crashes");
                continue;
            }

            await Task.WhenAll(arena.Running.Select(player => arena.EndAsync(player, "the whole fleet stops")));
        }

        var rows = new List<Epoch>();
        await foreach (var term in arena.Leases.TermsAsync(arena.Order.Election, Epoch.None, arena.Stop))
        {
            rows.Add(term.Epoch);
        }

        var recorded = arena.History().Terms.Select(won => won.Epoch!.Value).ToArray();
        arena.Verdict.Demand(recorded.All(rows.Contains) && rows.Zip(rows.Skip(1)).All(pair => pair.First < pair.Second),
            $"the store's own record of terms says the same: {string.Join(", ", rows)}",
            $"the store records the terms {string.Join(", ", rows)}; {string.Join(", ", recorded)} were given out");
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var epochs = history.Terms.Select(won => won.Epoch!.Value).ToArray();
        verdict.Demand(epochs.Length >= Fleets && epochs.Zip(epochs.Skip(1)).All(pair => pair.First < pair.Second),
            $"a fleet that crashed as a whole, then one that stopped as a whole, then a third: {Terms(epochs)}",
            $"{Fleets} fleets in a row: {Terms(epochs)}");
    }

    private static string Terms(Epoch[] epochs) => $"{epochs.Length} terms, epochs {string.Join(", ", epochs)}";
}
