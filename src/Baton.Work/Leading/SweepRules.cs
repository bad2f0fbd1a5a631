using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// What a sweeper has seen of the agents and claims of a snapshot. Immutable; made anew for each look.
/// </summary>
/// <param name="Here">The sweeper's clock domain.</param>
/// <param name="Now">The sweeper's boot clock.</param>
/// <param name="DeadAgents">Agents whose witness proves their death.</param>
/// <param name="DeadClaims">Tasks whose claim's witness proves that the whole process tree is gone.</param>
/// <param name="StoodSince">Since when, on the sweeper's clock, a heartbeat or claim has stood still; by id.</param>
public sealed record SweepSight(ClockDomain Here, Instant Now, ImmutableHashSet<AgentId> DeadAgents,
    ImmutableHashSet<TaskId> DeadClaims, ImmutableDictionary<string, Instant> StoodSince);

/// <summary>
/// The pure rules of cleaning up: who is stale, whose task goes back into the queue, and why.
/// </summary>
public static class SweepRules
{
    /// <summary>Plans a sweep.</summary>
    /// <param name="snapshot">The state to clean up.</param>
    /// <param name="self">The leader; it never evicts itself.</param>
    /// <param name="sight">What is known of who lives.</param>
    public static SweepPlan Plan(Snapshot snapshot, HolderId self, SweepSight sight)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(sight);
        var asked = snapshot.Requests.Where(request => request.Kind == RequestKind.Evict && request.Agent is not null)
            .ToDictionary(request => request.Agent!.Value, request => request.By);
        var evictions = ImmutableArray.CreateBuilder<Eviction>();
        foreach (var agent in snapshot.Agents)
        {
            if (agent.Id.Value == self.Value)
            {
                continue;
            }

            if (asked.TryGetValue(agent.Id, out var by))
            {
                evictions.Add(new(agent.Id, null, $"asked for by {by}"));
            }
            else if (WhyStale(agent, sight) is { } reason)
            {
                evictions.Add(new(agent.Id, agent.Beats, reason));
            }
        }

        var requeues = ImmutableArray.CreateBuilder<Requeue>();
        foreach (var task in snapshot.InProgress)
        {
            var reason = task.Claim is { } claim && asked.TryGetValue(claim.Agent, out var by)
                ? $"{claim.Agent} was evicted, asked for by {by}"
                : WhyOrphaned(task, sight);
            if (reason is not null)
            {
                requeues.Add(new(task.Id, task.Attempt, task.Claim?.Extensions, reason));
            }
        }

        var handled = snapshot.Requests
            .Where(request => request.Kind is RequestKind.Sweep or RequestKind.Evict)
            .Select(request => request.Number);
        return new(self, evictions.ToImmutable(), requeues.ToImmutable(), [.. handled]);
    }

    /// <summary>Why an agent counts as gone; null while it may live.</summary>
    public static string? WhyStale(Agent agent, SweepSight sight)
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentNullException.ThrowIfNull(sight);
        if (sight.DeadAgents.Contains(agent.Id))
        {
            // A process may live on without this life: it begins another when its store was lost.
            return $"its life is over (process {agent.Pid})";
        }

        return HasRunOut(agent.Expiry, agent.Ttl, agent.Id.Value, sight)
            ? $"not heard of for its ttl of {Seconds(agent.Ttl)}"
            : null;
    }

    /// <summary>Why a task in progress has nobody on it; null while someone may work on it.</summary>
    public static string? WhyOrphaned(DurableTask task, SweepSight sight)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(sight);
        if (task.Claim is not { } claim)
        {
            return "it was in progress with nobody on it";
        }

        if (sight.DeadClaims.Contains(task.Id))
        {
            return "every process that worked on it is gone";
        }

        return HasRunOut(claim.Expiry, claim.Ttl, task.Id.Value, sight)
            ? $"its claim was not extended for {Seconds(claim.Ttl)}"
            : null;
    }

    private static bool HasRunOut(LeaseExpiry? expiry, TimeSpan ttl, string id, SweepSight sight)
    {
        if (expiry is { } known && known.Domain.Knows(sight.Here))
        {
            return sight.Now >= known.At;
        }

        // A row of another clock proves nothing until it has stood still for a ttl on one's own.
        return sight.StoodSince.TryGetValue(id, out var since) && sight.Now - since >= ttl * LeaseRules.RateSlack;
    }

    private static string Seconds(TimeSpan span) => $"{span.TotalSeconds:0.###} s";
}
