using Baton.Validation;
using static Baton.Validation.OperationKind;

namespace Baton.Tests;

/// <summary>
/// Each checker on the smallest history that breaks its promise, and on the nearest one that does not. Times are
/// milliseconds; a lease and a heartbeat live for 100 of them.
/// </summary>
public sealed class CheckerTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromMilliseconds(100);

    [Fact]
    public void An_epoch_has_one_holder() => Decides(OneHolderPerEpoch.Checker,
        bad: [Take("a", 7, 0), Take("b", 7, 500)],
        good: [Take("a", 7, 0), Take("b", 8, 500), Do("a", Renew, 50, 7)]);

    [Fact]
    public void Epochs_only_grow() => Decides(EpochsOnlyGrow.Checker,
        bad: [Take("a", 7, 0), Take("b", 1, 500)],
        good: [Take("a", 7, 0), Take("b", 8, 500)]);

    [Fact]
    public void Two_acquires_at_the_same_time_may_end_in_any_order() => Assert.Empty(EpochsOnlyGrow.Checker.Judge(
        new([Take("a", 8, 0) with { Ended = At(50) }, Take("b", 7, 10)])));

    [Fact]
    public void Operations_of_different_clocks_are_not_put_in_order() => Assert.Empty(EpochsOnlyGrow.Checker.Judge(
        new([Take("a", 7, 0) with { Clock = "one" }, Take("b", 1, 500) with { Clock = "two" }])));

    [Fact]
    public void No_two_believe_at_once() => Decides(TrustEndsBeforeLease.Checker,
        bad: [Believe("a", 7, 0, 90), Believe("a", 7, 30, 120), Believe("b", 8, 100, 190)],
        good: [Believe("a", 7, 0, 90), Believe("a", 7, 30, 99), Believe("b", 8, 100, 190)]);

    [Fact]
    public void A_yield_or_the_end_of_the_process_ends_a_belief()
    {
        Assert.Empty(TrustEndsBeforeLease.Checker.Judge(
            new([Believe("a", 7, 0, 90), Do("a", Yield, 40, 7), Believe("b", 8, 50, 140)])));
        Assert.Empty(TrustEndsBeforeLease.Checker.Judge(
            new([Believe("a", 7, 0, 90), End("a", Kill, 40), Believe("b", 8, 50, 140)])));
        Assert.Single(TrustEndsBeforeLease.Checker.Judge(
            new([Believe("a", 7, 0, 90), End("a", Freeze, 40), Believe("b", 8, 50, 140)])));
    }

    [Fact]
    public void A_fresh_lease_is_not_taken() => Decides(NoTakeoverOfAFreshLease.Checker,
        bad: [Take("a", 7, 0), Do("a", Renew, 60, 7) with { Ttl = Ttl }, Take("b", 8, 120)],
        good: [Take("a", 7, 0), Do("a", Renew, 60, 7) with { Ttl = Ttl }, Take("b", 8, 165)]);

    [Fact]
    public void A_lease_that_was_given_back_or_whose_holder_died_may_be_taken()
    {
        Assert.Empty(NoTakeoverOfAFreshLease.Checker.Judge(
            new([Take("a", 7, 0), Do("a", Release, 20, 7), Take("b", 8, 30)])));
        Assert.Empty(NoTakeoverOfAFreshLease.Checker.Judge(
            new([Take("a", 7, 0), End("a", Kill, 20), Take("b", 8, 30)])));
        // A refused release gave nothing back; nor did one of another's.
        Assert.Single(NoTakeoverOfAFreshLease.Checker.Judge(new(
            [Take("a", 7, 0), Do("a", Release, 20, 7) with { Outcome = Outcome.Refused }, Take("b", 8, 30)])));
        Assert.Single(NoTakeoverOfAFreshLease.Checker.Judge(
            new([Take("a", 7, 0), Do("c", Release, 20, 6), Take("b", 8, 30)])));
    }

    [Fact]
    public void Nothing_lands_behind_the_fence() => Decides(NothingBehindTheFence.Checker,
        bad: [Do("a", Begin, 0, 7), Do("b", Begin, 100, 8), Do("a", Write, 120, 7)],
        good:
        [
            Do("a", Begin, 0, 7), Do("b", Begin, 100, 8), Do("b", Write, 120, 8),
            Do("a", Write, 99, 7) with { Ended = At(101) },
            Do("a", Write, 120, 7) with { Outcome = Outcome.Refused },
        ]);

    [Theory]
    [InlineData(Renew)]
    [InlineData(Trust)]
    [InlineData(Write)]
    public void Who_gave_its_lease_back_is_silent(OperationKind kind) => Decides(SilentAfterStop.Checker,
        bad: [Take("a", 7, 0), Do("a", Release, 20, 7), Do("a", kind, 30, 7)],
        good: [Take("a", 7, 0), Do("a", kind, 10, 7), Do("a", Release, 20, 7), Do("a", kind, 30, 9)]);

    [Fact]
    public void An_ended_belief_does_not_revive() => Decides(SilentAfterStop.Checker,
        bad: [Believe("a", 7, 0, 90), Do("a", Yield, 40, 7), Believe("a", 7, 60, 150)],
        good: [Believe("a", 7, 0, 90), Do("a", Yield, 40, 7), Believe("a", 8, 60, 150)]);

    [Fact]
    public void Who_believes_while_it_is_being_killed_revives_nothing_and_who_does_so_later_does()
    {
        var kill = End("a", Kill, 40) with { Ended = At(60) };
        Assert.Empty(SilentAfterStop.Checker.Judge(new([Believe("a", 7, 0, 90), kill, Believe("a", 7, 50, 140)])));
        Assert.Empty(TrustEndsBeforeLease.Checker.Judge(
            new([Believe("a", 7, 0, 90), kill, Believe("a", 7, 50, 140), Believe("b", 8, 55, 150)])));
        Assert.NotEmpty(SilentAfterStop.Checker.Judge(new([Believe("a", 7, 0, 90), kill, Believe("a", 7, 70, 160)])));
    }

    [Fact]
    public void Who_does_not_believe_does_nothing_outside() => Decides(SilentAfterStop.Checker,
        bad: [Believe("a", 7, 0, 90), Do("a", Effect, 95, 7)],
        good: [Believe("a", 7, 0, 90), Do("a", Effect, 85, 7)]);

    [Fact]
    public void Who_is_gone_does_nothing() => Decides(SilentAfterStop.Checker,
        bad: [End("a", Exit, 10), Do("a", Beat, 20)],
        good: [Do("a", Beat, 5), End("a", Exit, 10)]);

    [Fact]
    public void A_leader_appears_in_time() => Decides(LeaderAppearsWithin.Checker,
        bad: [Believe("a", 7, 0, 90), Healed(100, 200), Believe("b", 8, 210, 300)],
        good: [Believe("a", 7, 0, 90), Healed(100, 200), Believe("b", 8, 190, 300)]);

    [Fact]
    public void An_attempt_has_one_claim() => Decides(OneLiveClaimPerTask.Checker,
        bad: [Have("x", "t", 1, 0), Have("y", "t", 1, 50)],
        good: [Have("x", "t", 1, 0), Have("y", "t", 2, 50), Have("x", "t", 1, 5)]);

    [Fact]
    public void A_zombies_late_word_is_refused() => Decides(OneLiveClaimPerTask.Checker,
        bad: [Have("x", "t", 1, 0), Have("y", "t", 2, 50), Tell("x", Complete, "t", 1, 60)],
        good:
        [
            Have("x", "t", 1, 0), Have("y", "t", 2, 50), Tell("y", Complete, "t", 2, 60),
            Tell("x", Complete, "t", 1, 60) with { Outcome = Outcome.Refused },
        ]);

    [Fact]
    public void A_lost_attempt_is_requeued_once() => Decides(RequeuedOnce.Checker,
        bad: [Requeued("t", 1, 0), Requeued("t", 1, 50)],
        good: [Requeued("t", 1, 0), Requeued("t", 2, 50), Requeued("u", 1, 50)]);

    [Fact]
    public void No_task_is_lost() => Decides(NoTaskLost.Checker,
        bad: [Submitted("t", 0), Submitted("u", 0), AtLast("t", "completed")],
        good: [Submitted("t", 0), Submitted("u", 0), AtLast("t", "completed"), AtLast("u", "pending")]);

    [Fact]
    public void An_acknowledged_completion_stands() => Decides(NoTaskLost.Checker,
        bad: [Submitted("t", 0), Tell("x", Complete, "t", 1, 10), AtLast("t", "pending")],
        good: [Submitted("t", 0), Tell("x", Complete, "t", 1, 10), AtLast("t", "completed")]);

    [Fact]
    public void A_completed_task_is_not_taken_again() => Decides(NoCompletedTaskRunsAgain.Checker,
        bad: [Tell("x", Complete, "t", 1, 10), Have("y", "t", 2, 20)],
        good: [Have("y", "t", 1, 0), Tell("x", Complete, "t", 1, 10), Have("y", "u", 1, 20)]);

    [Fact]
    public void A_task_is_completed_once() => Decides(NoCompletedTaskRunsAgain.Checker,
        bad: [Tell("x", Complete, "t", 1, 10), Tell("y", Complete, "t", 2, 11)],
        good: [Tell("x", Complete, "t", 1, 10), Tell("x", Complete, "t", 1, 11)]);

    [Fact]
    public void Who_lives_is_not_evicted() => Decides(OnlyTheStaleAreEvicted.Checker,
        bad: [Do("x", Beat, 0) with { Ttl = Ttl }, Evicted("x", 50), Do("x", Beat, 60)],
        good:
        [
            Do("x", Beat, 0) with { Ttl = Ttl }, Evicted("x", 150), Do("x", Beat, 160),
            Do("y", Beat, 0) with { Ttl = Ttl }, Evicted("y", 50),
            Do("z", Beat, 0) with { Ttl = Ttl }, Evicted("z", 50) with { Note = "asked for by me" }, Do("z", Beat, 60),
        ]);

    [Fact]
    public void A_face_names_who_leads() => Decides(ViewsAgree.Checker,
        bad: [Take("a", 7, 0), Shown("status", "b", 7, 50)],
        good: [Take("a", 7, 0), Shown("status", "a", 7, 50)]);

    [Theory]
    [InlineData("a successor", 200)]
    [InlineData("it gave the lease back", 60)]
    [InlineData("its lease ran out", 180)]
    public void A_face_shows_nobody_as_leading_who_does_not(string because, int shown)
    {
        Operation[] story = because switch
        {
            "a successor" => [Take("a", 7, 0), End("a", Kill, 30), Take("b", 8, 150)],
            "it gave the lease back" => [Take("a", 7, 0), Do("a", Release, 50, 7)],
            _ => [Take("a", 7, 0), End("a", Kill, 50)],
        };
        Decides(ViewsAgree.Checker,
            bad: [.. story, Shown("monitor", "a", 7, shown)],
            good: [.. story, Shown("monitor", "a", 7, shown) with { Note = "expired" }, Shown("status", "a", 7, 20)]);
    }

    [Fact]
    public void A_face_does_not_hide_who_leads() => Decides(ViewsAgree.Checker,
        bad: [Take("a", 7, 0), Do("a", Begin, 5, 7), Believe("a", 7, 2, 90), Shown("status", null, null, 50)],
        good: [Take("a", 7, 0), Do("a", Begin, 5, 7), Believe("a", 7, 2, 90), Shown("status", null, null, 89)]);

    [Fact]
    public void A_face_does_not_go_back() => Decides(ViewsAgree.Checker,
        bad: [Shown("status", "b", 8, 50), Shown("status", "a", 7, 60)],
        good: [Shown("status", "b", 8, 50), Shown("monitor", "a", 7, 60)]);

    [Fact]
    public void Only_the_holder_acts_under_its_epoch() => Decides(OnlyTheHolderActs.Checker,
        bad: [Take("a", 7, 0), Do("b", Write, 10, 7)],
        good: [Take("a", 7, 0), Take("b", 8, 200), Do("a", Write, 210, 7), Do("b", Begin, 220, 8)]);

    [Fact]
    public void Who_names_no_epoch_acts_only_while_it_holds_the_lease()
    {
        Decides(OnlyTheHolderActs.Checker,
            bad: [Take("a", 7, 0), Take("b", 8, 200), Do("a", Evict, 210)],
            good: [Take("a", 7, 0), Do("a", Evict, 190), Take("b", 8, 200), Do("b", Evict, 210)]);
        Assert.Single(OnlyTheHolderActs.Checker.Judge(new([Do("a", Evict, 10)])));
    }

    [Fact]
    public void An_acquire_without_an_answer_may_have_won() => Assert.Empty(OnlyTheHolderActs.Checker.Judge(
        new([Do("a", Acquire, 0) with { Outcome = Outcome.Unknown, Ended = null }, Do("a", Write, 10, 7)])));

    [Fact]
    public void A_fall_of_the_epoch_is_told_from_what_follows_it()
    {
        var found = EpochsOnlyGrow.Checker.Judge(new([Take("a", 7, 0), Take("b", 1, 500), Take("c", 2, 900)]));
        Assert.Equal(["the epoch went back from 7 of a to 1 of b", "epoch 2 of c began after epoch 7 of a"],
            found.Select(violation => violation.Message));
    }

    [Fact]
    public void Every_checker_is_on_the_list() => Assert.Equal(
        typeof(Checker).Assembly.GetTypes()
            .Where(type => type.GetProperty("Checker")?.PropertyType == typeof(Checker))
            .Select(type => type.Name).Order(StringComparer.Ordinal),
        AllCheckers.List.Select(checker => checker.Name).Order(StringComparer.Ordinal));

    private static void Decides(Checker checker, Operation[] bad, Operation[] good)
    {
        Assert.NotEmpty(checker.Judge(new(bad)));
        Assert.All(checker.Judge(new(bad)), found => Assert.NotEmpty(found.Evidence));
        Assert.Empty(checker.Judge(new(good)));
    }

    private static Instant At(int milliseconds) => new(milliseconds * 1_000_000L);

    private static Operation Do(string who, OperationKind kind, int at, long? epoch = null) =>
        new(who, kind, At(at), Outcome.Ok)
        {
            Ended = At(at) + TimeSpan.FromMilliseconds(1),
            Epoch = epoch is { } number ? new(number) : null,
            Until = kind == Trust ? At(at) + Ttl : null,
        };

    private static Operation Take(string who, long epoch, int at) => Do(who, Acquire, at, epoch) with { Ttl = Ttl };

    private static Operation Believe(string who, long epoch, int from, int until) =>
        Do(who, Trust, from, epoch) with { Until = At(until) };

    private static Operation End(string who, OperationKind kind, int at) => Do("judge", kind, at) with { Subject = who };

    private static Operation Healed(int at, int until) => Do("judge", Heal, at) with { Until = At(until) };

    private static Operation Have(string who, string task, int attempt, int at) =>
        Do(who, Claim, at) with { Subject = task, Attempt = attempt, Claim = $"{attempt}-{who}" };

    private static Operation Tell(string who, OperationKind kind, string task, int attempt, int at) =>
        Do(who, kind, at) with { Subject = task, Attempt = attempt, Claim = $"{attempt}-{who}" };

    private static Operation Requeued(string task, int attempt, int at) =>
        Do("a", Requeue, at, 7) with { Subject = task, Attempt = attempt };

    private static Operation Submitted(string task, int at) => Do("me", Submit, at) with { Subject = task };

    private static Operation AtLast(string task, string status) =>
        Do("store", Settled, 1000) with { Subject = task, Note = status };

    private static Operation Evicted(string agent, int at) => Do("a", Evict, at, 7) with { Subject = agent };

    private static Operation Shown(string face, string? leader, long? epoch, int at) =>
        Do(face, View, at, epoch) with { Subject = leader };
}
