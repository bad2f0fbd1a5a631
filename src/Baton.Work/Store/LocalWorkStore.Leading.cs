using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>The verbs of the leader, and what it is asked for.</summary>
public abstract partial class LocalWorkStore
{
    private Snapshot BeginTerm(WorkRows rows, TermStart start)
    {
        var (term, fence, now) = (start.Term, rows.Fence, Now);
        if (!start.MovesLeases)
        {
            RefuseForeign(fence, term);
        }

        if (term.Epoch < fence.Epoch || (term.Epoch == fence.Epoch && term.Holder != fence.Holder))
        {
            throw new FencedException(term.Epoch, fence.Epoch);
        }

        if (term.Epoch == fence.Epoch)
        {
            return Look(rows);
        }

        TellOfFormerTerms(rows, fence, start, now);
        if (start.IsRolledBack)
        {
            rows.Alarm = new(now, start.KnownBefore, start.Floor);
            Tell(rows, new(EventType.StoreRolledBack, term.Holder.Value, _election.Value,
                $"the store knew epoch {start.KnownBefore}, the mark {start.Floor}: it is older than it should be",
                term.Epoch)
            {
                Data = new() { KnownEpoch = start.KnownBefore.Value, FloorEpoch = start.Floor.Value },
            }, now);
        }

        rows.Fence = new(term.Epoch, term.Holder,
            string.IsNullOrEmpty(term.LeaseStoreId) ? null : term.LeaseStoreId);
        Tell(rows, Elected(term), now);

        // Who asked before this term began spoke to another leader.
        foreach (var request in rows.Requests().Where(request => request.Kind == RequestKind.Resign
            && (request.Epoch is not { } asked || asked < term.Epoch)))
        {
            rows.Drop(request.Number);
        }

        return Look(rows);
    }

    private static void RefuseForeign(Fence fence, Term term)
    {
        if (!string.IsNullOrEmpty(fence.LeaseStoreId) && fence.LeaseStoreId != term.LeaseStoreId)
        {
            throw new StoreUnavailableException(StoreFault.ForeignLeases,
                $"the fence takes epochs of the lease store {fence.LeaseStoreId}, not of '{term.LeaseStoreId}'",
                "lead from the lease store that this workspace was made with; "
                + "'baton init --leases URI' moves it to another one");
        }
    }

    /// <summary>
    /// Tells each term's beginning, if its leader never came as far as the fence, and its end. The fence
    /// names the
    /// last term that told of its own beginning, so nothing is told twice.
    /// </summary>
    private static void TellOfFormerTerms(WorkRows rows, Fence fence, TermStart start, DateTimeOffset now)
    {
        var former = start.Former
            .Where(term => term.Epoch >= fence.Epoch && term.Epoch < start.Term.Epoch)
            .OrderBy(term => term.Epoch).ToList();
        if (fence.Holder is { } holder && (former.Count == 0 || former[0].Epoch > fence.Epoch))
        {
            // The lease store lost the record of the term at the fence; that it ended is certain all the
            // same.
            former.Insert(0, new(start.Term.Election, fence.Epoch, holder, TimeSpan.Zero));
        }

        foreach (var term in former)
        {
            if (term.Epoch > fence.Epoch)
            {
                Tell(rows, Elected(term), now);
            }

            var ended = Ended(term, start.Term.Holder);
            if (!rows.IsTold(ended.Type, term.Epoch))
            {
                Tell(rows, ended, now);
            }
        }
    }

    private static EventDraft Elected(Term term) => new(EventType.LeaderElected, term.Holder.Value,
        term.Holder.Value, $"{term.Holder} leads with epoch {term.Epoch}", term.Epoch)
    {
        Data = new() { Pid = term.Pid },
    };

    private static EventDraft Ended(Term term, HolderId successor)
    {
        var end = term.EndedBy ?? TermEnd.Expired;
        var (type, actor, what) = end switch
        {
            TermEnd.Released => (EventType.LeaderReleased, term.Holder, "gave the lease back"),
            TermEnd.HandedOver => (EventType.LeaderReleased, term.Holder, "handed over"),
            TermEnd.Died => (EventType.LeaderExpired, successor, "is gone"),
            TermEnd.Expired => (EventType.LeaderExpired, successor, "let its lease run out"),
            TermEnd.Lost => (EventType.LeaderDemoted, term.Holder, "lost its lease"),
            _ => throw new ArgumentOutOfRangeException(nameof(term)),
        };
        return new(type, actor.Value, term.Holder.Value,
            $"{term.Holder} {what}; epoch {term.Epoch} is over", term.Epoch)
        {
            Data = new() { EndedBy = end.Name(), Pid = term.Pid },
        };
    }

    private SweepAnswer Sweep(WorkRows rows, Epoch epoch, SweepPlan plan)
    {
        CheckFence(rows.Fence, epoch, plan.By);
        var now = Now;
        var evicted = plan.Evictions.Where(eviction => Evict(rows, eviction, epoch, plan.By, now))
            .Select(eviction => eviction.Agent).ToImmutableArray();
        var requeued = ImmutableArray.CreateBuilder<TaskId>();
        var buried = ImmutableArray.CreateBuilder<TaskId>();
        foreach (var requeue in plan.Requeues)
        {
            if (rows.Task(requeue.Task) is { } task
                && TaskRules.Requeue(task, requeue, plan.By.Value, epoch, now) is { } change)
            {
                Carry(rows, change, now);
                (change.Task.Status == DurableTaskStatus.Failed ? buried : requeued).Add(task.Id);
            }
        }

        foreach (var id in plan.Draining)
        {
            if (rows.Agent(id) is { Status: AgentStatus.Active } agent)
            {
                rows.Put(agent with { Status = AgentStatus.Draining });
            }
        }

        foreach (var request in plan.Handled)
        {
            rows.Drop(request);
        }

        return new(evicted, requeued.ToImmutable(), buried.ToImmutable());
    }

    private static void CheckFence(Fence fence, Epoch epoch, HolderId by)
    {
        if (epoch > fence.Epoch)
        {
            throw new StoreUnavailableException(StoreFault.Replaced,
                $"the work store knows epoch {fence.Epoch} and not that epoch {epoch} began: it was replaced",
                "look at 'baton doctor'");
        }

        if (epoch < fence.Epoch || fence.Holder != by)
        {
            throw new FencedException(epoch, fence.Epoch);
        }
    }

    private static bool Evict(WorkRows rows, Eviction eviction, Epoch epoch, HolderId by, DateTimeOffset now)
    {
        if (rows.Agent(eviction.Agent) is not { IsOnRoster: true } agent
            || (eviction.BeatsSeen is { } seen && seen != agent.Beats))
        {
            return false;
        }

        rows.Put(agent with { Status = AgentStatus.Evicted });
        Tell(rows, new(agent.IsOrchestrator ? EventType.OrchestratorEvicted : EventType.AgentEvicted,
            by.Value, agent.Id.Value, $"{agent.Id} evicted: {eviction.Reason}", epoch)
        {
            Data = new() { Reason = eviction.Reason, Pid = agent.Pid },
        }, now);
        return true;
    }

    private long Ask(WorkRows rows, LeaderRequest request)
    {
        if (request.Kind == RequestKind.Tell)
        {
            Tell(rows, request.Event
                ?? throw new ArgumentException("there is no event to tell", nameof(request)), Now);
            return 0;
        }

        if (request.Kind == RequestKind.Acknowledge)
        {
            rows.Alarm = null;
            return 0;
        }

        // The same request again, whoever asks, is the one that waits already.
        return rows.Requests().FirstOrDefault(known => known.Kind == request.Kind
            && known.Epoch == request.Epoch && known.Agent == request.Agent)?.Number ?? rows.Add(request);
    }

    /// <summary>What of an import the store does not have yet.</summary>
    private static (ImportBatch Batch, ImportAnswer Answer) Fresh(WorkRows rows, ImportBatch batch)
    {
        ImmutableArray<DurableTask> tasks =
        [
            .. batch.Tasks.DistinctBy(task => task.Id)
                .Where(task => rows.Task(task.Id) is null && (task.Key is null || rows.TaskOfKey(task.Key) is null)),
        ];
        ImmutableArray<Agent> agents =
            [.. batch.Agents.DistinctBy(agent => agent.Id).Where(agent => rows.Agent(agent.Id) is null)];
        ImmutableArray<Message> messages =
        [
            .. batch.Messages.DistinctBy(message => message.Draft.Id)
                .Where(message => rows.Message(message.Draft.Id) is null)
                .Select(message => message with { ReadBy = message.ReadBy ?? [] }),
        ];
        return (batch with { Tasks = tasks, Agents = agents, Messages = messages },
            new(tasks.Length, batch.Tasks.Length - tasks.Length, agents.Length, batch.Floor > rows.Fence.Epoch)
            {
                MessagesAdded = messages.Length,
            });
    }

    private ImportAnswer Import(WorkRows rows, ImportBatch batch)
    {
        var (fence, now) = (rows.Fence, Now);
        var (fresh, answer) = Fresh(rows, batch);
        var (tasks, agents, messages) = (fresh.Tasks, fresh.Agents, fresh.Messages);
        foreach (var task in tasks)
        {
            rows.Add(task);
        }

        // Only now is each dependency there to be counted; a record may name one that comes after it, or that
        // an
        // earlier import did not hold.
        foreach (var task in tasks.Where(task => task.Status == DurableTaskStatus.Completed))
        {
            rows.OpenDependents(task.Id);
        }

        foreach (var task in tasks.Where(task => !task.DependsOn.IsEmpty))
        {
            rows.ReplaceDependencies(task with { OpenDependencies = rows.OpenAmong(task.DependsOn) });
        }

        foreach (var agent in agents)
        {
            rows.Put(agent);
        }

        Post(rows, messages);
        if (answer.FloorRaised)
        {
            rows.Fence = fence with { Epoch = batch.Floor, Holder = null };
        }

        if (tasks.Length + agents.Length + messages.Length > 0 || answer.FloorRaised)
        {
            Tell(rows, new(EventType.ImportDone, "import", _election.Value,
                $"imported {tasks.Length} tasks, {agents.Length} agents and {messages.Length} messages "
                + $"from {batch.Source}")
            {
                Data = new() { Source = batch.Source, Count = tasks.Length, FloorEpoch = batch.Floor.Value },
            }, now);
        }

        return answer;
    }
}
