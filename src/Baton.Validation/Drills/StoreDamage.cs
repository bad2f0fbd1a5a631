using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>The store is deleted, cut off, replaced by an old copy: the loss is noticed, and nothing is made up.</summary>
internal static partial class StoreDamage
{
    private const int Unavailable = 6;
    private const int Faults = 4;
    private static readonly TaskId Kept = new("kept");
    private static readonly TaskId Lost = new("lost");

    public static Drill Drill { get; } = new(
        "store-damage", "A damaged store is noticed, and epochs still grow", 1, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        await arena.SubmitAsync(Kept);
        var leader = await FleetAsync(arena, Epoch.None);
        await EndAllAsync(arena);

        // Put back an old copy under a leader.
        arena.CopyStore();
        leader = await FleetAsync(arena, leader.Epoch);
        await arena.SubmitAsync(Lost);
        arena.RestoreStore(leader.Epoch);
        leader = await arena.LeaderAsync(leader.Epoch);
        await HoldsAsync(arena, "replaced by an old copy", Kept);

        // Deleted under a leader.
        arena.DeleteStore(leader.Epoch);
        leader = await arena.LeaderAsync(leader.Epoch);
        await HoldsAsync(arena, "deleted under a leader");

        // Emptied under a leader: nobody leads until a person has put it away.
        const string emptied = "emptied under a leader";
        arena.EmptyStore(leader.Epoch);
        await RefusedAsync(arena, emptied, "store_damaged");
        if (arena.Server is { } server)
        {
            server.Drop();
            arena.Verdict.Show($"{emptied}: what was left was dropped, as a person would");
        }
        else
        {
            var fixing = await arena.AskAsync("doctor", "--fix", "--json");
            arena.Verdict.Show($"{emptied}: doctor --fix moved it aside, exit {fixing.Exit}");
        }

        arena.Heal();
        leader = await arena.LeaderAsync(leader.Epoch);
        await HoldsAsync(arena, emptied);
        if (arena.Server is not null)
        {
            leader = await OfServerAsync(arena, arena.Server, leader);
        }

        if (arena.LeasesApart is not null)
        {
            leader = await OfLeasesAsync(arena, arena.LeasesApart, leader);
        }

        await EndAllAsync(arena);

        // Deleted while nobody is there to make it anew.
        arena.DeleteStore(leader.Epoch);
        await RefusedAsync(arena, "deleted while nothing runs", "store_missing");
        leader = await FleetAsync(arena, leader.Epoch);
        await HoldsAsync(arena, "deleted while nothing runs");
    }

    private static async Task<LeaderSeen> FleetAsync(Arena arena, Epoch above)
    {
        for (var number = 0; number < Math.Min(arena.Order.Orchestrators, 2); number++)
        {
            arena.Orchestrator();
        }

        arena.Heal();
        return await arena.LeaderAsync(above);
    }

    private static async Task EndAllAsync(Arena arena) =>
        await Task.WhenAll(arena.Running.ToArray().Select(player => arena.EndAsync(player, "stopped")));

    private static async Task RefusedAsync(Arena arena, string fault, string code)
    {
        foreach (var words in (string[][])[["status"], ["task", "list"], ["leader"]])
        {
            var said = await arena.AskAsync([.. words, "--json"]);
            arena.Verdict.Demand(said.Exit == Unavailable && said.Code == code,
                $"{fault}: {string.Join(' ', words)} says {said.Code}, exit {said.Exit}",
                $"{fault}: {string.Join(' ', words)} says {said.Code ?? "nothing"}, exit {said.Exit}; {code}, "
                    + $"exit {Unavailable} is due");
        }
    }

    // Exactly these tasks, and an alarm that says that others may be lost.
    private static async Task HoldsAsync(Arena arena, string fault, params TaskId[] due)
    {
        var said = await arena.AskAsync("task", "list", "--json");
        var found = said.Exit != 0 ? [$"exit {said.Exit}"]
            : said.Data.EnumerateArray().Select(task => task.GetProperty("id").GetString()!)
                .Order(StringComparer.Ordinal).ToArray();
        arena.Verdict.Demand(found.SequenceEqual(due.Select(task => task.Value)),
            $"{fault}: it holds {found.Length} "
                + $"tasks{(found.Length == 0 ? "" : $" ({string.Join(", ", found)})")}; none is made up",
            $"{fault}: it holds {string.Join(", ", found)} where {string.Join(", ", due)} is due");
        await arena.UntilAsync($"an alarm ({fault})", async () =>
        {
            var status = await arena.AskAsync("status", "--json");
            return status.Exit == 0 && status.Data.TryGetProperty("alarm", out var alarm)
                && alarm.ValueKind == System.Text.Json.JsonValueKind.Object;
        });
        arena.Verdict.Show($"{fault}: status shows the alarm over a store that was rolled back");
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var faults = history.Of(Fault).ToArray();
        if (faults.Length < Faults)
        {
            verdict.Fail($"{faults.Length} of {Faults} faults were made");
        }

        foreach (var fault in faults)
        {
            var next = history.Terms.FirstOrDefault(won => won.Began > fault.Began && won.Epoch != fault.Epoch);
            var believed = history.Reigns.FirstOrDefault(reign => reign.Epoch == fault.Epoch)?.Until;
            verdict.Demand(next?.Epoch > fault.Epoch,
                $"{fault.Note}: {next?.Who} leads with epoch {next?.Epoch}, above {fault.Epoch}",
                $"{fault.Note}: after epoch {fault.Epoch} came {next?.Epoch.ToString() ?? "none"}");
            if (believed > fault.Began)
            {
                verdict.Show($"{fault.Note}: the leader gave up "
                    + $"{(believed.Value - fault.Began).TotalMilliseconds:0} ms later");
            }
        }
    }
}
