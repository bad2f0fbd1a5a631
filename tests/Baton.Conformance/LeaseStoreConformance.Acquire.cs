namespace Baton.Conformance;

public abstract partial class LeaseStoreConformance
{
    [Fact]
    public async Task A_lease_that_nobody_ever_held_reads_as_never()
    {
        Assert.Equal(LeaseView.Never(Main), await Read());
        Assert.Empty(await Terms());
    }

    [Fact]
    public async Task The_traits_name_the_kind_and_can_be_kept()
    {
        Assert.Matches("^[a-z]+$", Store.Traits.Name);
        Assert.True(Store.Traits.MinimumTtl > TimeSpan.Zero);
        Assert.True(Store.Traits.PollEvery > TimeSpan.Zero);
        Assert.True(Store.Traits.PollEvery < Store.Traits.MinimumTtl);
        Assert.Equal(Epoch.None, (await Read()).Epoch);
    }

    [Fact]
    public async Task The_first_term_has_epoch_one_and_all_that_the_candidate_said_of_itself()
    {
        var candidate = Named("a-1") with
        {
            Host = "h1",
            Pid = 42,
            ProcessStart = 4711,
            Witness = new FileIdentity(3, 5),
        };
        var answer = await Try(new(Main, candidate, Ttl, Epoch.None, 9, new(Epoch.None, 0, LeaseStanding.None)));
        var won = Assert.IsType<AcquireAnswer.Acquired>(answer);
        Assert.Equal(Epoch.None, won.KnownBefore);
        Assert.Equal((Main, new Epoch(1), candidate.Holder, Ttl),
            (won.Term.Election, won.Term.Epoch, won.Term.Holder, won.Term.Ttl));
        Assert.Equal(("h1", 42, candidate.Witness), (won.Term.Host, won.Term.Pid, won.Term.Witness));
        Assert.Equal((0, null, null), (won.Term.Renewals, won.Term.EndedAt, won.Term.EndedBy));

        var view = await Read();
        Assert.Equal(candidate, view.Holder);
        Assert.Equal((new Epoch(1), 0, 9, Ttl), (view.Epoch, view.Renewals, view.Nonce, view.Ttl));
        Assert.Equal((Clock.GetUtcNow(), Clock.GetUtcNow()), (view.BeganAt, view.RenewedAt));
        Assert.Null(view.EndedBy);
    }

    [Fact]
    public async Task A_lease_expires_no_earlier_than_its_ttl_after_the_acquire_and_after_each_renewal()
    {
        var term = await Win("a-1");
        await ExpiresAfterTtl();
        Clock.Advance(TimeSpan.FromSeconds(2));
        await Renew(term);
        await ExpiresAfterTtl();

        async Task ExpiresAfterTtl()
        {
            // A store whose hosts share no clock gives no expiry: then followers wait.
            if ((await Read()).Expiry is { } expiry)
            {
                Assert.Equal(Domain, expiry.Domain);
                Assert.Equal(Instant.Of(Clock) + Ttl, expiry.At);
            }
        }
    }

    [Theory]
    [InlineData(TermEnd.Released)]
    [InlineData(TermEnd.HandedOver)]
    [InlineData(TermEnd.Lost)]
    public async Task Epochs_grow_through_a_release(TermEnd reason)
    {
        var first = await Win("a-1");
        await Release(first, reason);
        Assert.Equal(2, (await Win("b-1")).Epoch.Value);
    }

    [Theory]
    [InlineData(LeaseStanding.RanOut)]
    [InlineData(LeaseStanding.Died)]
    public async Task Epochs_grow_through_silence_and_death(LeaseStanding standing)
    {
        await Win("a-1");
        Assert.Equal(2, (await Win("b-1", standing)).Epoch.Value);
        Assert.Equal(3, (await Win("a-1", standing)).Epoch.Value);
    }

    [Fact]
    public async Task Epochs_grow_through_a_revoke()
    {
        var term = await Win("a-1");
        Assert.Equal(new ReleaseAnswer.Released(term.Epoch), await Store.RevokeAsync(Main, term.Holder, Cancel));
        Assert.Equal(2, (await Win("b-1")).Epoch.Value);
    }

    [Fact]
    public async Task A_floor_lifts_the_epoch_and_the_store_tells_what_it_knew_before()
    {
        var view = await Read();
        var answer = await Try(Stand("a-1", Sight(view, LeaseStanding.None), floor: 41));
        var won = Assert.IsType<AcquireAnswer.Acquired>(answer);
        Assert.Equal((42, 0), (won.Term.Epoch.Value, won.KnownBefore.Value));
        await Release(won.Term);

        // A floor below the row changes nothing.
        answer = await Try(Stand("b-1", Sight(await Read(), LeaseStanding.Released), floor: 7));
        won = Assert.IsType<AcquireAnswer.Acquired>(answer);
        Assert.Equal((43, 42), (won.Term.Epoch.Value, won.KnownBefore.Value));
    }

    [Fact]
    public async Task A_lease_that_is_said_to_be_held_is_never_taken()
    {
        await Win("a-1");
        var view = await Read();
        var held = Assert.IsType<AcquireAnswer.Held>(await Try(Stand("b-1", Sight(view, LeaseStanding.Held))));
        Assert.Equal(view, held.View with { SilentFor = view.SilentFor });
        Assert.Equal(view, await Read() with { SilentFor = view.SilentFor });
    }

    [Theory]
    [InlineData(LeaseStanding.None)]
    [InlineData(LeaseStanding.Released)]
    public async Task A_held_lease_is_not_taken_by_who_believes_it_vacant(LeaseStanding believed)
    {
        await Win("a-1");
        var view = await Read();
        Assert.IsType<AcquireAnswer.Held>(await Try(Stand("b-1", Sight(view, believed))));
        Assert.Equal(view, await Read() with { SilentFor = view.SilentFor });
    }

    [Theory]
    [InlineData(LeaseStanding.RanOut)]
    [InlineData(LeaseStanding.Died)]
    public async Task A_lease_that_was_renewed_since_it_was_seen_is_not_taken(LeaseStanding standing)
    {
        var term = await Win("a-1");
        var seen = Sight(await Read(), standing);
        await Renew(term);
        var held = Assert.IsType<AcquireAnswer.Held>(await Try(Stand("b-1", seen)));
        Assert.Equal(1, held.View.Renewals);
        Assert.Equal(term.Holder, (await Read()).Holder!.Holder);
    }

    [Fact]
    public async Task A_lease_that_changed_hands_since_it_was_seen_is_not_taken()
    {
        var first = await Win("a-1");
        await Release(first);
        var seen = Sight(await Read(), LeaseStanding.Released);
        var second = await Win("b-1");
        var held = Assert.IsType<AcquireAnswer.Held>(await Try(Stand("c-1", seen)));
        Assert.Equal(second.Epoch, held.View.Epoch);

        await Release(second);
        Assert.IsType<AcquireAnswer.Held>(await Try(Stand("c-1", seen)));
    }

    [Fact]
    public async Task Of_two_candidates_with_the_same_sighting_one_wins()
    {
        var seen = Sight(await Read(), LeaseStanding.None);
        Assert.IsType<AcquireAnswer.Acquired>(await Try(Stand("a-1", seen)));
        var held = Assert.IsType<AcquireAnswer.Held>(await Try(Stand("b-1", seen)));
        Assert.Equal("a-1", held.View.Holder!.Holder.Value);
    }

    [Fact]
    public async Task Of_many_candidates_at_once_one_wins_each_round()
    {
        const int candidates = 6;
        const int rounds = 15;
        var stores = Enumerable.Range(0, candidates).Select(_ => Open(Clock, Domain)).ToArray();
        for (var round = 1; round <= rounds; round++)
        {
            var seen = Sight(await Read(), round == 1 ? LeaseStanding.None : LeaseStanding.RanOut);
            using var start = new Barrier(candidates);
            var answers = await Task.WhenAll(stores.Select((store, number) =>
            {
                var candidacy = Stand($"c-{number}", seen);
                return OnThreadOfItsOwn(async () =>
                {
                    Assert.True(start.SignalAndWait(TooLong));
                    return await Try(candidacy, store);
                });
            }));
            var won = Assert.Single(answers.OfType<AcquireAnswer.Acquired>());
            Assert.Equal(round, won.Term.Epoch.Value);
            Assert.All(answers.OfType<AcquireAnswer.Held>(),
                held => Assert.Equal(won.Term.Holder, held.View.Holder!.Holder));
            Assert.Equal(candidates - 1, answers.OfType<AcquireAnswer.Held>().Count());
        }

        Assert.Equal(Enumerable.Range(1, rounds).Select(n => (long)n), (await Terms()).Select(t => t.Epoch.Value));
    }

    [Fact]
    public async Task A_repeated_acquire_finds_its_own_term_by_its_number()
    {
        var candidacy = Stand("a-1", Sight(await Read(), LeaseStanding.None));
        var first = Assert.IsType<AcquireAnswer.Acquired>(await Try(candidacy)).Term;
        var again = Assert.IsType<AcquireAnswer.Acquired>(await Try(candidacy)).Term;
        Assert.Equal((first.Epoch, first.Holder), (again.Epoch, again.Holder));
        Assert.Single(await Terms());
        Assert.Equal(candidacy.Nonce, (await Read()).Nonce);

        // The number of another candidate is another number.
        var other = candidacy with { Candidate = Named("b-1") };
        Assert.IsType<AcquireAnswer.Held>(await Try(other));
    }

    [Fact]
    public async Task A_repeated_acquire_does_not_revive_a_term_that_ended()
    {
        var candidacy = Stand("a-1", Sight(await Read(), LeaseStanding.None));
        var term = Assert.IsType<AcquireAnswer.Acquired>(await Try(candidacy)).Term;
        await Release(term);
        Assert.IsType<AcquireAnswer.Held>(await Try(candidacy));
        Assert.Null((await Read()).Holder);
    }

    [Fact]
    public async Task Elections_are_independent()
    {
        var other = new ElectionName("other");
        await Win("a-1", floor: 10);
        var term = await Win("a-1", election: other);
        Assert.Equal(1, term.Epoch.Value);
        await Release(term);
        await Store.RevokeAsync(other, term.Holder, Cancel);
        Assert.Equal(11, (await Read()).Epoch.Value);
        Assert.NotNull((await Read()).Holder);
        Assert.Single(await Terms());
        Assert.Null(Assert.Single(await Terms()).EndedBy);
        Assert.Single(await Terms(election: other));
        Assert.Equal(other, Assert.Single(await Terms(election: other)).Election);
    }

    /// <summary>A store may complete on the calling thread; a race needs real threads then.</summary>
    private static Task<T> OnThreadOfItsOwn<T>(Func<Task<T>> run) =>
        Task.Factory.StartNew(run, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
}
