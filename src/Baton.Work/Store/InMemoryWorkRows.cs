using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The rows of <see cref="InMemoryWorkStore"/>, under its lock.</summary>
internal sealed partial class InMemoryWorkRows(ElectionName election) : WorkRows
{
    private const int MostGone = 50;

    private readonly List<DurableTask> _tasks = [];
    private readonly Dictionary<TaskId, int> _places = [];
    private readonly Dictionary<string, TaskId> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<TaskId, HashSet<TaskId>> _dependents = [];
    private readonly SortedSet<(TaskPriority Priority, int Place)> _ready = [];
    private readonly SortedSet<int> _inProgress = [];
    private readonly int[] _byStatus = new int[Enum.GetValues<DurableTaskStatus>().Length];
    private readonly Dictionary<AgentId, Agent> _agents = [];
    private readonly List<AgentId> _onRoster = [];
    private readonly List<AgentId> _gone = [];
    private readonly List<WorkEvent> _events = [];
    private readonly SortedDictionary<long, LeaderRequest> _requests = [];
    private long _lastRequest;
    private CleanupTally _cleanup = new(0, 0, 0, null);

    /// <inheritdoc/>
    public override Fence Fence { get; set; } = new(Epoch.None, null, null);

    /// <inheritdoc/>
    public override RollbackAlarm? Alarm { get; set; }

    /// <inheritdoc/>
    public override DurableTask? Task(TaskId id) => _places.TryGetValue(id, out var place) ? _tasks[place] : null;

    /// <inheritdoc/>
    public override TaskId? TaskOfKey(string key) => _keys.TryGetValue(key, out var id) ? id : null;

    /// <inheritdoc/>
    public override ImmutableArray<TaskId> TasksOfPrefix(string prefix) =>
        [.. _tasks.Select(task => task.Id).Where(id => HasPrefix(id, prefix)).Take(2)];

    /// <inheritdoc/>
    public override DurableTask? TaskOfClaim(AgentId agent, string secret) =>
        Held(agent).FirstOrDefault(task => task.Claim!.Token == new Claim(task.Id, task.Attempt, secret).Token);

    /// <inheritdoc/>
    public override DurableTask? FirstReady(Skills skills, DateTimeOffset now) =>
        Ready(skills).FirstOrDefault(task => !TaskRules.IsDelayed(task.NotBefore, now));

    /// <inheritdoc/>
    public override DateTimeOffset? NextReadyAt(Skills skills, DateTimeOffset now) =>
        Ready(skills).Where(task => TaskRules.IsDelayed(task.NotBefore, now)).Min(task => task.NotBefore);

    /// <inheritdoc/>
    public override int OpenAmong(ImmutableArray<TaskId> tasks) =>
        tasks.Count(id => Task(id) is not { Status: DurableTaskStatus.Completed });

    /// <inheritdoc/>
    public override void Add(DurableTask task)
    {
        var place = _tasks.Count;
        _tasks.Add(task);
        _places.Add(task.Id, place);
        if (task.Key is { } key)
        {
            _keys.Add(key, task.Id);
        }

        Link(task);
        Enter(place);
    }

    /// <inheritdoc/>
    public override void Replace(DurableTask task)
    {
        var place = _places[task.Id];
        Leave(place);
        _tasks[place] = task;
        Enter(place);
    }

    /// <inheritdoc/>
    public override void ReplaceDependencies(DurableTask task)
    {
        var known = Task(task.Id)!;
        foreach (var on in known.DependsOn)
        {
            _dependents[on].Remove(task.Id);
        }

        Link(task);
        Replace(known with { DependsOn = task.DependsOn, OpenDependencies = task.OpenDependencies });
    }

    /// <inheritdoc/>
    public override void OpenDependents(TaskId completed)
    {
        foreach (var id in _dependents.GetValueOrDefault(completed) ?? [])
        {
            var task = Task(id)!;
            Replace(task with { OpenDependencies = task.OpenDependencies - 1 });
        }
    }

    /// <inheritdoc/>
    public override Agent? Agent(AgentId id) => _agents.TryGetValue(id, out var agent) ? WithTask(agent) : null;

    /// <inheritdoc/>
    public override void Put(Agent agent)
    {
        var wasOnRoster = _agents.GetValueOrDefault(agent.Id)?.IsOnRoster;
        if (wasOnRoster != agent.IsOnRoster)
        {
            _onRoster.Remove(agent.Id);
            (agent.IsOnRoster ? _onRoster : _gone).Add(agent.Id);
        }

        _agents[agent.Id] = agent with { Task = null };
    }

    /// <inheritdoc/>
    public override void Append(EventDraft draft, DateTimeOffset at)
    {
        _events.Add(new(_events.Count + 1, at, draft));
        if (draft.Epoch is not null)
        {
            _cleanup = draft.Type switch
            {
                EventType.OrchestratorEvicted =>
                    _cleanup with { OrchestratorsEvicted = _cleanup.OrchestratorsEvicted + 1, LastAt = at },
                EventType.AgentEvicted => _cleanup with { AgentsEvicted = _cleanup.AgentsEvicted + 1, LastAt = at },
                EventType.TaskRequeued => _cleanup with { TasksRequeued = _cleanup.TasksRequeued + 1, LastAt = at },
                _ => _cleanup,
            };
        }
    }

    /// <inheritdoc/>
    public override bool IsTold(EventType type, Epoch epoch) =>
        _events.Any(told => told.Draft.Type == type && told.Draft.Epoch == epoch);

    /// <inheritdoc/>
    public override ImmutableArray<LeaderRequest> Requests() => [.. _requests.Values];

    /// <inheritdoc/>
    public override long Add(LeaderRequest request)
    {
        _requests.Add(++_lastRequest, request with { Number = _lastRequest });
        return _lastRequest;
    }

    /// <inheritdoc/>
    public override void Drop(long request) => _requests.Remove(request);

    /// <inheritdoc/>
    public override Snapshot Snapshot(DateTimeOffset since) => new(election, _events.Count, Fence)
    {
        Agents =
        [
            .. _onRoster.Select(id => WithTask(_agents[id])).OrderBy(agent => agent.StartedAt)
                .ThenBy(agent => agent.Id.Value, StringComparer.Ordinal),
        ],
        Gone = [.. Enumerable.Reverse(_gone).Take(MostGone).Select(id => WithTask(_agents[id]))],
        InProgress = [.. _inProgress.Select(place => _tasks[place]).OrderBy(task => task.ClaimedAt)],
        Tasks = Counts(),
        Cleanup = _cleanup,
        Transitions24h = _events.Count(told => told.Draft.Type == EventType.LeaderElected && told.At > since),
        Requests = Requests(),
        Alarm = Alarm,
    };

    /// <inheritdoc/>
    public override ImmutableArray<DurableTask> Tasks(TaskQuery query)
    {
        var tasks = query.Ready ? _ready.Select(entry => _tasks[entry.Place]) : _tasks;
        return
        [
            .. tasks.Where(task => (query.Status is null || task.Status == query.Status)
                && (query.Tag is null || task.Tags.Contains(query.Tag))
                && (query.AssignedTo is null || IsOf(task, query.AssignedTo))
                && (query.IdPrefix is null || HasPrefix(task.Id, query.IdPrefix)))
                .Take(query.Limit ?? int.MaxValue),
        ];
    }

    /// <inheritdoc/>
    public override ImmutableArray<WorkEvent> Events(EventQuery query)
    {
        var events = _events.Skip((int)Math.Clamp(query.After, 0, _events.Count)).Where(told =>
            (query.Type is null || told.Draft.Type == query.Type)
            && (query.Subject is null || told.Draft.Subject == query.Subject));
        var limit = query.Limit ?? int.MaxValue;
        return [.. query.Newest ? events.TakeLast(limit) : events.Take(limit)];
    }

    private TaskCounts Counts()
    {
        int Of(DurableTaskStatus status) => _byStatus[(int)status];
        return new(Of(DurableTaskStatus.Pending) - _ready.Count, _ready.Count, Of(DurableTaskStatus.InProgress),
            Of(DurableTaskStatus.Blocked), Of(DurableTaskStatus.Completed), Of(DurableTaskStatus.Failed),
            Of(DurableTaskStatus.Cancelled));
    }

    private bool IsOf(DurableTask task, string agent) => task.AssignedTo is { } assigned && (assigned == agent
        || (HolderId.IsWellFormed(assigned) && _agents.GetValueOrDefault(new(assigned))?.Name == agent));

    private IEnumerable<DurableTask> Ready(Skills skills) => _ready.Select(entry => _tasks[entry.Place])
        .Where(skills.Fits);

    private IEnumerable<DurableTask> Held(AgentId agent) =>
        _inProgress.Select(place => _tasks[place]).Where(task => task.Claim?.Agent == agent);

    private Agent WithTask(Agent agent) => agent with { Task = Held(agent.Id).MinBy(task => task.ClaimedAt)?.Id };

    private void Link(DurableTask task)
    {
        foreach (var on in task.DependsOn)
        {
            if (!_dependents.TryGetValue(on, out var dependents))
            {
                _dependents[on] = dependents = [];
            }

            dependents.Add(task.Id);
        }
    }

    private void Enter(int place)
    {
        var task = _tasks[place];
        _byStatus[(int)task.Status]++;
        if (task.IsReady)
        {
            _ready.Add((task.Priority, place));
        }

        if (task.Status == DurableTaskStatus.InProgress)
        {
            _inProgress.Add(place);
        }
    }

    private void Leave(int place)
    {
        var task = _tasks[place];
        _byStatus[(int)task.Status]--;
        _ready.Remove((task.Priority, place));
        _inProgress.Remove(place);
    }

    private static bool HasPrefix(TaskId id, string prefix) => id.Value.StartsWith(prefix, StringComparison.Ordinal);
}
