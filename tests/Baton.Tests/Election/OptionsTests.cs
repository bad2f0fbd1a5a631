namespace Baton.Tests;

public sealed class OptionsTests
{
    private static readonly LeaseStoreTraits Traits =
        new("sqlite", TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(10), false);

    private static readonly LeaderElectionOptions Usual = new() { Candidate = new(new HolderId("a-1")) };

    public static TheoryData<LeaderElectionOptions, string> Unsafe => new()
    {
        { Usual with { Ttl = TimeSpan.FromMilliseconds(499) }, "below the 500 ms that a sqlite store can honour" },
        { Usual with { Ttl = TimeSpan.FromHours(25) }, "above 24 h" },
        { Usual with { RenewEvery = TimeSpan.Zero }, "above zero" },
        { Usual with { AttemptTimeout = TimeSpan.FromSeconds(-1) }, "above zero" },
        { Usual with { Margin = TimeSpan.Zero }, "above zero" },
        { Usual with { Margin = TimeSpan.FromSeconds(3) }, "less than half of the ttl" },
        { Usual with { DrainTimeout = Timeout.InfiniteTimeSpan }, "not from 0 s to 24 h" },
        { Usual with { DrainTimeout = TimeSpan.MaxValue }, "not from 0 s to 24 h" },
        { Usual with { RenewEvery = TimeSpan.FromSeconds(5) }, "no second try before the deadline" },
        { Usual with { AttemptTimeout = TimeSpan.FromSeconds(5) }, "no second try before the deadline" },
    };

    [Theory]
    [MemberData(nameof(Unsafe), DisableDiscoveryEnumeration = true)]
    public void An_unsafe_order_is_refused_and_the_rule_is_named(LeaderElectionOptions options, string rule)
    {
        var refusal = Assert.Throws<ArgumentException>(() => options.Settle(Traits));
        Assert.Contains(rule, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_those_of_the_contract()
    {
        var timers = Usual.Settle(Traits);
        Assert.Equal((TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)),
            (timers.Ttl, timers.RenewEvery, timers.AttemptTimeout));
        Assert.Equal(TimeSpan.FromMilliseconds(600), timers.Margin);
        Assert.Equal(TimeSpan.FromMilliseconds(50),
            (Usual with { Ttl = TimeSpan.FromMilliseconds(500) }).Settle(Traits).Margin);
    }

    [Fact]
    public void The_jitter_stays_within_a_tenth_and_does_vary()
    {
        var timers = Usual.Settle(Traits);
        var intervals = Enumerable.Range(0, 2000)
            .Select(number => timers.Jittered(number) / timers.RenewEvery).ToArray();
        Assert.All(intervals, part => Assert.InRange(part, 0.9, 1.1));
        Assert.True(intervals.Max() - intervals.Min() > 0.18);
        Assert.Equal(timers.Jittered(7), timers.Jittered(7));
    }
}
