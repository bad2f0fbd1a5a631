using Baton.Work;

namespace Baton.Cli;

/// <summary>What a line of a frame is about; decides its colour on a screen.</summary>
internal enum Tone
{
    Normal,
    Title,
    Faint,
    Good,
    Warn,
    Bad,
}

/// <summary>A line of a frame: plain text, safe to print, and its tone.</summary>
internal readonly record struct FrameLine(string Text, Tone Tone = Tone.Normal);

/// <summary>Draws the model as lines; the screen and <c>--once</c> show the same.</summary>
internal static class MonitorFrame
{
    private const int BarWidth = 30;
    private static readonly Ink NoInk = new(false);

    /// <summary>The lines of a view.</summary>
    public static IReadOnlyList<FrameLine> Of(MonitorModel model, string view)
    {
        var lines = new List<FrameLine>();
        var status = model.Status;
        lines.Add(new($"baton  election {status.Election}  store {status.Store}  {Times.Text(status.GeneratedAt)}",
            Tone.Title));
        if (status.Snapshot.Alarm is { } alarm)
        {
            lines.Add(new(LeaderText.Alarm(alarm), Tone.Bad));
        }

        if (view is "all" or "leader")
        {
            Leader(lines, model);
        }

        if (view is "all" or "agents")
        {
            Agents(lines, status);
        }

        if (view is "all" or "tasks")
        {
            Tasks(lines, status);
        }

        if (view is "all" or "events")
        {
            Section(lines, "EVENTS");
            Events(lines, model.Last(view == "all" ? 10 : 50));
        }

        return lines;
    }

    private static void Leader(List<FrameLine> lines, MonitorModel model)
    {
        var status = model.Status;
        var leader = status.Leader;
        Section(lines, "LEADER");
        lines.Add(new(LeaderText.Line(status, NoInk), leader.State switch
        {
            LeaderState.Leading => Tone.Good,
            LeaderState.Released or LeaderState.None => Tone.Warn,
            _ => Tone.Bad,
        }));
        if (leader is { Remaining: { } remaining, Ttl: { } ttl } && ttl > TimeSpan.Zero)
        {
            var full = (int)Math.Round(Math.Clamp(remaining / ttl, 0, 1) * BarWidth);
            lines.Add(new($"lease  [{new string('#', full)}{new string('-', BarWidth - full)}]  "
                + $"{Durations.Text(remaining)} of {Durations.Text(ttl)}",
                full > BarWidth / 2 ? Tone.Good : Tone.Warn));
        }

        var counts = status.OrchestratorCounts;
        lines.Add(new($"orchestrators  {counts.Total}: {counts.Leading} leading, {counts.Standby} standby, "
            + $"{counts.Stale} stale"));
        foreach (var view in status.Agents.Where(view => view.Agent.IsOrchestrator && !view.IsLeader))
        {
            lines.Add(new($"  follower  {view.Agent.Id}  {view.Liveness.Name()}  "
                + $"{Plain.Line(view.Agent.Host)} pid {view.Agent.Pid}", ToneOf(view.Liveness)));
        }

        Section(lines, $"TRANSITIONS ({status.Snapshot.Transitions24h} in 24h)");
        Events(lines, model.Last(5, type => type is EventType.LeaderElected or EventType.LeaderDemoted
            or EventType.LeaderReleased or EventType.LeaderExpired or EventType.StoreRolledBack));
        var tally = status.Snapshot.Cleanup;
        Section(lines, $"CLEANUP ({tally.OrchestratorsEvicted} orchestrators, {tally.AgentsEvicted} agents evicted, "
            + $"{tally.TasksRequeued} tasks requeued)");
        Events(lines, model.Last(5, type => type is EventType.OrchestratorEvicted or EventType.AgentEvicted
            or EventType.TaskRequeued or EventType.TaskBuried));
    }

    private static void Agents(List<FrameLine> lines, SystemStatus status)
    {
        var counts = status.AgentCounts;
        Section(lines, $"AGENTS ({counts.Alive} alive, {counts.Late} late, {counts.Stale} stale)");
        if (status.Agents.IsEmpty)
        {
            lines.Add(new("none", Tone.Faint));
            return;
        }

        lines.AddRange(Rows(AgentCommands.TableOf(status.Agents, status.GeneratedAt)));
    }

    private static void Tasks(List<FrameLine> lines, SystemStatus status)
    {
        var tasks = status.Snapshot.Tasks;
        Section(lines, $"TASKS ({tasks.Completed} of {tasks.Total} completed)");
        lines.Add(new($"{tasks.Ready} ready, {tasks.InProgress} in progress, {tasks.Pending} pending, "
            + $"{tasks.Blocked} blocked, {tasks.Failed} failed, {tasks.Cancelled} cancelled",
            tasks.Failed + tasks.Blocked > 0 ? Tone.Warn : Tone.Normal));
        if (status.Snapshot.InProgress.IsEmpty)
        {
            return;
        }

        var table = new Table("ID", "AGENT", "ATTEMPT", "FOR", "TITLE");
        foreach (var task in status.Snapshot.InProgress)
        {
            table.Add(task.Id.Value, task.AssignedTo, $"{task.Attempt}",
                task.ClaimedAt is { } at ? Durations.Text(status.GeneratedAt - at) : null, task.Title);
        }

        lines.AddRange(Rows(table));
    }

    private static IEnumerable<FrameLine> Rows(Table table) =>
        table.Lines(NoInk).Select((line, at) => new FrameLine(line, at == 0 ? Tone.Faint : Tone.Normal));

    private static void Events(List<FrameLine> lines, IEnumerable<WorkEvent> events)
    {
        var before = lines.Count;
        lines.AddRange(events.Select(told => new FrameLine(EventText.Line(told, NoInk), ToneOf(told.Draft.Type))));
        if (lines.Count == before)
        {
            lines.Add(new("none", Tone.Faint));
        }
    }

    private static void Section(List<FrameLine> lines, string title)
    {
        lines.Add(new(""));
        lines.Add(new(title, Tone.Title));
    }

    private static Tone ToneOf(Liveness liveness) => liveness switch
    {
        Liveness.Alive => Tone.Normal,
        Liveness.Late => Tone.Warn,
        _ => Tone.Bad,
    };

    private static Tone ToneOf(EventType type) => type switch
    {
        EventType.LeaderElected or EventType.TaskCompleted => Tone.Good,
        EventType.LeaderExpired or EventType.LeaderDemoted or EventType.OrchestratorEvicted
            or EventType.AgentEvicted or EventType.TaskBuried or EventType.StoreRolledBack => Tone.Bad,
        EventType.TaskFailed or EventType.TaskDeclined or EventType.TaskRequeued or EventType.LeaderAtRisk => Tone.Warn,
        _ => Tone.Normal,
    };
}
