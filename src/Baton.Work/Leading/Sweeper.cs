using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// Looks at witnesses and remembers since when rows stand still; what follows is for <see cref="SweepRules"/>
/// to say.
/// </summary>
/// <param name="witnesses">The witnesses of this host; null where there are none.</param>
/// <param name="clock">The clock.</param>
/// <param name="domain">Which clock that is.</param>
public sealed class Sweeper(WitnessFolder? witnesses, TimeProvider clock, ClockDomain domain)
{
    private readonly Dictionary<string, (long Count, Instant Since)> _stood = new(StringComparer.Ordinal);

    /// <summary>Looks around, as of now.</summary>
    public SweepSight Look(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var now = Instant.Of(clock);
        var deadAgents = ImmutableHashSet.CreateBuilder<AgentId>();
        var deadClaims = ImmutableHashSet.CreateBuilder<TaskId>();
        var stood = ImmutableDictionary.CreateBuilder<string, Instant>(StringComparer.Ordinal);
        foreach (var agent in snapshot.Agents)
        {
            stood[agent.Id.Value] = Stood(agent.Id.Value, agent.Beats, now);
            if (witnesses?.IsProvablyDead(agent.Id.AsHolder(), agent.Witness) == true)
            {
                deadAgents.Add(agent.Id);
            }
        }

        foreach (var task in snapshot.InProgress)
        {
            // The attempt in the high bits: a new attempt's first extension is not an old one standing still.
            var count = ((long)task.Attempt << 32) + (task.Claim?.Extensions ?? 0);
            stood[task.Id.Value] = Stood(task.Id.Value, count, now);
            if (task.Claim is { } claim && witnesses?.IsProvablyDead(claim.WitnessName, claim.Witness) == true)
            {
                deadClaims.Add(task.Id);
            }
        }

        foreach (var id in _stood.Keys.Where(id => !stood.ContainsKey(id)).ToList())
        {
            _stood.Remove(id);
        }

        return new(domain, now, deadAgents.ToImmutable(), deadClaims.ToImmutable(), stood.ToImmutable());
    }

    /// <summary>Removes the witness files of who is gone for good.</summary>
    public void Forget(Snapshot before, SweepAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(answer);
        foreach (var agent in before.Agents.Where(agent => answer.Evicted.Contains(agent.Id)))
        {
            witnesses?.Forget(agent.Id.AsHolder(), agent.Witness);
        }

        foreach (var task in before.InProgress.Where(task =>
            answer.Requeued.Contains(task.Id) || answer.Buried.Contains(task.Id)))
        {
            if (task.Claim is { } claim)
            {
                witnesses?.Forget(claim.WitnessName, claim.Witness);
            }
        }
    }

    private Instant Stood(string id, long count, Instant now)
    {
        if (!_stood.TryGetValue(id, out var known) || known.Count != count)
        {
            _stood[id] = known = (count, now);
        }

        return known.Since;
    }
}
