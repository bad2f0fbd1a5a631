using System.Collections.Immutable;

namespace Baton.Tests;

/// <summary>The rows of the table of errors, one fact each, on the pure machine.</summary>
public sealed partial class MachineTests
{
    private static readonly ElectionTimers Timers = new LeaderElectionOptions
    {
        Candidate = new(new HolderId("self-1")),
        ClockDomain = ClockDomain.Unknown,
    }.Settle(new("memory", TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(10), true));

    private static readonly Instant Start = new(1_000_000_000_000);
    private static readonly LeaseView Nobody = LeaseView.Never(ElectionName.Main);

    private ElectionState _state = ElectionState.Begin(Start);
    private Instant _now = Start;

    [Fact]
    public void A_vacant_lease_is_campaigned_for_on_the_very_sighting()
    {
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        var acquire = One<ElectionEffect.Acquire>(Take(new ElectionInput.Saw(look.Attempt, Nobody, false)));
        Assert.Equal(new Sighting(Epoch.None, 0, LeaseStanding.None), acquire.Seen);
    }

    [Fact]
    public void Trust_counts_from_the_moment_before_the_request_was_sent()
    {
        var grant = Lead(TimeSpan.FromMilliseconds(700));
        Assert.Equal(Start + (Timers.Ttl * 0.99) - Timers.Margin, grant.TrustedUntil);
        Assert.Equal(Start + (Timers.Ttl / 2), grant.AtRiskFrom);

        var renew = Renewal();
        var sent = _now;
        _now += TimeSpan.FromMilliseconds(400);
        var extend = One<ElectionEffect.Extend>(Take(Renewed(renew)));
        Assert.Equal(Timers.Deadline(sent), extend.TrustedUntil);
    }

    [Fact]
    public void No_leadership_is_told_of_before_the_mark_is_raised()
    {
        var acquire = Campaign();
        var effects = Take(Won(acquire));
        Assert.Empty(effects.OfType<ElectionEffect.Grant>());
        Assert.Equal(new Epoch(1), One<ElectionEffect.RaiseMark>(effects).Epoch);
        One<ElectionEffect.Grant>(Take(new ElectionInput.MarkRaised()));
    }

    [Fact]
    public void Where_the_mark_can_not_be_written_the_term_goes_back_and_the_others_go_first()
    {
        Take(Won(Campaign()));
        var effects = Take(new ElectionInput.MarkFailed("no space"));
        Assert.Empty(effects.OfType<ElectionEffect.Grant>());
        var release = One<ElectionEffect.Release>(effects);
        Take(new ElectionInput.ReleaseAnswered(release.Attempt, new ReleaseAnswer.Released(new(1))));
        Assert.True(_state.CampaignFrom >= _now + Timers.Ttl);
    }

    [Fact]
    public void A_leader_whose_store_is_down_retries_is_at_risk_and_demotes_at_the_deadline()
    {
        var grant = Lead();
        var told = new List<ElectionEffect>();
        var tries = 0;
        while (_now < grant.TrustedUntil)
        {
            _now = ElectionMachine.WakeAt(Timers, _state);
            var effects = Take(new ElectionInput.Tick());
            told.AddRange(effects);
            foreach (var renew in effects.OfType<ElectionEffect.Renew>())
            {
                tries++;
                told.AddRange(Take(new ElectionInput.AttemptFailed(
                    renew.Attempt, StoreFault.Unreachable, "down", false)));
            }
        }

        Assert.True(tries > 10);
        Assert.Equal(grant.TrustedUntil, _now);
        Assert.Equal(LossReason.Expired, One<ElectionEffect.Withdraw>([.. told]).Reason);
        Assert.Equal(
            [typeof(ElectionEvent.StoreFailing), typeof(ElectionEvent.AtRisk), typeof(ElectionEvent.Demoted)],
            told.OfType<ElectionEffect.Tell>().Select(tell => tell.Event.GetType()));
        Assert.Equal(ElectionPhase.Withdrawn, _state.Phase);
    }

    [Fact]
    public void A_request_that_takes_too_long_is_given_up_and_repeated()
    {
        Lead();
        var first = Renewal();
        _now += Timers.AttemptTimeout;
        One<ElectionEffect.CancelAttempt>(Take(new ElectionInput.Tick()));
        Take(new ElectionInput.AttemptFailed(first.Attempt, StoreFault.Busy, "slow", false));
        var second = Renewal();
        Assert.Empty(Take(Renewed(first)));
        Assert.Equal(second.Attempt, _state.InFlight!.Number);
    }

    [Fact]
    public void An_acquire_whose_answer_was_lost_is_found_by_its_number_and_trusted_from_its_sending()
    {
        var acquire = Campaign();
        var sent = _now;
        _now += TimeSpan.FromSeconds(1);
        Take(new ElectionInput.AttemptFailed(acquire.Attempt, StoreFault.Busy, "slow", false));
        _now = ElectionMachine.WakeAt(Timers, _state);
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        Take(new ElectionInput.Saw(look.Attempt, Mine(acquire.Attempt), false));
        var grant = One<ElectionEffect.Grant>(Take(new ElectionInput.MarkRaised()));
        Assert.Equal(Timers.Deadline(sent), grant.TrustedUntil);
    }

    [Fact]
    public void An_acquire_that_is_found_too_late_is_given_back()
    {
        var acquire = Campaign();
        Take(new ElectionInput.AttemptFailed(acquire.Attempt, StoreFault.Busy, "slow", false));
        _now += Timers.Ttl;
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        var effects = Take(new ElectionInput.Saw(look.Attempt, Mine(acquire.Attempt), false));
        Assert.Equal(new Epoch(1), One<ElectionEffect.Release>(effects).Term.Epoch);
        Assert.Empty(effects.OfType<ElectionEffect.RaiseMark>());
    }

    [Fact]
    public void A_row_of_an_earlier_life_of_that_name_is_not_taken_for_an_own_answer()
    {
        var acquire = Campaign();
        Take(new ElectionInput.AttemptFailed(acquire.Attempt, StoreFault.Busy, "slow", false));
        _now += Timers.RetryEvery;
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        var theirs = Mine(acquire.Attempt) with { Holder = new(new HolderId("self-0")) };
        Assert.Empty(Take(new ElectionInput.Saw(look.Attempt, theirs, false)).OfType<ElectionEffect.RaiseMark>());
        Assert.Equal(ElectionPhase.Following, _state.Phase);
    }

    [Fact]
    public void A_renewal_that_answers_not_you_demotes_at_once_and_is_not_repeated()
    {
        Lead();
        var renew = Renewal();
        var theirs = new LeaseView(ElectionName.Main, new(2)) { Holder = new(new HolderId("other-1")) };
        var effects = Take(new ElectionInput.RenewAnswered(renew.Attempt, new RenewAnswer.NotYours(theirs)));
        Assert.Equal(LossReason.Replaced, One<ElectionEffect.Withdraw>(effects).Reason);
        Assert.Empty(effects.OfType<ElectionEffect.Renew>());
        Assert.Empty(Take(new ElectionInput.Tick()));
        One<ElectionEffect.Look>(Take(new ElectionInput.WorkReturned()));
    }

    [Fact]
    public void A_renewal_that_is_answered_behind_the_deadline_comes_too_late()
    {
        Lead();
        var renew = Renewal();
        _now = Timers.Deadline(_state.TrustFrom);
        var effects = Take(Renewed(renew));
        Assert.Equal(LossReason.Expired, One<ElectionEffect.Withdraw>(effects).Reason);
        Assert.Empty(effects.OfType<ElectionEffect.Extend>());
    }

    [Fact]
    public void A_release_whose_answer_is_lost_is_repeated_until_the_deadline()
    {
        Lead();
        Take(new ElectionInput.Stop());
        Settle();
        var effects = Take(new ElectionInput.WorkReturned());
        var releases = 0;
        while (_state.Phase == ElectionPhase.Draining)
        {
            foreach (var release in effects.OfType<ElectionEffect.Release>())
            {
                releases++;
                Take(new ElectionInput.AttemptFailed(release.Attempt, StoreFault.Busy, "lost", false));
            }

            _now = ElectionMachine.WakeAt(Timers, _state);
            effects = Take(new ElectionInput.Tick());
        }

        Assert.True(releases > 3);
        Assert.Empty(effects.OfType<ElectionEffect.Release>());
        Assert.Equal(ElectionPhase.Stopped, _state.Phase);
    }

    [Fact]
    public void While_it_drains_it_renews_and_it_releases_once_the_work_is_back_and_no_renewal_is_under_way()
    {
        Lead();
        var effects = Take(new ElectionInput.Resign());
        Assert.Equal(LossReason.Resigned, One<ElectionEffect.Withdraw>(effects).Reason);
        var renew = Renewal();
        Assert.Empty(Take(new ElectionInput.WorkReturned()).OfType<ElectionEffect.Release>());
        var release = One<ElectionEffect.Release>(Take(Renewed(renew)));
        Assert.Equal(TermEnd.HandedOver, release.Reason);
        Take(new ElectionInput.ReleaseAnswered(release.Attempt, new ReleaseAnswer.Released(new(1))));
        Assert.Equal(_now + Timers.Ttl, _state.CampaignFrom);
    }

    [Fact]
    public void Work_that_overstays_is_told_of_though_the_store_hangs_and_the_machine_does_not_spin()
    {
        Lead();
        Renewal();
        _now += Timers.AttemptTimeout;
        Take(new ElectionInput.Tick());
        _now = Timers.Deadline(_state.TrustFrom);
        Take(new ElectionInput.Tick());
        _now = ElectionMachine.WakeAt(Timers, _state);
        var told = One<ElectionEffect.Tell>(Take(new ElectionInput.Tick()));
        Assert.IsType<ElectionEvent.Overstayed>(told.Event);
        Assert.True(ElectionMachine.WakeAt(Timers, _state) > _now);
    }

    [Fact]
    public void A_fenced_leader_ends_at_once_and_raises_its_mark()
    {
        Lead();
        var effects = Take(new ElectionInput.Fenced(new(1), new(9)));
        Assert.Equal(new Epoch(9), One<ElectionEffect.RaiseMark>(effects).Epoch);
        Assert.Equal(LossReason.Fenced, One<ElectionEffect.Withdraw>(effects).Reason);
    }

    [Fact]
    public void A_store_that_was_replaced_ends_the_term_at_once()
    {
        Lead();
        var renew = Renewal();
        var effects = Take(new ElectionInput.AttemptFailed(renew.Attempt, StoreFault.Replaced, "another file", true));
        Assert.Equal(LossReason.StoreLost, One<ElectionEffect.Withdraw>(effects).Reason);
    }

    [Fact]
    public void A_leadership_that_the_watch_ended_is_not_renewed_any_more()
    {
        Lead();
        Take(Renewed(Renewal()));
        var effects = Take(new ElectionInput.TrustEnded(new(1)));
        Assert.Equal(LossReason.Expired, One<ElectionEffect.Withdraw>(effects).Reason);
        Assert.Equal(ElectionPhase.Withdrawn, _state.Phase);
    }

    [Fact]
    public void The_end_of_an_earlier_leadership_does_not_end_this_one()
    {
        Lead();
        Assert.Empty(Take(new ElectionInput.TrustEnded(Epoch.None)).OfType<ElectionEffect.Withdraw>());
        Assert.Equal(ElectionPhase.Leading, _state.Phase);
    }

    [Fact]
    public void A_trouble_is_told_once_and_another_trouble_too()
    {
        var told = new List<string>();
        foreach (var code in (string[])[StoreFault.Busy, StoreFault.Busy, StoreFault.Replaced, StoreFault.Replaced])
        {
            _now += Timers.Ttl;
            var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
            var effects = Take(new ElectionInput.AttemptFailed(look.Attempt, code, "trouble", code != StoreFault.Busy));
            told.AddRange(effects.OfType<ElectionEffect.Tell>()
                .Select(tell => Assert.IsType<ElectionEvent.StoreFailing>(tell.Event).Code));
        }

        Assert.Equal([StoreFault.Busy, StoreFault.Replaced], told);
    }

    [Fact]
    public void A_life_that_was_revoked_is_over()
    {
        var acquire = Campaign();
        var effects = Take(new ElectionInput.AcquireAnswered(acquire.Attempt, new AcquireAnswer.Revoked()));
        One<ElectionEffect.Finish>(effects);
        Assert.Empty(Take(new ElectionInput.Tick()));
        Assert.Equal(Instant.Never, ElectionMachine.WakeAt(Timers, _state));
    }

    private ImmutableArray<ElectionEffect> Take(ElectionInput input)
    {
        var step = ElectionMachine.Step(Timers, _state, input, _now);
        _state = step.State;
        return step.Effects;
    }

    private static T One<T>(ImmutableArray<ElectionEffect> effects) => Assert.Single(effects.OfType<T>());

    private ElectionEffect.Acquire Campaign()
    {
        var look = One<ElectionEffect.Look>(Take(new ElectionInput.Tick()));
        return One<ElectionEffect.Acquire>(Take(new ElectionInput.Saw(look.Attempt, Nobody, false)));
    }

    private ElectionEffect.Grant Lead(TimeSpan delay = default)
    {
        var acquire = Campaign();
        _now += delay;
        Take(Won(acquire));
        return One<ElectionEffect.Grant>(Take(new ElectionInput.MarkRaised()));
    }

    /// <summary>The renewal that is under way, or else the next one.</summary>
    private ElectionEffect.Renew Renewal()
    {
        if (_state.InFlight is { Kind: AttemptKind.Renew } attempt)
        {
            return new(attempt.Number, _state.Term!);
        }

        _now = Instant.Min(ElectionMachine.WakeAt(Timers, _state), _state.NextAt);
        return One<ElectionEffect.Renew>(Take(new ElectionInput.Tick()));
    }

    private void Settle()
    {
        if (_state.InFlight is { Kind: AttemptKind.Renew } attempt)
        {
            Take(Renewed(new(attempt.Number, _state.Term!)));
        }
    }

    private static ElectionInput.AcquireAnswered Won(ElectionEffect.Acquire acquire) => new(acquire.Attempt,
        new AcquireAnswer.Acquired(new(ElectionName.Main, new(1), Timers.Self, Timers.Ttl), Epoch.None));

    private static ElectionInput.RenewAnswered Renewed(ElectionEffect.Renew renew) => new(renew.Attempt,
        new RenewAnswer.Renewed(renew.Term with { Renewals = renew.Term.Renewals + 1 }));

    private static LeaseView Mine(long nonce) => new(ElectionName.Main, new(1))
    {
        Holder = new(Timers.Self),
        Nonce = nonce,
        Ttl = Timers.Ttl,
    };
}
