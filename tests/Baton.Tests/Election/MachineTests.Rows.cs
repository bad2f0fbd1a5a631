namespace Baton.Tests;

/// <summary>What a follower makes of a row that is not the one it has seen before.</summary>
public sealed partial class MachineTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(0)]
    public void A_row_that_went_back_is_left_alone_until_whoever_led_by_it_has_noticed(long epoch)
    {
        var led = new LeaseView(ElectionName.Main, new(5))
        {
            Holder = new Candidate(new("other-1")), Renewals = 3, Nonce = 1, Ttl = Timers.Ttl * 2,
        };
        var lost = epoch == 0 ? Nobody : led with { Epoch = new(epoch), Holder = null };
        Take(new ElectionInput.Saw(One<ElectionEffect.Look>(Take(new ElectionInput.Tick())).Attempt, led, false));
        var from = _now += Timers.PollEvery;
        while (true)
        {
            var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
            if (Take(new ElectionInput.Saw(look.Attempt, lost, false)).OfType<ElectionEffect.Acquire>().Any())
            {
                break;
            }

            _now += Timers.PollEvery;
        }

        Assert.InRange(_now - from, led.Ttl * LeaseRules.RateSlack, (led.Ttl * LeaseRules.RateSlack) + Timers.PollEvery);
    }

    [Fact]
    public void Silence_is_not_counted_from_a_term_of_the_same_number_that_was_lost_with_its_row()
    {
        var lost = new LeaseView(ElectionName.Main, new(1)) { Holder = new(new("other-1")), Nonce = 1, Ttl = Timers.Ttl };
        Take(new ElectionInput.Saw(One<ElectionEffect.Look>(Take(new ElectionInput.Tick())).Attempt, lost, false));
        _now += lost.Ttl * 2;
        // Its holder has won once more in between, in a row that knew of no epoch.
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        Assert.Empty(Take(new ElectionInput.Saw(look.Attempt, lost with { Nonce = 2 }, false)).OfType<ElectionEffect.Acquire>());
        Assert.Equal(_now, _state.SeenSince);
    }

    [Fact]
    public void A_row_below_the_hosts_mark_is_left_alone_by_whoever_has_seen_no_other()
    {
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        Assert.True(look.AsksMark);
        Assert.Empty(Take(new ElectionInput.Saw(look.Attempt, Nobody, false, new(5))).OfType<ElectionEffect.Acquire>());
        Assert.Equal(Start + (Timers.Ttl * LeaseRules.RateSlack), _state.CampaignFrom);
        _now += Timers.PollEvery;
        Assert.False(One<ElectionEffect.Look>(Take(new ElectionInput.Tick())).AsksMark);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(4, false)]
    public void A_mark_that_an_import_raised_tells_of_no_loss(long adopted, bool campaigns)
    {
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        var row = Nobody with { Adopted = new(adopted) };
        var effects = Take(new ElectionInput.Saw(look.Attempt, row, false, new(5)));
        Assert.Equal(campaigns, effects.OfType<ElectionEffect.Acquire>().Any());
    }
}
