using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The verbs on tasks and agents.</summary>
public abstract partial class LocalWorkStore
{
    private SubmitAnswer Submit(WorkRows rows, ImmutableArray<NewTask> tasks, string actor)
    {
        var now = Now;
        var known = new Dictionary<string, TaskId>(StringComparer.Ordinal);
        var fresh = new List<(NewTask Task, int Index)>();
        var ids = new TaskId[tasks.Length];
        for (var i = 0; i < tasks.Length; i++)
        {
            var task = tasks[i];
            var there = Known(rows, known, task);
            ids[i] = there ?? task.Id;
            known[task.Id.Value] = ids[i];
            if (task.Key is { } key)
            {
                known[key] = ids[i];
            }

            if (there is null)
            {
                fresh.Add((task, i));
            }
        }

        ImmutableArray<NewTask> batch = [.. fresh.Select(entry => entry.Task)];
        var (dependsOn, at, refusal) = DependencyRules.Resolve(batch, name => new(Named(rows, known, name)));
        if (refusal is not null)
        {
            return new SubmitAnswer.Refused(fresh[at].Index, refusal);
        }

        for (var i = 0; i < batch.Length; i++)
        {
            var change = TaskRules.Create(batch[i], dependsOn[i], actor, now);
            rows.Add(change.Task with { OpenDependencies = rows.OpenAmong(dependsOn[i]) });
            TellAll(rows, change, now);
        }

        return new SubmitAnswer.Accepted([.. ids.Select(id => rows.Task(id)!)], batch.Length);
    }

    private static TaskId? Known(WorkRows rows, Dictionary<string, TaskId> known, NewTask task) =>
        known.TryGetValue(task.Id.Value, out var id) ? id
        : rows.Task(task.Id) is { } same ? same.Id
        : task.Key is not { } key ? null
        : known.TryGetValue(key, out id) ? id
        : rows.TaskOfKey(key);

    private static ImmutableArray<TaskId> Named(WorkRows rows, Dictionary<string, TaskId> known, string name) =>
        known.TryGetValue(name, out var id) ? [id]
        : rows.TaskOfKey(name) is { } keyed ? [keyed]
        : HolderId.IsWellFormed(name) && rows.Task(new(name)) is { } exact ? [exact.Id]
        : rows.TasksOfPrefix(name);

    private ClaimAnswer Take(WorkRows rows, ClaimRequest request)
    {
        var now = Now;
        if (rows.Agent(request.Agent) is not { IsOnRoster: true } agent)
        {
            return Refuse(RefusalKind.AgentGone,
                $"{request.Agent} is not on the roster (any more); register under a new id");
        }

        if (rows.TaskOfClaim(request.Agent, request.Secret) is { } mine
            && (request.Task is null || request.Task == mine.Id))
        {
            return new ClaimAnswer.Granted(mine, new(mine.Id, mine.Attempt, request.Secret));
        }

        if (agent.Status == AgentStatus.Draining)
        {
            return new ClaimAnswer.NothingReady(null);
        }

        var task = request.Task is { } id ? rows.Task(id) : rows.FirstReady(request.Skills, now);
        if (task is null)
        {
            return request.Task is { } missing
                ? Refuse(RefusalKind.NotFound, $"there is no task {missing}")
                : new ClaimAnswer.NothingReady(rows.NextReadyAt(request.Skills, now));
        }

        // Read without a lock: who completes one of them holds it, and waits for the task that is locked here.
        var open = task.DependsOn.Where(on => !rows.Tasks(new() { IdPrefix = on.Value })
            .Any(other => other.Id == on && other.Status == DurableTaskStatus.Completed));
        if (TaskRules.WhyNotClaimable(task, open) is { } refusal)
        {
            return new ClaimAnswer.Refused(refusal);
        }

        if (request.Skills.WhyNot(task) is { } lacking)
        {
            return Refuse(RefusalKind.Conflict, lacking);
        }

        var claim = new Claim(task.Id, task.Attempt + 1, request.Secret);
        var change = TaskRules.Claim(task, new(agent.Id, claim.Token, rows.Fence.Epoch, request.Ttl)
        {
            ExpiresAt = now + request.Ttl,
            Expiry = ExpiryAfter(request.Ttl),
            Witness = request.Witness?.Invoke(claim.Token),
        }, now);
        Carry(rows, change, now);
        Hear(rows, agent, now);
        return new ClaimAnswer.Granted(change.Task, claim);
    }

    private ClaimAnswer Extend(WorkRows rows, Claim claim, string? progress)
    {
        var now = Now;
        return rows.Task(claim.Task) is not { } task ? NoTask(claim.Task)
            : Act(rows, task, TaskRules.Extend(
                task, claim, progress, ExpiryAfter(task.Claim?.Ttl ?? TimeSpan.Zero), now), claim, now);
    }

    private ClaimAnswer Settle(WorkRows rows, Claim claim, Settlement settlement)
    {
        var now = Now;
        return rows.Task(claim.Task) is not { } task ? NoTask(claim.Task)
            : Act(rows, task, TaskRules.Settle(task, claim, settlement, now), claim, now);
    }

    /// <summary>Carries out what a claimant was allowed; it is a sign of life too.</summary>
    private ClaimAnswer Act(WorkRows rows, DurableTask task, Ruling ruling, Claim claim, DateTimeOffset now)
    {
        if (ruling.Change is not { } change)
        {
            return new ClaimAnswer.Refused(ruling.Refusal!);
        }

        Carry(rows, change, now);
        if (rows.Agent(task.Claim!.Agent) is { IsOnRoster: true } agent)
        {
            Hear(rows, agent, now);
        }

        if (change.Task.Status == DurableTaskStatus.Completed)
        {
            rows.OpenDependents(task.Id);
        }

        return new ClaimAnswer.Granted(change.Task, change.Task.Claim is null ? null : claim);
    }

    private ClaimAnswer Edit(WorkRows rows, TaskId id, TaskEdit edit, string actor)
    {
        var now = Now;
        if (rows.Task(id) is not { } task)
        {
            return NoTask(id);
        }

        var ruling = TaskRules.Edit(task, edit, actor, now);
        if (ruling.Change is not { } change)
        {
            return new ClaimAnswer.Refused(ruling.Refusal!);
        }

        if (edit is TaskEdit.AddDependency add && WhyNotOn(rows, task.Id, add.On) is { } refusal)
        {
            return new ClaimAnswer.Refused(refusal);
        }

        if (edit is TaskEdit.AddDependency or TaskEdit.RemoveDependency)
        {
            change = change with
            {
                Task = change.Task with { OpenDependencies = rows.OpenAmong(change.Task.DependsOn) },
            };
            rows.ReplaceDependencies(change.Task);
        }

        if (change.Task != task)
        {
            Carry(rows, change, now);
        }

        return new ClaimAnswer.Granted(change.Task, null);
    }

    private static Refusal? WhyNotOn(WorkRows rows, TaskId task, TaskId on) => rows.Task(on) is null
        ? new(RefusalKind.UnknownDependency, $"{task} can't wait for {on}: there is no such task")
        : DependencyRules.WhyNot(task, on, id => rows.Task(id)?.DependsOn ?? []);

    private Agent Register(WorkRows rows, Agent agent)
    {
        if (rows.Agent(agent.Id) is { } known)
        {
            return known;
        }

        var now = Now;
        var joined = agent with
        {
            StartedAt = agent.StartedAt == default ? now : agent.StartedAt,
            LastSeenAt = now,
            Expiry = ExpiryAfter(agent.Ttl),
            Task = null,
        };
        Appear(rows, joined);
        rows.Put(joined);
        Tell(rows, new(agent.IsOrchestrator ? EventType.OrchestratorJoined : EventType.AgentRegistered,
            agent.Id.Value, agent.Id.Value, $"{agent.Id} joined as {agent.Role}")
        {
            Data = new() { Pid = agent.Pid },
        }, now);
        return joined;
    }

    private Agent? Report(WorkRows rows, AgentReport report)
    {
        if (rows.Agent(report.Id) is not { IsOnRoster: true } agent)
        {
            return null;
        }

        var now = Now;
        var told = agent with
        {
            Status = report.Status ?? agent.Status,
            Witness = report.Witness ?? agent.Witness,
        };
        told = report.IsBeat ? Hear(rows, told, now) : Keep(rows, told);
        if (report.Status == AgentStatus.Stopped)
        {
            Tell(rows, new(agent.IsOrchestrator ? EventType.OrchestratorExited : EventType.AgentStopped,
                agent.Id.Value, agent.Id.Value, $"{agent.Id} left in good order")
            {
                Data = new() { Pid = agent.Pid },
            }, now);
        }

        if (report.Event is { } draft)
        {
            Tell(rows, draft, now);
        }

        return told;
    }

    private Agent Hear(WorkRows rows, Agent agent, DateTimeOffset now) => Keep(rows, agent with
    {
        Beats = agent.Beats + 1,
        LastSeenAt = now,
        SilentFor = null,
        Expiry = ExpiryAfter(agent.Ttl),
    });

    private static Agent Keep(WorkRows rows, Agent agent)
    {
        rows.Put(agent);
        return agent;
    }

    private static void Carry(WorkRows rows, TaskChange change, DateTimeOffset now)
    {
        rows.Replace(change.Task);
        TellAll(rows, change, now);
    }

    private static void TellAll(WorkRows rows, TaskChange change, DateTimeOffset now)
    {
        foreach (var draft in change.Events)
        {
            Tell(rows, draft, now);
        }
    }

    /// <summary>Writes an event, and the announcement of what everybody should know.</summary>
    private static void Tell(WorkRows rows, EventDraft draft, DateTimeOffset now)
    {
        rows.Append(draft, now);
        if (MessageRules.Announcement(draft) is { } announcement)
        {
            Post(rows, [new(0, now, announcement)]);
        }
    }

    private static ClaimAnswer.Refused NoTask(TaskId id) => Refuse(RefusalKind.NotFound, $"there is no task {id}");

    private static ClaimAnswer.Refused Refuse(RefusalKind kind, string message) => new(new(kind, message));
}
