using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Postgres;

/// <summary>The tasks: locked as they are read, and counted as they move.</summary>
internal sealed partial class PostgresWorkRows
{
    // Where each task that this transaction touched stands, and how much of it is open: for the tallies.
    private readonly Dictionary<TaskId, (DurableTaskStatus Status, int Open)> _stood = [];

    /// <inheritdoc/>
    public override DurableTask? Task(TaskId id)
    {
        if (!order.IsRead)
        {
            steps.AskLater("SELECT 1 FROM task WHERE election = @election AND id = @id FOR UPDATE", Here, ("id", id.Value));
        }

        return base.Task(id);
    }

    /// <inheritdoc/>
    public override DurableTask? FirstReady(Skills skills, DateTimeOffset now)
    {
        // What another claimant holds is passed over. Only where nothing else is left is it waited for: it may
        // hold the task for some other reason and leave it ready.
        return First("FOR UPDATE SKIP LOCKED") ?? First("FOR UPDATE");

        DurableTask? First(string how) => One(Tasks($"""
            AND place = (SELECT t.place FROM task t WHERE t.election = @election
                AND t.status = 'pending' AND t.open_dependencies = 0 {Fits}
                AND (t.not_before IS NULL OR t.not_before <= @now OR t.not_before > @latest)
                ORDER BY t.priority, t.place LIMIT 1 {how})
            """, Asked(skills, now)));
    }

    /// <inheritdoc/>
    public override int OpenAmong(ImmutableArray<TaskId> tasks) => tasks.Count(id => steps.Scalar(
        // Whoever completes it meanwhile waits, and then counts the task that depends on it down.
        "SELECT status FROM task WHERE election = @election AND id = @id FOR SHARE",
        Here, ("id", id.Value)) is not "completed");

    /// <inheritdoc/>
    public override void Add(DurableTask task)
    {
        Move(task.Id, null, (task.Status, task.OpenDependencies));
        base.Add(task);
    }

    /// <inheritdoc/>
    public override void Replace(DurableTask task)
    {
        var stood = _stood[task.Id];
        Move(task.Id, stood, (task.Status, stood.Open));
        base.Replace(task);
    }

    /// <inheritdoc/>
    public override void ReplaceDependencies(DurableTask task)
    {
        var stood = _stood[task.Id];
        Move(task.Id, stood, (stood.Status, task.OpenDependencies));
        base.ReplaceDependencies(task);
    }

    /// <inheritdoc/>
    public override void OpenDependents(TaskId completed)
    {
        const string dependents = """
            election = @election AND id IN
                (SELECT d.task FROM task_dependency d WHERE d.election = @election AND d.depends_on = @id)
            """;
        // In one order, whoever does it: two completions may open the same tasks.
        steps.AskLater($"SELECT 1 FROM task WHERE {dependents} ORDER BY place FOR UPDATE",
            Here, ("id", completed.Value));
        foreach (var (id, status, open) in All($"""
            UPDATE task SET open_dependencies = open_dependencies - 1 WHERE {dependents}
            RETURNING id, status, open_dependencies
            """, row => (new TaskId(row.GetString(0)), row.ReadTaskStatus(1), row.GetInt32(2)),
            Here, ("id", completed.Value)))
        {
            Move(id, (status, open + 1), (status, open));
        }
    }

    /// <inheritdoc/>
    protected override ImmutableArray<DurableTask> Tasks(
        string which, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var tasks = base.Tasks(which, parameters);
        if (!order.IsRead)
        {
            foreach (var task in tasks)
            {
                _stood[task.Id] = (task.Status, task.OpenDependencies);
            }
        }

        return tasks;
    }

    private void Move(TaskId id, (DurableTaskStatus Status, int Open)? from, (DurableTaskStatus Status, int Open) to)
    {
        _stood[id] = to;
        if (from is { } stood)
        {
            Count(Standing(stood), -1);
        }

        Count(Standing(to), 1);
    }

    private static string Standing((DurableTaskStatus Status, int Open) task) =>
        task is (DurableTaskStatus.Pending, 0) ? "ready" : task.Status.Name();
}
