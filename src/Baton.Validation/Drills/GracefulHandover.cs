using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>A leader that is asked to end, or to hand over, gives its lease back.</summary>
internal static class GracefulHandover
{
    private const int Times = 3;
    private const string Terminate = "SIGTERM";
    private const string Resign = "leader resign";

    public static Drill Drill { get; } = new(
        "graceful-handover", "A leader that leaves hands over", 2, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        // Who has resigned stands back for a ttl: one more than resign, so that somebody can follow the last at once.
        var count = Math.Clamp(arena.Order.Orchestrators, 2, Times + 1);
        for (var number = 0; number < count; number++)
        {
            arena.Orchestrator();
        }

        var leader = await arena.LeaderAsync(Epoch.None);
        for (var time = 0; time < Times; time++)
        {
            await arena.JoinedAsync(count);
            var exit = await arena.EndAsync(arena.PlayerOf(leader.Life), Terminate, leader.Epoch);
            arena.Heal();
            if (exit != 0)
            {
                arena.Verdict.Fail($"{leader.Life}, told to end, ended with {exit}");
            }

            leader = await arena.LeaderAsync(leader.Epoch);
            arena.Orchestrator();
        }

        await arena.JoinedAsync(count);
        for (var time = 0; time < Times; time++)
        {
            arena.Record(Stop, leader.Life.Value, Resign, epoch: leader.Epoch);
            arena.Heal();
            var said = await arena.AskAsync("leader", "resign", "--json");
            if (said.Exit != 0)
            {
                arena.Verdict.Fail($"leader resign ended with {said.Exit} while {leader.Life} led: {said.Text}");
            }

            leader = await arena.LeaderAsync(leader.Epoch);
        }
    }

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        foreach (var how in (string[])[Terminate, Resign])
        {
            var stops = history.Of(Stop).Where(stop => stop.Note == how && stop.Epoch is not null).ToArray();
            if (stops.Length != Times)
            {
                verdict.Fail($"{how}: {stops.Length} of {Times} took place");
            }

            var (times, gaps) = (new List<TimeSpan>(), new List<TimeSpan>());
            foreach (var stop in stops)
            {
                var former = history.Reigns.FirstOrDefault(
                    reign => reign.Who == stop.Subject && reign.Epoch == stop.Epoch);
                var next = history.Reigns.FirstOrDefault(reign => reign.Epoch > stop.Epoch);
                if (former is null || next is null || !history.Done(Release).Any(release => release.Epoch == stop.Epoch))
                {
                    verdict.Fail($"{how} of epoch {stop.Epoch}: the lease was not given back, or nobody followed");
                    continue;
                }

                times.Add(next.From - stop.Began);
                gaps.Add(next.From - former.Until);
                verdict.Show($"{how}: {former.Who} gave epoch {former.Epoch} back, {next.Who} leads epoch {next.Epoch}");
            }

            verdict.ShowTimes($"{how}: from the word to the next valid leader", times, order.Bound);
            verdict.ShowTimes($"{how}: without a leader between", gaps, order.Bound);
        }
    }
}
