using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>What is done to leases that lie apart from the work.</summary>
internal static partial class StoreDamage
{
    private static readonly TaskId Apart = new("apart");

    // The leases go, the work stays: the next epoch comes from what the mark remembers.
    private static async Task<LeaderSeen> OfLeasesAsync(Arena arena, ILeasesApart leases, LeaderSeen leader)
    {
        const string fault = "the leases were deleted under a leader";
        await arena.SubmitAsync(Apart);
        arena.CloseStores();
        var began = arena.Now;
        await leases.DropAsync(arena.Stop);
        arena.Record(Fault, "leases", fault, began, leader.Epoch);
        await arena.UntilAsync($"{leader.Life} to give up ({fault})", () => Task.FromResult(
            arena.PlayerOf(leader.Life).History().Of(Yield).Any(yield => yield.Epoch == leader.Epoch)));
        arena.Heal();
        var next = await arena.LeaderAsync(leader.Epoch);
        var kept = (await arena.Work.TasksAsync(new(), arena.Stop)).Any(task => task.Id == Apart);
        arena.Verdict.Demand(kept, $"{fault}: the work is as it was", $"{fault}: a task is gone with them");
        return next;
    }
}
