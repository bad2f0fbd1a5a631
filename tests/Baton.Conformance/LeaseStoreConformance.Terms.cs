namespace Baton.Conformance;

public abstract partial class LeaseStoreConformance
{
    [Fact]
    public async Task A_renewal_counts_and_moves_the_row()
    {
        var term = await Win("a-1");
        var before = await Read();
        Clock.Advance(TimeSpan.FromSeconds(1));
        var renewed = await Renew(term);
        Assert.Equal((term.Epoch, term.Holder, 1), (renewed.Epoch, renewed.Holder, renewed.Renewals));
        var view = await Read();
        Assert.False(view.StandsAs(before));
        Assert.Equal((1, Clock.GetUtcNow(), before.BeganAt), (view.Renewals, view.RenewedAt, view.BeganAt));
        Assert.Equal(before.Nonce, view.Nonce);
    }

    [Fact]
    public async Task A_renewal_whose_answer_was_lost_is_repeated_without_harm()
    {
        var term = await Win("a-1");
        await Renew(term);
        var again = await Renew(term);
        Assert.Equal(2, again.Renewals);
        Assert.Equal(2, (await Read()).Renewals);
    }

    [Fact]
    public async Task A_renewal_of_a_lease_that_nobody_took_over_succeeds_though_it_is_late()
    {
        var term = await Win("a-1");
        Clock.Advance(Ttl * 3);
        await Renew(term);
        Assert.Equal(term.Holder, (await Read()).Holder!.Holder);
    }

    [Fact]
    public async Task A_renewal_that_comes_after_the_release_is_refused()
    {
        var term = await Win("a-1");
        await Release(term);
        var refused = Assert.IsType<RenewAnswer.NotYours>(await Store.RenewAsync(term, Cancel));
        Assert.Null(refused.View.Holder);
        Assert.Equal(term.Epoch, refused.View.Epoch);
        Assert.Null((await Read()).Holder);
    }

    [Fact]
    public async Task A_former_leader_renews_nothing()
    {
        var former = await Win("a-1");
        var leader = await Win("b-1", LeaseStanding.RanOut);
        var refused = Assert.IsType<RenewAnswer.NotYours>(await Store.RenewAsync(former, Cancel));
        Assert.Equal((leader.Epoch, leader.Holder), (refused.View.Epoch, refused.View.Holder!.Holder));
        Assert.Equal(0, (await Read()).Renewals);
    }

    [Fact]
    public async Task A_holder_that_leads_again_does_not_renew_its_former_term()
    {
        var former = await Win("a-1");
        var now = await Win("a-1", LeaseStanding.RanOut);
        Assert.IsType<RenewAnswer.NotYours>(await Store.RenewAsync(former, Cancel));
        Assert.IsType<ReleaseAnswer.NotYours>(await Store.ReleaseAsync(former, TermEnd.Released, Cancel));
        await Renew(now);
    }

    [Fact]
    public async Task A_renewal_of_a_lease_that_never_was_is_refused()
    {
        var term = new Term(Main, new(1), new("a-1"), Ttl);
        Assert.Equal(new RenewAnswer.NotYours(LeaseView.Never(Main)), await Store.RenewAsync(term, Cancel));
        Assert.Equal(LeaseView.Never(Main), await Read());
    }

    [Fact]
    public async Task A_renewal_stores_the_witness_that_was_made_anew()
    {
        var term = await Win("a-1");
        var mark = new FileIdentity(7, 8);
        var renewed = await Renew(term with { Witness = mark });
        Assert.Equal(mark, renewed.Witness);
        Assert.Equal(mark, (await Read()).Holder!.Witness);
    }

    [Fact]
    public async Task A_release_clears_the_holder_and_keeps_row_and_epoch()
    {
        var term = await Win("a-1");
        await Renew(term);
        Assert.Equal(new ReleaseAnswer.Released(term.Epoch),
            await Store.ReleaseAsync(term, TermEnd.HandedOver, Cancel));
        var view = await Read();
        Assert.Equal((null, term.Epoch, TermEnd.HandedOver), (view.Holder, view.Epoch, view.EndedBy));
        Assert.Null(view.Expiry);
    }

    [Fact]
    public async Task A_repeated_release_finds_nothing_and_harms_nothing()
    {
        var term = await Win("a-1");
        await Release(term, TermEnd.HandedOver);
        var again = await Store.ReleaseAsync(term, TermEnd.Released, Cancel);
        Assert.Null(Assert.IsType<ReleaseAnswer.NotYours>(again).View.Holder);
        Assert.Equal(TermEnd.HandedOver, Assert.Single(await Terms()).EndedBy);
    }

    [Fact]
    public async Task A_former_leader_can_not_blank_its_successor()
    {
        var former = await Win("a-1");
        var leader = await Win("b-1", LeaseStanding.Died);
        var refused = await Store.ReleaseAsync(former, TermEnd.Released, Cancel);
        Assert.Equal(leader.Holder, Assert.IsType<ReleaseAnswer.NotYours>(refused).View.Holder!.Holder);
        Assert.Equal(leader.Holder, (await Read()).Holder!.Holder);
        Assert.Null((await Terms())[1].EndedBy);
    }

    [Fact]
    public async Task A_stranger_with_the_right_epoch_can_neither_renew_nor_release()
    {
        var term = await Win("a-1");
        var stolen = term with { Holder = new("b-1") };
        Assert.IsType<RenewAnswer.NotYours>(await Store.RenewAsync(stolen, Cancel));
        Assert.IsType<ReleaseAnswer.NotYours>(await Store.ReleaseAsync(stolen, TermEnd.Released, Cancel));
        await Renew(term);
    }

    [Fact]
    public async Task A_revoked_life_loses_its_term_and_is_refused_from_then_on()
    {
        var term = await Win("a-1");
        Assert.Equal(new ReleaseAnswer.Released(term.Epoch), await Store.RevokeAsync(Main, term.Holder, Cancel));
        Assert.Null((await Read()).Holder);
        Assert.Equal(TermEnd.Died, (await Read()).EndedBy);
        Assert.IsType<RenewAnswer.NotYours>(await Store.RenewAsync(term, Cancel));
        var seen = Sight(await Read(), LeaseStanding.Released);
        Assert.IsType<AcquireAnswer.Revoked>(await Try(Stand("a-1", seen)));

        // Only that life: another one of the same name leads.
        Assert.Equal(2, (await Win("a-2")).Epoch.Value);
    }

    [Fact]
    public async Task A_life_that_holds_nothing_can_be_revoked_and_the_leader_stays()
    {
        var leader = await Win("a-1");
        var answer = await Store.RevokeAsync(Main, new("b-1"), Cancel);
        Assert.Equal(leader.Holder, Assert.IsType<ReleaseAnswer.NotYours>(answer).View.Holder!.Holder);
        await Renew(leader);
        var seen = Sight(await Read(), LeaseStanding.RanOut);
        Assert.IsType<AcquireAnswer.Revoked>(await Try(Stand("b-1", seen)));
        Assert.IsType<ReleaseAnswer.NotYours>(await Store.RevokeAsync(Main, new("b-1"), Cancel));
    }

    [Theory]
    [InlineData(LeaseStanding.RanOut, TermEnd.Expired)]
    [InlineData(LeaseStanding.Died, TermEnd.Died)]
    public async Task The_next_term_closes_the_former_one_with_its_reason(LeaseStanding standing, TermEnd end)
    {
        await Win("a-1");
        Clock.Advance(TimeSpan.FromSeconds(10));
        await Win("b-1", standing);
        var terms = await Terms();
        Assert.Equal((end, Clock.GetUtcNow()), (terms[0].EndedBy, terms[0].EndedAt));
        Assert.Equal((null, null, Clock.GetUtcNow()), (terms[1].EndedBy, terms[1].EndedAt, terms[1].BeganAt));
    }

    [Fact]
    public async Task A_reason_that_was_recorded_stays()
    {
        await Release(await Win("a-1"), TermEnd.HandedOver);
        var released = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromSeconds(10));
        await Win("b-1");
        var first = (await Terms())[0];
        Assert.Equal((TermEnd.HandedOver, released), (first.EndedBy, first.EndedAt));
    }

    [Fact]
    public async Task Terms_come_oldest_first_and_only_those_after()
    {
        await Release(await Win("a-1"));
        await Release(await Win("b-1"));
        await Win("c-1", floor: 10);
        var terms = await Terms();
        Assert.Equal([1, 2, 11], terms.Select(term => term.Epoch.Value));
        Assert.Equal(["a-1", "b-1", "c-1"], terms.Select(term => term.Holder.Value));
        Assert.All(terms, term => Assert.Equal(Ttl, term.Ttl));
        Assert.Equal([2, 11], (await Terms(after: 1)).Select(term => term.Epoch.Value));
        Assert.Equal([11], (await Terms(after: 2)).Select(term => term.Epoch.Value));
        Assert.Empty(await Terms(after: 11));
    }

    [Fact]
    public async Task Terms_bear_one_store_id()
    {
        var term = await Win("a-1");
        await Release(await Win("b-1", LeaseStanding.Died));
        Assert.All(await Terms(), recorded => Assert.Equal(term.LeaseStoreId, recorded.LeaseStoreId));
        // By the row a holder that lost its answer finds its term.
        Assert.Equal(term.LeaseStoreId, (await Read()).LeaseStoreId);
    }

    [Fact]
    public async Task Another_process_sees_what_this_one_did()
    {
        var there = Open(Clock, Domain);
        Assert.Equal(LeaseView.Never(Main), await there.ReadAsync(Main, Cancel));
        var term = await Win("a-1");
        Assert.Equal(term.Holder, (await there.ReadAsync(Main, Cancel)).Holder!.Holder);
        await Renew(term);
        Assert.Equal(1, (await there.ReadAsync(Main, Cancel)).Renewals);
        await Release(term);
        Assert.Null((await there.ReadAsync(Main, Cancel)).Holder);
    }

    [Fact]
    public async Task A_watch_begins_with_the_present_view_and_tells_of_what_follows()
    {
        var term = await Win("a-1");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var watch = Store.WatchAsync(Main, end.Token).GetAsyncEnumerator(end.Token);
        try
        {
            Assert.Equal(term.Holder, (await Next(watch)).Holder!.Holder);
            await Renew(term);
            Assert.Equal(1, (await Next(watch)).Renewals);
            await Release(term);
            Assert.Null((await Next(watch)).Holder);
            await Win("b-1");
            Assert.Equal(2, (await Next(watch)).Epoch.Value);
        }
        finally
        {
            await watch.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_watch_ends_when_it_is_cancelled()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var watch = Store.WatchAsync(Main, end.Token).GetAsyncEnumerator(end.Token);
        Assert.Equal(LeaseView.Never(Main), await Next(watch));
        var next = watch.MoveNextAsync().AsTask();
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(TooLong, BootClock.Instance));
        await watch.DisposeAsync();
    }

    [Fact]
    public async Task A_step_that_is_cancelled_before_it_begins_does_not_happen()
    {
        var term = await Win("a-1");
        var before = await Read();
        var cancelled = new CancellationToken(canceled: true);
        var stand = Stand("b-1", Sight(before, LeaseStanding.RanOut));
        await Refused(() => Store.TryAcquireAsync(stand, cancelled).AsTask());
        await Refused(() => Store.RenewAsync(term, cancelled).AsTask());
        await Refused(() => Store.ReleaseAsync(term, TermEnd.Released, cancelled).AsTask());
        await Refused(() => Store.RevokeAsync(Main, term.Holder, cancelled).AsTask());
        Assert.Equal(before, await Read() with { SilentFor = before.SilentFor });

        static Task Refused(Func<Task> step) => Assert.ThrowsAnyAsync<OperationCanceledException>(step);
    }
}
