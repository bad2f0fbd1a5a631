namespace Baton.Tests;

public sealed class LeaderElectionTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(6);

    private readonly Stage _stage = new();

    [Fact]
    public async Task One_candidate_leads_renews_and_gives_back_when_it_is_stopped()
    {
        await using var actor = _stage.Enter("a-1").Run();
        var leadership = await actor.Leads();
        Assert.Equal((1, true), (leadership.Epoch.Value, leadership.IsValid));
        for (var round = 1; round <= 10; round++)
        {
            await Renewal(round);
            Assert.True(leadership.IsValid);
            Assert.False(leadership.IsAtRisk);
        }

        await actor.Stop();
        Assert.False(leadership.IsValid);
        Assert.Equal(LossReason.Resigned, leadership.LossReason);
        var row = await _stage.Row();
        Assert.Equal((null, 1, TermEnd.Released), (row.Holder, row.Epoch.Value, row.EndedBy));
        await actor.Running;
    }

    [Fact]
    public async Task An_election_runs_once()
    {
        await using var actor = _stage.Enter("a-1").Run();
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => actor.Election.RunAsync(_ => Task.CompletedTask, CancellationToken.None));
    }

    [Fact]
    public async Task A_store_that_hangs_ends_the_leadership_at_its_deadline_and_not_before()
    {
        await using var actor = _stage.Enter("a-1").Run();
        var leadership = await actor.Leads();
        _stage.Store.Before = cancel => new(Task.Delay(Timeout.InfiniteTimeSpan, _stage.Clock, cancel));
        await LosesAtTheDeadline(actor, leadership);
    }

    [Fact]
    public async Task A_store_that_hangs_and_ignores_every_cancellation_ends_it_all_the_same()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var actor = _stage.Enter("a-1").Run();
        var leadership = await actor.Leads();
        _stage.Store.Before = _ => new(never.Task);
        await LosesAtTheDeadline(actor, leadership);
        never.SetResult();
    }

    [Fact]
    public async Task A_store_that_fails_ends_the_leadership_at_its_deadline_and_not_before()
    {
        await using var actor = _stage.Enter("a-1").Run();
        var leadership = await actor.Leads();
        _stage.Store.Before = _ => throw new StoreUnavailableException(StoreFault.Unreachable, "down");
        await LosesAtTheDeadline(actor, leadership);
    }

    [Fact]
    public async Task A_process_that_was_frozen_sees_at_its_first_look_that_it_leads_no_more()
    {
        await using var actor = _stage.Enter("a-1").Run();
        var leadership = await actor.Leads();
        Assert.True(leadership.IsValid);
        _stage.Clock.Advance(Ttl);
        Assert.False(leadership.IsValid);
        Assert.True(leadership.IsAtRisk);
        Assert.Equal(LossReason.Expired, (await actor.IsTold<ElectionEvent.Demoted>()).Reason);
        Assert.Equal(2, (await actor.Leads()).Epoch.Value);
        Assert.False(leadership.IsValid);
    }

    [Fact]
    public void What_was_once_seen_to_be_over_is_not_extended()
    {
        var term = new Term(ElectionName.Main, new(1), new("a-1"), Ttl);
        var leadership = new Leadership(term, Epoch.None, _stage.Now + Ttl, _stage.Now + Ttl, _stage.Clock, _ => { });
        leadership.Extend(_stage.Now + (Ttl * 2), _stage.Now + Ttl);
        _stage.Clock.Advance(Ttl);
        Assert.True(leadership.IsValid);
        _stage.Clock.Advance(Ttl);
        Assert.False(leadership.IsValid);
        leadership.Extend(_stage.Now + Ttl, _stage.Now + Ttl);
        Assert.False(leadership.IsValid);
        Assert.True(leadership.Withdraw(LossReason.Expired));
        Assert.False(leadership.Withdraw(LossReason.Fenced));
    }

    [Fact]
    public async Task A_drain_that_blocks_its_thread_keeps_nobody_from_renewing()
    {
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var actor = _stage.Enter("a-1");
        actor.Work = async leadership =>
        {
            // Whoever completes this runs what awaits it, as most cancellations do.
            var lost = new TaskCompletionSource();
            leadership.Lost.Register(lost.SetResult);
            await lost.Task.ConfigureAwait(false);
            enough.Task.Wait(CancellationToken.None);
        };
        actor.Run();
        var leadership = await actor.Leads();
        leadership.Resign();
        await _stage.Until(() => !leadership.IsValid, Ttl / 3);
        var renewals = _stage.Store.Renewals;
        try
        {
            await _stage.Until(() => _stage.Store.Renewals >= renewals + 3, Ttl);
        }
        finally
        {
            enough.SetResult();
        }

        Assert.Equal(TermEnd.HandedOver, (await actor.IsTold<ElectionEvent.Released>()).Reason);
    }

    [Fact]
    public async Task Who_resigned_stands_back_for_one_ttl()
    {
        await using var actor = _stage.Enter("a-1").Run();
        var leadership = await actor.Leads();
        var asked = _stage.Now;
        leadership.Resign();
        Assert.Equal(TermEnd.HandedOver, (await actor.IsTold<ElectionEvent.Released>()).Reason);
        Assert.False(leadership.IsValid);
        Assert.Equal(TermEnd.HandedOver, (await _stage.Row()).EndedBy);
        Assert.Equal(2, (await actor.Leads()).Epoch.Value);
        Assert.True(_stage.Now - asked >= Ttl);
    }

    [Fact]
    public async Task Who_resigned_and_is_alone_may_be_told_to_campaign_at_once()
    {
        await using var actor = _stage.Enter("a-1").Run();
        (await actor.Leads()).Resign();
        await actor.IsTold<ElectionEvent.Released>();
        var released = _stage.Now;
        actor.Election.Campaign();
        await actor.Leads();
        Assert.True(_stage.Now - released < Ttl);
    }

    [Fact]
    public async Task Work_that_returns_hands_over()
    {
        await using var actor = _stage.Enter("a-1");
        actor.Work = _ => Task.CompletedTask;
        actor.Run();
        Assert.Equal(TermEnd.HandedOver, (await actor.IsTold<ElectionEvent.Released>()).Reason);
    }

    [Fact]
    public async Task Work_that_throws_ends_the_election_after_giving_the_lease_back()
    {
        await using var actor = _stage.Enter("a-1");
        actor.Work = _ => throw new InvalidDataException("a bug");
        actor.Run();
        await actor.Ended();
        await Assert.ThrowsAsync<InvalidDataException>(() => actor.Running);
        Assert.Null((await _stage.Row()).Holder);
    }

    [Fact]
    public async Task An_observer_that_throws_ends_the_election_and_its_leadership()
    {
        Leadership? granted = null;
        var election = new LeaderElection(_stage.Store, new()
        {
            Candidate = new(new HolderId("a-1")),
            Clock = _stage.Clock,
            ClockDomain = _stage.Domain,
            Observer = told => _ = told is ElectionEvent.Elected ? throw new InvalidDataException("a bug") : 0,
        });
        var running = election.RunAsync(leadership => Lost(granted = leadership), CancellationToken.None);
        await Assert.ThrowsAsync<InvalidDataException>(() => running.WaitAsync(
            TimeSpan.FromSeconds(60), BootClock.Instance, TestContext.Current.CancellationToken));
        Assert.False(granted!.IsValid);

        static Task Lost(Leadership leadership)
        {
            var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            leadership.Lost.Register(lost.SetResult);
            return lost.Task;
        }
    }

    [Fact]
    public async Task Work_that_overstays_is_told_of_and_nothing_is_campaigned_for_before_it_is_back()
    {
        var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var actor = _stage.Enter("a-1");
        actor.Work = _ => back.Task;
        actor.Run();
        var leadership = await actor.Leads();
        _stage.Store.Before = _ => throw new StoreUnavailableException(StoreFault.Unreachable, "down");
        Assert.Equal(leadership.Epoch, (await actor.IsTold<ElectionEvent.Overstayed>()).Term.Epoch);
        _stage.Store.Before = _ => ValueTask.CompletedTask;
        await using var other = _stage.Enter("b-1").Run();
        Assert.Equal(2, (await other.Leads()).Epoch.Value);
        var acquires = _stage.Store.Acquires;
        await other.Stop();

        // The lease is vacant and time goes on, but the work is still out.
        _stage.Clock.Advance(Ttl * 2);
        Assert.Equal(acquires, _stage.Store.Acquires);
        actor.Work = _ => Task.CompletedTask;
        back.SetResult();
        Assert.Equal(3, (await actor.Leads()).Epoch.Value);
    }

    [Fact]
    public async Task A_fenced_leader_ends_and_comes_back_above_the_fence()
    {
        var mark = new VolatileMark();
        await using var actor = _stage.Enter("a-1", mark);
        var usual = actor.Work;
        actor.Work = leadership => leadership.Epoch.Value == 1
            ? throw new FencedException(leadership.Epoch, new(40))
            : usual(leadership);
        actor.Run();
        var leadership = await actor.Leads();
        Assert.Equal(LossReason.Fenced, (await actor.IsTold<ElectionEvent.Demoted>()).Reason);
        Assert.Equal((false, LossReason.Fenced), (leadership.IsValid, leadership.LossReason));
        Assert.Equal(41, (await actor.Leads()).Epoch.Value);
        Assert.Equal(new Epoch(41), mark.Read(ElectionName.Main));
    }

    [Fact]
    public async Task Nobody_leads_with_an_epoch_that_was_handed_out_while_it_was_asked_for()
    {
        var mark = new VolatileMark();
        await using var actor = _stage.Enter("a-1", mark);
        // As a request that is under way while the store is put back: its floor is an old one.
        _stage.Store.Before = _ =>
        {
            if (_stage.Store.Acquires == 1)
            {
                mark.Raise(ElectionName.Main, new(7));
            }

            return ValueTask.CompletedTask;
        };
        actor.Run();

        Assert.Equal(new Epoch(8), (await actor.Leads()).Epoch);
    }

    [Fact]
    public async Task Nobody_leads_where_the_mark_can_not_be_written()
    {
        await using var actor = _stage.Enter("a-1", new FullMark()).Run();
        Assert.Equal(StoreFault.Mark, (await actor.IsTold<ElectionEvent.StoreFailing>()).Code);
        await actor.IsTold<ElectionEvent.Released>();
        Assert.Null((await _stage.Row()).Holder);

        // Another one, whose mark can be written, leads meanwhile.
        await using var other = _stage.Enter("b-1").Run();
        Assert.Equal(2, (await other.Leads()).Epoch.Value);
    }

    [Fact]
    public async Task Of_two_one_leads_and_the_other_follows_when_it_stops()
    {
        await using var first = _stage.Enter("a-1").Run();
        var leads = await first.Leads();
        await using var second = _stage.Enter("b-1").Run();
        var seen = await second.IsTold<ElectionEvent.Following>();
        Assert.Equal(("a-1", LeaseStanding.Held), (seen.View.Holder!.Holder.Value, seen.Standing));
        await first.Stop();
        Assert.Equal(2, (await second.Leads()).Epoch.Value);
        Assert.False(leads.IsValid);
    }

    private async Task LosesAtTheDeadline(Actor actor, Leadership leadership)
    {
        var until = leadership.TrustedUntil;
        var lost = new TaskCompletionSource<Instant>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var waiting = leadership.Lost.Register(() => lost.SetResult(_stage.Now));
        Assert.True(await _stage.Until(lost.Task) >= until);
        Assert.Equal((false, LossReason.Expired), (leadership.IsValid, leadership.LossReason));
        Assert.False(actor.Running.IsCompleted);
    }

    private Task Renewal(int atLeast) => _stage.Until(() => _stage.Store.Renewals >= atLeast, Ttl / 3);

    private sealed class FullMark : HighWaterMark
    {
        public override Epoch Read(ElectionName election) => Epoch.None;

        public override Epoch Raise(ElectionName election, Epoch epoch) =>
            throw new StoreUnavailableException(StoreFault.Mark, "no space");
    }
}
