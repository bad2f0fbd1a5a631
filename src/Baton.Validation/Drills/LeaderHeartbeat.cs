using System.Globalization;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>Renewals keep coming under load; nobody else leads meanwhile.</summary>
internal static class LeaderHeartbeat
{
    private const int Terms = 10;
    private const int Batch = 10;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    public static Drill Drill { get; } = new(
        "leader-heartbeat", "The leader's heartbeat keeps coming", 1, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        // The first write of a process is compiled while it holds the write lock, which a starved machine makes long.
        // That is no load that lasts; this process has it behind itself before anybody leads.
        await SubmitAsync(arena, 0);
        for (var number = 0; number < Math.Min(arena.Order.Orchestrators, 3); number++)
        {
            arena.Orchestrator();
        }

        arena.Heal();
        await arena.LeaderAsync(Epoch.None);
        arena.Worker("true");
        arena.Worker("true");
        var until = arena.Now + (arena.Order.Ttl * (Terms + 1));
        var made = Batch;
        while (arena.Now < until)
        {
            await SubmitAsync(arena, made);
            made += Batch;
            await arena.PauseAsync(Between);
        }
    }

    private static Task SubmitAsync(Arena arena, int from) => arena.SubmitAsync(Enumerable.Range(from, Batch)
        .Select(number => new Baton.Work.TaskId(string.Create(CultureInfo.InvariantCulture, $"load_{number}"))));

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var reigns = history.Reigns;
        if (reigns.Length != 1)
        {
            verdict.Fail($"the leadership changed: "
                + $"{string.Join(", ", reigns.Select(reign => $"{reign.Who} epoch {reign.Epoch}"))}");
        }

        if (reigns.IsEmpty)
        {
            return;
        }

        var reign = reigns[0];
        var renewals = history.Done(Renew).Where(renew => renew.Who == reign.Who && renew.Epoch == reign.Epoch).ToArray();
        var span = renewals.Length == 0 ? TimeSpan.Zero : renewals[^1].Ended!.Value - reign.From;
        verdict.Demand(span >= order.Ttl * Terms,
            $"{reign.Who} led epoch {reign.Epoch} without a break for {span.TotalSeconds:0.0} s, {span / order.Ttl:0.0} ttl",
            $"{reign.Who} was seen to lead for {span.TotalSeconds:0.0} s only; {Terms} ttl were due");
        var gaps = renewals.Zip(renewals.Skip(1), (one, next) => next.Ended!.Value - one.Ended!.Value).ToArray();
        verdict.ShowTimes($"from one renewal to the next, every {(order.Ttl / 6).TotalMilliseconds:0} ms by "
            + $"plan", gaps, order.Ttl);
        var refused = history.Of(Renew).Count(renew => !renew.IsOk);
        var others = history.Done(Submit, Claim, Extend, Complete).Count();
        verdict.Show($"{renewals.Length} renewals, {refused} without an answer or refused, beside {others} "
            + $"writes of others");
    }
}
