using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>A leader is stopped past its ttl and goes on: it must find that it leads no more before it does anything.</summary>
internal static class FrozenLeader
{
    private const int Times = 2;

    public static Drill Drill { get; } = new(
        "frozen-leader", "A frozen leader is followed, and harmless when it wakes", 2, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        var count = Math.Clamp(arena.Order.Orchestrators, 2, 3);
        for (var number = 0; number < count; number++)
        {
            arena.Orchestrator();
        }

        var leader = await arena.LeaderAsync(Epoch.None);
        for (var time = 0; time < Times; time++)
        {
            await arena.JoinedAsync(count);
            var player = arena.PlayerOf(leader.Life);
            arena.FreezePlayer(player, leader.Life, leader.Epoch);
            arena.Heal();
            var next = await arena.LeaderAsync(leader.Epoch);
            await WriteLateAsync(arena, leader, next);
            arena.ThawPlayer(player, leader.Life, leader.Epoch);
            await arena.UntilAsync($"{leader.Life} to notice that its term is over", () => Task.FromResult(!player.IsRunning
                || player.History().Of(Yield).Any(yield => yield.Who == leader.Life.Value && yield.Epoch == leader.Epoch)));
            if (!player.IsRunning)
            {
                // The policy for work that outlasts its leadership is to end; somebody takes its place.
                arena.Record(Exit, leader.Life.Value, "it ended by itself", epoch: leader.Epoch);
                arena.Orchestrator();
            }

            leader = next;
        }

        await arena.JoinedAsync(count);
    }

    // The worst that a leader of the past could write: it evicts the one that leads.
    private static async Task WriteLateAsync(Arena arena, LeaderSeen former, LeaderSeen present)
    {
        var plan = new SweepPlan(former.Life,
            [new(new(present.Life.Value), null, "asked for by the leader of the past")], [], []);
        try
        {
            await arena.Work.SweepAsync(former.Epoch, plan, arena.Stop);
            arena.Verdict.Fail($"a write with epoch {former.Epoch} was accepted though {present.Life} leads "
                + $"epoch {present.Epoch}");
        }
        catch (FencedException e)
        {
            arena.Verdict.Show($"a write with the old epoch {former.Epoch}, sent while {present.Life} leads, was "
                + $"refused: the fence is at {e.Fence}");
        }
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var freezes = history.Of(Freeze).ToArray();
        if (freezes.Length != Times)
        {
            verdict.Fail($"{freezes.Length} of {Times} leaders were frozen");
        }

        var (takeovers, demotions) = (new List<TimeSpan>(), new List<TimeSpan>());
        foreach (var freeze in freezes)
        {
            var thaw = history.Of(Thaw).FirstOrDefault(thaw => thaw.Subject == freeze.Subject && thaw.Epoch == freeze.Epoch);
            var next = history.Reigns.FirstOrDefault(reign => reign.Epoch > freeze.Epoch);
            if (thaw is null || next is null || next.From > thaw.Began)
            {
                verdict.Fail($"nobody led while {freeze.Subject}, epoch {freeze.Epoch}, was frozen");
                continue;
            }

            if (!history.Of(Write).Any(write => write.Epoch == freeze.Epoch
                && write.Began > next.From && write.Outcome == Outcome.Refused))
            {
                verdict.Fail($"no write with the old epoch {freeze.Epoch} was refused");
            }

            var acts = history.Done(Renew, Trust, Begin, Write, Evict, OperationKind.Requeue, Effect)
                .Where(act => act.Who == freeze.Subject && act.Epoch == freeze.Epoch && act.Began >= thaw.Began).ToArray();
            verdict.Demand(acts.Length == 0,
                $"{freeze.Subject}, epoch {freeze.Epoch}, frozen for "
                    + $"{(thaw.Began - freeze.Began).TotalSeconds:0.0} s: {next.Who} took over with epoch "
                        + $"{next.Epoch}; once awake the former leader did nothing as a leader",
                $"{freeze.Subject} acted as the leader of epoch {freeze.Epoch} after it was woken: "
                    + $"{string.Join(", ", acts.Select(act => act.Kind.Name()))}");
            takeovers.Add(next.From - freeze.Began);
            var end = history.Of(Yield, Exit).FirstOrDefault(end => end.Epoch == freeze.Epoch && end.Began >= freeze.Began
                && (end.Kind == Yield ? end.Who : end.Subject) == freeze.Subject);
            demotions.Add(end is null ? TimeSpan.MaxValue : end.Began - thaw.Began);
        }

        verdict.ShowTimes($"from SIGSTOP to the next valid leader, with a ttl of {order.Ttl.TotalMilliseconds:0} "
            + $"ms", takeovers, order.Bound);
        verdict.ShowTimes("from SIGCONT to the former leader's demotion", demotions, order.Bound);
    }
}
