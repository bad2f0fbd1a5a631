namespace Baton.Tests;

/// <summary>How often a follower asks a store that does not answer.</summary>
public sealed partial class MachineTests
{
    private const int Long = 12;

    [Fact]
    public void A_remote_store_that_is_silent_is_asked_ever_less_often_and_not_by_all_at_once()
    {
        var remote = Timers with { IsRemote = true };
        var pauses = Pauses(remote);
        Assert.All(pauses.Index(), pause =>
        {
            var most = remote.RetryEvery * Math.Pow(2, pause.Index + 1);
            most = most < remote.Ttl ? most : remote.Ttl;
            Assert.InRange(pause.Item, most / 2, most);
        });
        Assert.True(pauses[^1] >= remote.Ttl / 2);
        Assert.NotEqual(pauses, Pauses(remote with { Self = new("self-2") }));
    }

    [Fact]
    public void A_store_of_this_host_is_asked_again_at_once_however_long_it_was_silent() =>
        Assert.All(Pauses(Timers), pause => Assert.Equal(Timers.RetryEvery, pause));

    [Fact]
    public void One_answer_ends_the_pauses_and_hints_count_again()
    {
        var remote = Timers with { IsRemote = true };
        var state = Silent(remote, out var now);
        Assert.Equal(state.NextAt, Step(remote, state, new ElectionInput.Hint(Nobody), now).NextAt);
        state = Step(remote, state, new ElectionInput.Tick(), now = state.NextAt);
        state = Step(remote, state, new ElectionInput.Saw(state.InFlight!.Number, Mine(9) with { Epoch = new(3) }, false), now);
        Assert.Equal(0, state.Silences);
        Assert.Equal(now, Step(remote, state, new ElectionInput.Hint(Nobody), now).NextAt);
    }

    private static ElectionState Step(ElectionTimers timers, ElectionState state, ElectionInput input, Instant now) =>
        ElectionMachine.Step(timers, state, input, now).State;

    private static List<TimeSpan> Pauses(ElectionTimers timers)
    {
        var pauses = new List<TimeSpan>();
        Silent(timers, out _, pauses);
        return pauses;
    }

    /// <summary>Looks again and again, without an answer.</summary>
    private static ElectionState Silent(ElectionTimers timers, out Instant now, List<TimeSpan>? pauses = null)
    {
        var state = ElectionState.Begin(now = Start);
        for (var look = 0; look < Long; look++)
        {
            state = Step(timers, state, new ElectionInput.Tick(), now = state.NextAt);
            state = Step(timers, state, new ElectionInput.Tick(), now += timers.AttemptTimeout);
            state = Step(timers, state,
                new ElectionInput.AttemptFailed(state.InFlight!.Number, StoreFault.Busy, "silent", false), now);
            pauses?.Add(state.NextAt - now);
        }

        return state;
    }
}
