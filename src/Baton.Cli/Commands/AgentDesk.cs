using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Puts those on the roster who speak for themselves: people, and programs that claim by hand.
/// </summary>
internal static class AgentDesk
{
    /// <summary>How long such an agent may be silent, unless it says otherwise.</summary>
    public static readonly TimeSpan Ttl = TaskRules.ClaimTtl;

    /// <summary>
    /// The agent of a name, registered if it is not on the roster. A name whose life ended begins a new one.
    /// </summary>
    public static async Task<Agent> EnsureAsync(Session session, string name, Skills skills)
    {
        if (!HolderId.IsWellFormed(name))
        {
            throw CommandFailure.Usage($"'{name}' is no name for an agent", "1 to 128 of A-Z a-z 0-9 . _ -");
        }

        var agent = await session.Work.RegisterAsync(New(session, new(name), name, skills, Ttl), session.Stop);
        if (agent.IsOnRoster)
        {
            return agent;
        }

        var snapshot = await session.Work.SnapshotAsync(session.Stop);
        return snapshot.Agents.LastOrDefault(other => other.SelfReported && other.Name == name)
            ?? await session.Work.RegisterAsync(
                New(session, session.Around.Ids.NewLife(name), name, skills, Ttl), session.Stop);
    }

    /// <summary>A self-reported agent, not registered yet.</summary>
    public static Agent New(Session session, AgentId id, string name, Skills skills, TimeSpan ttl)
    {
        var around = session.Around;
        var now = around.Clock.GetUtcNow();
        return new(id, name, skills.Role ?? Agent.WorkerRole)
        {
            Can = skills.Can,
            Host = around.Host,
            StartedAt = now,
            LastSeenAt = now,
            Ttl = ttl,
            Expiry = new(around.ClockDomain, Instant.Of(around.Clock) + ttl),
            SelfReported = true,
        };
    }
}
