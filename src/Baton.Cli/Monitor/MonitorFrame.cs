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
    private const int LongestBar = 30;
    private const int ShortestBar = 10;
    private static readonly Ink NoInk = new(false);

    /// <summary>The lines of a view, as many as the size allows.</summary>
    public static IReadOnlyList<FrameLine> Of(MonitorModel model, string view, FrameSize size)
    {
        var status = model.Status;
        var top = new List<FrameLine>
        {
            new($"baton  election {status.Election}  store {status.Store}  {Times.Text(status.GeneratedAt)}", Tone.Title),
        };
        if (status.Snapshot.Alarm is { } alarm)
        {
            top.Add(new(LeaderText.Alarm(alarm), Tone.Bad));
        }

        var sections = new List<FrameSection>();
        if (view is "all" or "leader")
        {
            sections.Add(Leader(status, size));
            sections.Add(Transitions(model, size));
            sections.Add(Cleanup(model, size));
        }

        if (view is "all" or "agents")
        {
            sections.Add(Agents(status));
        }

        if (view is "all" or "tasks")
        {
            sections.Add(Tasks(status));
        }

        if (view is "all" or "events")
        {
            var events = new FrameSection("EVENTS", 4) { Enough = 3 };
            Events(events, model.Last(view == "all" ? 10 : 50), size);
            sections.Add(events);
        }

        return FrameFit.Of(top, sections, size.Lines);
    }

    private static FrameSection Leader(SystemStatus status, FrameSize size)
    {
        var leader = status.Leader;
        var section = new FrameSection("LEADER", 0) { Enough = 0 };
        section.Head.Add(new(LeaderText.Line(status, NoInk), leader.State switch
        {
            LeaderState.Leading => Tone.Good,
            LeaderState.Released or LeaderState.None => Tone.Warn,
            _ => Tone.Bad,
        }));
        if (leader is { Remaining: { } remaining, Ttl: { } ttl } && ttl > TimeSpan.Zero)
        {
            var left = $"{Durations.Text(remaining)} of {Durations.Text(ttl)}";
            var width = Math.Clamp(size.Columns - left.Length - "lease  []  ".Length, ShortestBar, LongestBar);
            var full = (int)Math.Round(Math.Clamp(remaining / ttl, 0, 1) * width);
            section.Head.Add(new($"lease  [{new string('#', full)}{new string('-', width - full)}]  {left}",
                full > width / 2 ? Tone.Good : Tone.Warn));
        }

        var counts = status.OrchestratorCounts;
        section.Head.Add(new($"orchestrators  {counts.Total}: {counts.Leading} leading, {counts.Standby} standby, "
            + $"{counts.Stale} stale"));
        section.Rows.AddRange(status.Agents.Where(view => view.Agent.IsOrchestrator && !view.IsLeader)
            .Select(view => new FrameLine($"  follower  {view.Agent.Id}  {view.Liveness.Name()}  "
                + $"{Plain.Line(view.Agent.Host)} pid {view.Agent.Pid}", ToneOf(view.Liveness))));
        return section;
    }

    private static FrameSection Transitions(MonitorModel model, FrameSize size)
    {
        var section = new FrameSection($"TRANSITIONS ({model.Status.Snapshot.Transitions24h} in 24h)", 3);
        Events(section, model.Transitions, size);
        return section;
    }

    private static FrameSection Cleanup(MonitorModel model, FrameSize size)
    {
        var tally = model.Status.Snapshot.Cleanup;
        var section = new FrameSection($"CLEANUP ({Plain.Count(tally.OrchestratorsEvicted, "orchestrators")}, "
            + $"{Plain.Count(tally.AgentsEvicted, "agents")} evicted, {Plain.Count(tally.TasksRequeued, "tasks")} requeued)", 5);
        Events(section, model.Cleanups, size);
        return section;
    }

    private static FrameSection Agents(SystemStatus status)
    {
        var counts = status.AgentCounts;
        var section = new FrameSection($"AGENTS ({counts.Alive} alive, {counts.Late} late, {counts.Stale} stale)", 2)
        {
            Enough = 5,
        };
        if (!status.Agents.IsEmpty)
        {
            Rows(section, AgentCommands.TableOf(status.Agents, status.GeneratedAt));
        }

        return section;
    }

    private static FrameSection Tasks(SystemStatus status)
    {
        var tasks = status.Snapshot.Tasks;
        var section = new FrameSection($"TASKS ({tasks.Completed} of {tasks.Total} completed)", 1) { Enough = 2 };
        section.Head.Add(new($"{tasks.Ready} ready, {tasks.InProgress} in progress, {tasks.Pending} pending, "
            + $"{tasks.Blocked} blocked, {tasks.Failed} failed, {tasks.Cancelled} cancelled",
            tasks.Failed + tasks.Blocked > 0 ? Tone.Warn : Tone.Normal));
        if (status.Snapshot.InProgress.IsEmpty)
        {
            return section;
        }

        var table = new Table("ID", "AGENT", "ATTEMPT", "FOR", "TITLE");
        foreach (var task in status.Snapshot.InProgress)
        {
            table.Add(task.Id.Value, task.AssignedTo, $"{task.Attempt}",
                task.ClaimedAt is { } at ? Durations.Text(status.GeneratedAt - at) : null, task.Title);
        }

        Rows(section, table);
        return section;
    }

    private static void Rows(FrameSection section, Table table)
    {
        section.Columns = table.Lines(NoInk).First();
        section.Rows.AddRange(table.Lines(NoInk).Skip(1).Select(line => new FrameLine(line)));
    }

    private static void Events(FrameSection section, IEnumerable<WorkEvent> events, FrameSize size) =>
        section.Rows.AddRange(events.Select(told => new FrameLine(
            size.IsNarrow ? EventText.Short(told, size.Columns) : EventText.Line(told, NoInk),
            ToneOf(told.Draft.Type))));

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
