namespace Baton.Tests;

public sealed partial class MachineTests
{
    [Fact]
    public void A_leader_that_is_shown_another_lease_asks_at_once_and_believes_only_the_answer()
    {
        Lead();
        var term = _state.Term!;
        var own = new LeaseView(term.Election, term.Epoch) { Holder = new(term.Holder), Renewals = 7 };
        Assert.Empty(Take(new ElectionInput.Hint(own)));

        var renew = One<ElectionEffect.Renew>(Take(new ElectionInput.Hint(own with { HasRunOut = true })));
        Assert.Equal(ElectionPhase.Leading, _state.Phase);
        One<ElectionEffect.Withdraw>(Take(new ElectionInput.RenewAnswered(renew.Attempt, new RenewAnswer.NotYours(Nobody))));
    }

    [Fact]
    public void A_hint_about_the_holder_has_it_looked_at_at_once_and_one_about_somebody_else_does_not()
    {
        Follow();

        Assert.Empty(Take(new ElectionInput.Beckoned(new("bystander-1"))));
        One<ElectionEffect.Look>(Take(new ElectionInput.Beckoned(Others.Holder!.Holder)));
        Follow();
        One<ElectionEffect.Look>(Take(new ElectionInput.Hint(Others)));
    }

    [Fact]
    public void A_hint_that_comes_during_a_look_has_another_look_follow_at_once()
    {
        Follow();
        _now += Timers.PollEvery;
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));

        Assert.Empty(Take(new ElectionInput.Beckoned(Others.Holder!.Holder)));

        var again = One<ElectionEffect.Look>(Take(new ElectionInput.Saw(look.Attempt, Others, false)));
        Assert.Empty(Take(new ElectionInput.Saw(again.Attempt, Others, false)));
        Assert.Equal(_now + Timers.PollEvery, _state.NextAt);
    }

    private void Follow()
    {
        if (_state.InFlight is not { } look)
        {
            look = new(AttemptKind.Look, One<ElectionEffect.Look>(Take(new ElectionInput.Tick())).Attempt, _now);
        }

        Take(new ElectionInput.Saw(look.Number, Others, false));
    }

    private static LeaseView Others => new(ElectionName.Main, new(5))
    {
        Holder = new Candidate(new("other-1")),
        Nonce = 1,
        Ttl = Timers.Ttl,
    };

    [Fact]
    public void A_lease_that_its_store_let_run_out_is_vacant_at_the_first_look()
    {
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        var gone = new LeaseView(ElectionName.Main, new(4)) { Holder = new(new("other-1")), Ttl = Timers.Ttl, HasRunOut = true };
        var acquire = One<ElectionEffect.Acquire>(Take(new ElectionInput.Saw(look.Attempt, gone, false)));
        Assert.Equal(LeaseStanding.RanOut, acquire.Seen.Standing);
    }
}
