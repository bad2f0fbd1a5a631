using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>What is done to a store on a server, and to a server of the run's own, that can't be done to a file.</summary>
internal static partial class StoreDamage
{
    private static readonly TaskId Beside = new("beside");

    private static async Task<LeaderSeen> OfServerAsync(Arena arena, IServerStore store, LeaderSeen leader)
    {
        await EndSessionsAsync(arena, store, leader);
        if (store.Server is not { } server)
        {
            arena.Verdict.Show($"the server is not the run's own: it was neither stopped nor frozen (--own-servers)");
            return leader;
        }

        await arena.SubmitAsync(Beside);
        if (arena.LeasesApart is not null)
        {
            // It holds only the work: no reason for a leader to give up.
            return await WithoutWorkAsync(arena, server, leader);
        }

        leader = await OutOfReachAsync(arena, leader, "store", "the server was stopped under a leader", server.StopAsync,
            async () =>
            {
                await RefusedAsync(arena, "the server stopped", "store_unreachable");
                await server.StartAsync(arena.Stop);
            });
        leader = await OutOfReachAsync(arena, leader, "store", "the server was frozen under a leader",
            () =>
            {
                server.Freeze();
                return Task.CompletedTask;
            },
            () =>
            {
                server.Thaw();
                return Task.CompletedTask;
            });
        var task = (await arena.Work.TasksAsync(new(), arena.Stop)).SingleOrDefault();
        arena.Verdict.Demand(task?.Id == Beside && task.Status == DurableTaskStatus.Pending,
            $"stopped, started, frozen and thawed, the server still holds the one task, as it was",
            $"after the server was stopped and frozen the task is {task?.Status.Name() ?? "gone"}");
        return leader;
    }

    private static async Task<LeaderSeen> WithoutWorkAsync(Arena arena, IOwnServer server, LeaderSeen leader)
    {
        const int more = 3;
        arena.CloseStores();
        var renewals = Renewals();
        await server.StopAsync();
        try
        {
            await RefusedAsync(arena, "the server of the work stopped", "store_unreachable");
            await arena.UntilAsync($"{leader.Life} to renew its lease without the work",
                () => Task.FromResult(Renewals() >= renewals + more));
        }
        finally
        {
            await server.StartAsync(arena.Stop);
        }

        var present = await arena.LeaderAsync(new(leader.Epoch.Value - 1));
        arena.Verdict.Demand(present.Epoch == leader.Epoch,
            $"the server of the work was stopped: {leader.Life} went on renewing its lease elsewhere, and leads epoch "
                + $"{leader.Epoch} still",
            $"the server of the work was stopped: {present.Life} leads epoch {present.Epoch}, where {leader.Epoch} was due");
        return present;

        int Renewals() => arena.PlayerOf(leader.Life).History().Done(Renew).Count();
    }

    // Connections are no leases: whoever leads connects again.
    private static async Task EndSessionsAsync(Arena arena, IServerStore store, LeaderSeen leader)
    {
        arena.CloseStores();
        var ended = store.EndSessions();
        var renewals = arena.PlayerOf(leader.Life).History().Done(Renew).Count();
        const int more = 3;
        await arena.UntilAsync($"{leader.Life} to renew its lease by other sessions", () => Task.FromResult(
            arena.PlayerOf(leader.Life).History().Done(Renew).Count() >= renewals + more));
        var present = await arena.Leases.ReadAsync(arena.Order.Election, arena.Stop);
        arena.Verdict.Demand(ended > 0 && present.Epoch == leader.Epoch,
            $"all {ended} sessions were ended: {leader.Life} goes on leading epoch {leader.Epoch}",
            $"{ended} sessions were ended: epoch {present.Epoch} is led where {leader.Epoch} was due");
    }

    private static async Task<LeaderSeen> OutOfReachAsync(
        Arena arena, LeaderSeen leader, string subject, string fault, Func<Task> harm, Func<Task> mend)
    {
        arena.CloseStores();
        var began = arena.Now;
        await harm();
        arena.Record(Fault, subject, fault, began, leader.Epoch);
        try
        {
            await arena.UntilAsync($"{leader.Life} to give up ({fault})", () => Task.FromResult(
                arena.PlayerOf(leader.Life).History().Of(Yield).Any(yield => yield.Epoch == leader.Epoch)));
        }
        finally
        {
            // Other drills use it too.
            await mend();
        }

        arena.Heal();
        if (!arena.Running.Any(player => player.Name != arena.PlayerOf(leader.Life).Name))
        {
            // The policy for work that outlasts its leadership is to end; somebody takes its place.
            arena.Orchestrator();
        }

        return await arena.LeaderAsync(leader.Epoch);
    }
}
