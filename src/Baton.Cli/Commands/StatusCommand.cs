using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton status</c>: who leads, who lives, where the tasks stand.</summary>
internal static class StatusCommand
{
    public static Verb Declare() => new("status", "who leads, who lives, where the tasks stand", RunAsync);

    private static async Task<int> RunAsync(Session session)
    {
        var status = await session.Status.ReadAsync(session.Stop);
        session.Output.Data(StatusJson.Of(status), BatonJson.Default.StatusJson,
            text => Write(text, status, session.Output.Ink));
        return ExitCode.Ok;
    }

    private static string LeasesApart(SystemStatus status) =>
        status.Leases == status.Store ? "" : $", leases in {status.Leases}";

    private static void Write(TextWriter text, SystemStatus status, Ink ink)
    {
        var orchestrators = status.OrchestratorCounts;
        var agents = status.AgentCounts;
        var tasks = status.Snapshot.Tasks;
        var cleanup = status.Snapshot.Cleanup;
        text.WriteLine($"election       {status.Election} ({status.Store}{LeasesApart(status)})");
        text.WriteLine($"leader         {LeaderText.Line(status, ink)}");
        text.WriteLine($"orchestrators  {orchestrators.Total}: {orchestrators.Leading} leading, "
            + $"{orchestrators.Standby} standby, {orchestrators.Stale} stale");
        text.WriteLine($"agents         {agents.Total}: {agents.Alive} alive, "
            + $"{agents.Late} late, {agents.Stale} stale");
        text.WriteLine($"tasks          {tasks.Total}: {tasks.Ready} ready, {tasks.InProgress} in progress, "
            + $"{tasks.Pending} pending, {tasks.Blocked} blocked, {tasks.Completed} completed, "
            + $"{tasks.Failed} failed, {tasks.Cancelled} cancelled");
        text.WriteLine($"cleanup        {Plain.Count(cleanup.OrchestratorsEvicted, "orchestrators")} and "
            + $"{Plain.Count(cleanup.AgentsEvicted, "agents")} evicted, {Plain.Count(cleanup.TasksRequeued, "tasks")} requeued");
        text.WriteLine($"transitions    {status.Snapshot.Transitions24h} in 24h");
        if (status.Snapshot.Alarm is { } alarm)
        {
            text.WriteLine(ink.Bad(LeaderText.Alarm(alarm)));
        }
    }
}
