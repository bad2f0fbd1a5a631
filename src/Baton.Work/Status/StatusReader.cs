namespace Baton.Work;

/// <summary>
/// Reads the state of one election and judges it: who leads and who lives is computed at each reading, never
/// stored. Every face shows what it says.
/// </summary>
/// <param name="election">The election.</param>
/// <param name="leases">Its leases.</param>
/// <param name="work">Its work.</param>
/// <param name="witnesses">The witnesses of this host; null where there are none.</param>
/// <param name="clock">The clock.</param>
/// <param name="domain">Which clock that is.</param>
public sealed class StatusReader(ElectionName election, ILeaseStore leases, IWorkStore work,
    WitnessFolder? witnesses, TimeProvider clock, ClockDomain domain)
{
    /// <summary>Reads and judges.</summary>
    /// <exception cref="StoreUnavailableException">A store can't be read.</exception>
    public async ValueTask<SystemStatus> ReadAsync(CancellationToken cancel)
    {
        // The lease last: a leader that the snapshot already knows must not be missing from it.
        var snapshot = await work.SnapshotAsync(cancel);
        var leader = await ReadLeaderAsync(cancel);
        return new(election, work.Kind, clock.GetUtcNow(), leader, snapshot)
        {
            Leases = leases.Traits.Name,
            Agents = [.. snapshot.Agents.Select(agent => View(agent, leader))],
            Gone = [.. snapshot.Gone.Select(agent => View(agent, leader))],
        };
    }

    /// <summary>Reads and judges the lease alone.</summary>
    /// <exception cref="StoreUnavailableException">The lease store can't be read.</exception>
    public async ValueTask<LeaderStatus> ReadLeaderAsync(CancellationToken cancel)
    {
        var view = await leases.ReadAsync(election, cancel);
        if (view.Epoch == Epoch.None)
        {
            return new(LeaderState.None);
        }

        if (view.Holder is not { } holder)
        {
            return await LastTermAsync(view, cancel);
        }

        var now = Instant.Of(clock);
        var left = view.Expiry is { } expiry && expiry.Domain.Knows(domain)
            ? expiry.At - now
            : LeaseRules.LeftAtOneLook(view.Ttl, view.SilentFor,
                view.RenewedAt ?? view.BeganAt ?? DateTimeOffset.MinValue, clock.GetUtcNow());
        var dead = witnesses?.IsProvablyDead(holder.Holder, holder.Witness) == true;
        // A row of another clock proves nothing at one look; what is shown then goes by the store's clock.
        var standing = left <= TimeSpan.Zero && !dead
            ? LeaseStanding.RanOut
            : LeaseRules.Judge(view, domain, now, stoodSince: now, dead);
        return new(StateOf(standing))
        {
            Id = holder.Holder,
            Epoch = view.Epoch,
            Host = holder.Host,
            Pid = holder.Pid == 0 ? null : holder.Pid,
            Since = view.BeganAt,
            RenewedAt = view.RenewedAt,
            Ttl = view.Ttl,
            Remaining = left > TimeSpan.Zero ? left : TimeSpan.Zero,
        };
    }

    private static LeaderState StateOf(LeaseStanding standing) => standing switch
    {
        LeaseStanding.None => LeaderState.None,
        LeaseStanding.Held => LeaderState.Leading,
        LeaseStanding.Released => LeaderState.Released,
        LeaseStanding.Died => LeaderState.Died,
        LeaseStanding.RanOut => LeaderState.Expired,
        _ => throw new ArgumentOutOfRangeException(nameof(standing)),
    };

    // A lease that was given back names nobody: who had it stands in the last term.
    private async ValueTask<LeaderStatus> LastTermAsync(LeaseView view, CancellationToken cancel)
    {
        Term? last = null;
        await foreach (var term in leases.TermsAsync(election, new(view.Epoch.Value - 1), cancel))
        {
            last = term.Epoch == view.Epoch ? term : last;
        }

        // A supervisor that saw the process die gives its lease back for it.
        return new(view.EndedBy == TermEnd.Died ? LeaderState.Died : LeaderState.Released)
        {
            Id = last?.Holder,
            Epoch = view.Epoch,
            Host = last?.Host,
            Pid = last?.Pid is > 0 and var pid ? pid : null,
            Since = view.BeganAt ?? last?.BeganAt,
            RenewedAt = view.RenewedAt,
            Ttl = view.Ttl,
            Remaining = TimeSpan.Zero,
        };
    }

    private AgentView View(Agent agent, LeaderStatus leader)
    {
        var dead = agent.IsOnRoster && witnesses?.IsProvablyDead(agent.Id.AsHolder(), agent.Witness) == true;
        var liveness = AgentRules.Judge(agent, domain, Instant.Of(clock), clock.GetUtcNow(), dead);
        var leads = agent is { IsOrchestrator: true, IsOnRoster: true } && leader.IsLeading
            && leader.Id?.Value == agent.Id.Value;
        return new(agent, liveness, leads, leads ? leader.Epoch : null);
    }
}
