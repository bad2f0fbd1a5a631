using System.Collections.Immutable;
using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>What is done to leases that lie apart from the work.</summary>
internal static partial class StoreDamage
{
    private static readonly TaskId Apart = new("apart");

    private static async Task<LeaderSeen> OfLeasesAsync(Arena arena, ILeasesApart leases, LeaderSeen leader)
    {
        leader = await DropLeasesAsync(arena, leases, leader);
        if (leases.Cluster is not { } cluster)
        {
            arena.Verdict.Show($"the cluster is not the run's own: no member was stopped or frozen (--own-servers etcd)");
            return leader;
        }

        var all = Enumerable.Range(0, cluster.Members).ToImmutableArray();
        var most = all[..(all.Length / 2 + 1)];
        leader = await LoseItsLeaderAsync(arena, cluster, leader);
        leader = await OutOfReachAsync(arena, leader, "leases",
            $"{most.Length} of {all.Length} members were frozen under a leader",
            () =>
            {
                cluster.Freeze(most);
                return Task.CompletedTask;
            },
            () =>
            {
                cluster.Thaw(most);
                return Task.CompletedTask;
            });
        leader = await OutOfReachAsync(arena, leader, "leases", "all members were stopped under a leader",
            () => cluster.KillAsync(all),
            async () =>
            {
                cluster.Copy();
                await cluster.StartAsync(all, arena.Stop);
            });
        return await OutOfReachAsync(arena, leader, "leases", "all members were put back to an older copy under a leader",
            () => cluster.KillAsync(all),
            async () =>
            {
                cluster.Restore();
                await cluster.StartAsync(all, arena.Stop);
            });
    }

    // The others choose a new leader of theirs meanwhile; that is no reason for us to.
    private static async Task<LeaderSeen> LoseItsLeaderAsync(Arena arena, IOwnCluster cluster, LeaderSeen leader)
    {
        const int more = 3;
        var lost = await cluster.LeaderAsync(arena.Stop);
        var began = arena.Now;
        await cluster.KillAsync([lost]);
        var present = await arena.UntilAsync("renewals without the member that led the cluster", async () =>
        {
            var view = await arena.Leases.ReadAsync(arena.Order.Election, arena.Stop);
            return view.Holder is { } holder && arena.PlayerOf(holder.Holder).History().Done(Renew)
                .Count(renewal => renewal.Epoch == view.Epoch && renewal.Began > began) >= more
                ? new LeaderSeen(holder.Holder, view.Epoch) : null;
        });
        if (present.Epoch == leader.Epoch)
        {
            arena.Verdict.Show($"the member that led the cluster was killed: {present.Life} goes on leading epoch "
                + $"{present.Epoch}");
        }
        else
        {
            arena.Verdict.Show($"the member that led the cluster was killed: {present.Life} leads epoch {present.Epoch} "
                + $"after {leader.Life}, epoch {leader.Epoch}");
        }

        await cluster.StartAsync([lost], arena.Stop);
        return present;
    }

    // The leases go, the work stays: the next epoch comes from what the mark remembers.
    private static async Task<LeaderSeen> DropLeasesAsync(Arena arena, ILeasesApart leases, LeaderSeen leader)
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
