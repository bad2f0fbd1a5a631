using Baton.Work;

namespace Baton.Tests;

public sealed class AgentRulesTests
{
    private static readonly ClockDomain Here = new("here");
    private static readonly DateTimeOffset Utc = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly Instant Start = new(1_000_000_000_000);

    private static readonly Agent Seen = new(new("w-1"), "w", Agent.WorkerRole)
    {
        Ttl = TimeSpan.FromSeconds(6),
        LastSeenAt = Utc,
        Expiry = new(Here, Start + TimeSpan.FromSeconds(6)),
    };

    [Theory]
    [InlineData(0, Liveness.Alive)]
    [InlineData(2, Liveness.Alive)]
    [InlineData(3, Liveness.Late)]
    [InlineData(5.9, Liveness.Late)]
    [InlineData(6, Liveness.Stale)]
    [InlineData(100, Liveness.Stale)]
    public void Silence_is_late_after_two_beats_and_stale_after_the_ttl(double seconds, Liveness expected)
    {
        var span = TimeSpan.FromSeconds(seconds);

        // The boot clock decides where both share it, whatever the wall clock says; else the wall clock does.
        Assert.Equal(expected, AgentRules.Judge(Seen, Here, Start + span, Utc.AddDays(9), false));
        Assert.Equal(expected, AgentRules.Judge(Seen, new("there"), Start, Utc + span, false));
        Assert.Equal(expected, AgentRules.Judge(Seen with { Expiry = null }, Here, Start, Utc + span, false));

        // A store with a clock of its own needs nobody's wall clock to be right.
        Assert.Equal(expected, AgentRules.Judge(
            Seen with { Expiry = null, SilentFor = span }, Here, Start, Utc.AddHours(-1), false));
    }

    [Theory]
    [InlineData(-0.5, Liveness.Alive)]
    [InlineData(-1.5, Liveness.Stale)]
    public void A_sign_of_life_from_the_time_to_come_shows_nobody_as_living(double seconds, Liveness expected)
    {
        var span = TimeSpan.FromSeconds(seconds);
        Assert.Equal(expected, AgentRules.Judge(Seen, new("there"), Start, Utc + span, false));
        Assert.Equal(expected, AgentRules.Judge(Seen with { SilentFor = span }, new("there"), Start, Utc, false));
    }

    [Theory]
    [InlineData(AgentStatus.Active, Liveness.Stale)]
    [InlineData(AgentStatus.Draining, Liveness.Stale)]
    [InlineData(AgentStatus.Stopped, Liveness.Stopped)]
    [InlineData(AgentStatus.Evicted, Liveness.Evicted)]
    public void A_proven_death_counts_for_who_is_on_the_roster(AgentStatus status, Liveness expected) =>
        Assert.Equal(expected, AgentRules.Judge(Seen with { Status = status }, Here, Start, Utc, provablyDead: true));
}

public sealed class EventTypesTests
{
    [Theory]
    [InlineData(EventType.LeaderAtRisk, "leader.at_risk")]
    [InlineData(EventType.StoreRolledBack, "store.rolled_back")]
    [InlineData(EventType.TaskCreated, "task.created")]
    [InlineData(EventType.OrchestratorStandby, "orchestrator.standby")]
    public void Names_are_family_and_words(EventType type, string name) => Assert.Equal(name, type.Name());

    [Fact]
    public void Every_name_is_read_back()
    {
        Assert.All(Enum.GetValues<EventType>(), type => Assert.Equal(type, EventTypes.Parse(type.Name())));
        Assert.Equal(Enum.GetValues<EventType>().Length, EventTypes.All.Distinct().Count());
        Assert.Null(EventTypes.Parse("leader.unheard_of"));
        Assert.Null(EventTypes.Parse("Leader.Elected"));
    }
}
