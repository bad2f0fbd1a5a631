using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Puts those on the roster who speak for themselves: people, and programs that claim by hand.
/// </summary>
internal static class AgentDesk
{
    /// <summary>How long such an agent may be silent, unless it says otherwise.</summary>
    public static readonly TimeSpan Ttl = TaskRules.ClaimTtl;

    /// <summary>The longest name of whoever gets a new id with each life: name and suffix must both fit.</summary>
    public const int LongestName = 100;

    /// <summary>A name that an agent may have.</summary>
    /// <param name="name">As it was typed.</param>
    /// <param name="option">The option that it was typed behind; null where it is an argument, or comes from a variable.</param>
    /// <param name="longest">How long it may be.</param>
    /// <exception cref="CommandFailure">It may not.</exception>
    public static string Checked(string name, string? option = null, int longest = 128)
    {
        var what = option is null ? $"'{name}'" : $"{option} '{name}'";
        return name == MessageRules.Announcer
            ? throw CommandFailure.Usage(
                $"{what} is no name for an agent: Baton itself speaks under it", "any other name will do")
            : HolderId.IsWellFormed(name) && name.Length <= longest ? name
            : throw CommandFailure.Usage($"{what} is no name for an agent", $"1 to {longest} of A-Z a-z 0-9 . _ -");
    }

    /// <summary>
    /// The agent of a name, registered if it is not on the roster. A name whose life ended begins a new one.
    /// </summary>
    public static async Task<Agent> EnsureAsync(Session session, string name, Skills skills)
    {
        var agent = await session.Work.RegisterAsync(New(session, new(Checked(name)), name, skills, Ttl), session.Stop);
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
