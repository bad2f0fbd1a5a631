using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton cleanup</c>: what is stale and why; asks the leader to sweep now.</summary>
internal static class CleanupCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static Verb Declare()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "only say what is stale, and why" };
        return new("cleanup", "say what is stale and why, and have the leader sweep it",
            session => session.Get(dryRun) ? LookAsync(session) : SweepAsync(session)) { dryRun };
    }

    private static async Task<int> LookAsync(Session session)
    {
        var snapshot = await session.Work.SnapshotAsync(session.Stop);
        var leader = await session.Status.ReadLeaderAsync(session.Stop);
        var sweeper = new Sweeper(session.Stores.Witnesses, session.Around.Clock, session.Around.ClockDomain);
        // Without a leader nobody is spared; no process life has this name.
        var self = leader is { IsLeading: true, Id: { } id } ? id : new HolderId("-");
        var plan = SweepRules.Plan(snapshot, self, sweeper.Look(snapshot));
        Print(session, new(true,
            [.. plan.Evictions.Select(item => new StaleJson(item.Agent.Value, item.Reason))],
            [.. plan.Requeues.Select(item => new StaleJson(item.Task.Value, item.Reason))], null, null));
        return ExitCode.Ok;
    }

    private static async Task<int> SweepAsync(Session session)
    {
        var leader = await session.Status.ReadLeaderAsync(session.Stop);
        if (!leader.IsLeading)
        {
            throw LeaderCommands.NoLeader(leader);
        }

        var before = await session.Work.SnapshotAsync(session.Stop);
        var number = await session.Work.AskAsync(new(RequestKind.Sweep, session.Actor), session.Stop);
        _ = await Waiting.UntilAsync(session, Timeout, async () =>
        {
            var now = await session.Work.SnapshotAsync(session.Stop);
            return now.Requests.Any(request => request.Number == number) ? null : now;
        }) ?? throw new CommandFailure(ErrorCode.Timeout,
            $"{leader.Id} has not swept within {Durations.Text(Timeout)}", "baton status shows who leads");
        var events = await session.Work.EventsAsync(new() { After = before.Seq }, session.Stop);
        Print(session, new(false,
            [.. Stale(EventType.OrchestratorEvicted), .. Stale(EventType.AgentEvicted)],
            [.. Stale(EventType.TaskRequeued), .. Stale(EventType.TaskBuried)],
            leader.Id?.Value, leader.Epoch?.Value));
        return ExitCode.Ok;

        // A task that a person requeued meanwhile bears no epoch.
        IEnumerable<StaleJson> Stale(EventType type) => events
            .Where(told => told.Draft.Type == type && told.Draft.Epoch is not null)
            .Select(told => new StaleJson(told.Draft.Subject, told.Draft.Data?.Reason ?? told.Draft.Message));
    }

    private static void Print(Session session, CleanupJson cleanup) =>
        session.Output.Data(cleanup, BatonJson.Default.CleanupJson, text =>
        {
            var (evict, requeue) = cleanup.DryRun ? ("would evict", "would requeue") : ("evicted", "requeued");
            foreach (var item in cleanup.Evict)
            {
                text.WriteLine($"{evict} {Plain.Line(item.Id)}: {Plain.Line(item.Reason)}");
            }

            foreach (var item in cleanup.Requeue)
            {
                text.WriteLine($"{requeue} {Plain.Line(item.Id)}: {Plain.Line(item.Reason)}");
            }

            if (cleanup.Evict.Count + cleanup.Requeue.Count == 0)
            {
                text.WriteLine("nothing is stale");
            }
        });
}
