using Microsoft.Extensions.Time.Testing;

namespace Baton.Tests;

public sealed class ClockTests
{
    [Fact]
    public void An_instant_counts_nanoseconds_whatever_the_clock_counts()
    {
        var clock = new FakeTimeProvider();
        var start = Instant.Of(clock);
        clock.Advance(TimeSpan.FromMilliseconds(1500));
        Assert.Equal(1_500_000_000, Instant.Of(clock).Nanoseconds - start.Nanoseconds);
        Assert.Equal(TimeSpan.FromMilliseconds(1500), Instant.Of(clock) - start);
        Assert.Equal(start, Instant.Of(clock) - TimeSpan.FromMilliseconds(1500));
        Assert.True(start < Instant.Of(clock) && Instant.Of(clock) < Instant.Never);
        Assert.Equal(start, Instant.Min(Instant.Never, start));
    }

    [Fact]
    public void The_boot_clock_never_goes_back_and_does_go_on()
    {
        var first = Instant.Of(BootClock.Instance);
        var last = first;
        for (var look = 0; look < 10_000; look++)
        {
            var now = Instant.Of(BootClock.Instance);
            Assert.True(now >= last);
            last = now;
        }

        Assert.True(last > first);
    }

    [Fact]
    public void A_clock_knows_itself_and_no_other_and_an_unknown_one_not_even_itself()
    {
        Assert.True(ClockDomain.Current.Knows(ClockDomain.Current) || ClockDomain.Current == ClockDomain.Unknown);
        Assert.False(ClockDomain.Current.Knows(new("another boot")));
        Assert.False(ClockDomain.Unknown.Knows(ClockDomain.Unknown));
        Assert.False(default(ClockDomain).Knows(default));
        Assert.False(ClockDomain.Unknown.Knows(ClockDomain.Current));
    }

    [Fact]
    public async Task An_alarm_on_a_moved_clock_rings_at_its_time_or_when_it_is_set()
    {
        var clock = new FakeTimeProvider();
        using var alarm = new Alarm(clock);
        var due = Instant.Of(clock) + TimeSpan.FromSeconds(1);
        alarm.Set();
        alarm.WaitUntil(Instant.Never);
        var waiting = Task.Factory.StartNew(() => alarm.WaitUntil(due), TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var giveUp = Instant.Of(BootClock.Instance) + TimeSpan.FromSeconds(60);
        while (!waiting.IsCompleted && Instant.Of(BootClock.Instance) < giveUp)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.True(waiting.IsCompleted);
        Assert.True(Instant.Of(clock) >= due);
        await waiting;
    }

    [Fact]
    public void A_silent_lease_is_judged_by_its_own_clock_or_else_waited_out_by_ones_own()
    {
        var here = new ClockDomain("here");
        var now = new Instant(1_000_000_000_000);
        var ttl = TimeSpan.FromSeconds(6);
        var held = new LeaseView(ElectionName.Main, new(3))
        {
            Holder = new(new HolderId("a-1")),
            Ttl = ttl,
            Expiry = new(here, now),
        };
        Assert.Equal(LeaseStanding.RanOut, LeaseRules.Judge(held, here, now, now, false));
        Assert.Equal(LeaseStanding.Held, LeaseRules.Judge(held, here, now - TimeSpan.FromTicks(1), now, false));
        Assert.Equal(LeaseStanding.Died, LeaseRules.Judge(held, here, now - ttl, now, true));

        // A row of another clock proves nothing until it has stood for its ttl and the slack of two clocks.
        var there = new ClockDomain("there");
        Assert.Equal(LeaseStanding.Held, LeaseRules.Judge(held, there, now + ttl, now, false));
        Assert.Equal(LeaseStanding.RanOut, LeaseRules.Judge(held, there, now + (ttl * 1.01), now, false));
        Assert.Equal(LeaseStanding.Released, LeaseRules.Judge(held with { Holder = null }, here, now, now, false));
        Assert.Equal(LeaseStanding.None,
            LeaseRules.Judge(LeaseView.Never(ElectionName.Main), here, now, now, false));
    }
}
