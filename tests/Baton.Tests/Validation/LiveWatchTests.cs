using Baton.Validation;
using Baton.Work;

namespace Baton.Tests;

/// <summary>Which suspicions a look at a running system takes for faults. Times are milliseconds, the ttl is 1000.</summary>
public sealed class LiveWatchTests
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(1);
    private static readonly DateTimeOffset Noon = new(2026, 2, 3, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_healthy_system_passes_after_little_more_than_a_ttl()
    {
        var (watch, at) = Watch(at => Healthy(at));
        Assert.InRange(at, 1250, 1500);
        Assert.All(watch.ToCriteria(), criterion => Assert.NotEqual(Judgement.Fail, criterion.Result));
        Assert.Equal(6, watch.ToCriteria().Count(criterion => criterion.Result == Judgement.Pass));
        Assert.Equal(12, watch.ToCriteria().Length);
    }

    [Fact]
    public void A_takeover_within_a_ttl_is_no_fault()
    {
        var (watch, _) = Watch(at => at switch
        {
            < 300 => Healthy(at),
            < 1000 => Led(Healthy(at), LeaderState.Died) with { ShownLeading = [] },
            _ => Healthy(at, "b", 8),
        });
        Assert.Empty(Failed(watch));
    }

    [Theory]
    [InlineData(LeaderState.Expired)]
    [InlineData(LeaderState.Died)]
    public void A_lease_that_nobody_takes_over_is_a_fault(LeaderState state)
    {
        var (watch, _) = Watch(at => Led(Healthy(at, renewals: 3), state) with { ShownLeading = [] });
        Assert.Equal(["single-leader", "leader-heartbeat"], Failed(watch));
    }

    [Fact]
    public void A_row_that_stands_still_is_a_fault_though_it_seems_to_have_time()
    {
        var (watch, _) = Watch(at => Healthy(at, renewals: 3));
        Assert.Equal(["leader-heartbeat"], Failed(watch));
    }

    [Fact]
    public void Two_who_claim_one_epoch_are_a_fault()
    {
        var (watch, _) = Watch(at =>
        {
            var sample = Healthy(at);
            var snapshot = sample.Status.Snapshot with { Fence = new(new(7), new("z"), null) };
            return sample with { Status = sample.Status with { Snapshot = snapshot } };
        });
        Assert.Equal(["single-leader"], Failed(watch));
    }

    [Fact]
    public void Two_shown_leaders_are_a_fault()
    {
        var (watch, _) = Watch(at => Healthy(at) with { ShownLeading = ["a", "b"] });
        Assert.Equal(["single-leader", "followers-yield"], Failed(watch));
    }

    [Fact]
    public void An_epoch_that_went_back_is_a_fault_at_once()
    {
        var (watch, _) = Watch(at => Healthy(at, epoch: at < 1000 ? 7 : 6));
        Assert.Contains("epochs-grow", Failed(watch));
    }

    [Fact]
    public void An_election_with_a_lower_epoch_is_a_fault_however_long_ago()
    {
        var (watch, _) = Watch(at => Healthy(at) with
        {
            Elections = [Election(1, "x", 5), Election(2, "y", 4), Election(3, "a", 7)],
        });
        Assert.Equal(["epochs-grow"], Failed(watch));
    }

    [Fact]
    public void An_epoch_of_two_holders_is_a_fault_however_long_ago()
    {
        var (watch, _) = Watch(at => Healthy(at) with
        {
            Elections = [Election(1, "x", 5), Election(2, "a", 7)],
            Terms = [Over(Served("y", 5)), Served("a", 7)],
        });
        Assert.Equal(["single-leader"], Failed(watch));
    }

    [Fact]
    public void A_mark_above_the_lease_is_a_fault()
    {
        var (watch, _) = Watch(at => Healthy(at) with { Mark = new(9) });
        Assert.Equal(["epochs-grow"], Failed(watch));
    }

    [Fact]
    public void The_dead_shown_alive_are_a_fault()
    {
        var (watch, _) = Watch(at => Healthy(at) with { Dead = [new("b")] });
        Assert.Equal(["stale-orchestrators"], Failed(watch));
    }

    [Fact]
    public void Whoever_is_stale_and_stays_is_a_fault()
    {
        var (watch, _) = Watch(at =>
        {
            var sample = Healthy(at);
            var roster = new[] { View("a", Liveness.Alive, true), View("b", Liveness.Stale) };
            return sample with { Status = sample.Status with { Agents = [.. roster] } };
        });
        Assert.Equal(["stale-orchestrators"], Failed(watch));
    }

    [Fact]
    public void A_face_that_says_something_else_is_a_fault_if_it_goes_on_saying_it()
    {
        var lie = new FaceView("status", "z", 7, true);
        Assert.Equal(["views-agree"], Failed(Watch(at => Healthy(at) with { Faces = [lie] }).Watch));
        Assert.Empty(Failed(Watch(at => at is > 300 and < 900 ? Healthy(at) with { Faces = [lie] } : Healthy(at)).Watch));
        // While the leadership moves, the faces may look before and after.
        Assert.DoesNotContain("views-agree", Watch(at => Healthy(at) with { Faces = [lie], IsSteady = false }).Watch
            .ToCriteria().Where(criterion => criterion.Evidence.Any(line => line.Contains("says z", StringComparison.Ordinal)))
            .Select(criterion => criterion.Id));
    }

    [Fact]
    public void A_face_that_cannot_be_read_is_a_fault()
    {
        var (watch, _) = Watch(at => Healthy(at) with { Faces = [new("status", null, null, false) { Trouble = "exit code 1" }] });
        Assert.Equal(["views-agree"], Failed(watch));
    }

    [Fact]
    public void Two_samples_a_ttl_apart_don_t_show_that_something_stood_still()
    {
        var watch = new LiveWatch(Ttl);
        watch.Take(Healthy(0, renewals: 3));
        watch.Take(Healthy(1100, renewals: 3));
        Assert.False(watch.IsDone);
        Assert.DoesNotContain(watch.ToCriteria(), criterion => criterion.Evidence.Any(line =>
            line.Contains("stands still", StringComparison.Ordinal)));
    }

    private static (LiveWatch Watch, int At) Watch(Func<int, LiveSample> sample)
    {
        var watch = new LiveWatch(Ttl);
        var at = 0;
        for (; !watch.IsDone; at += 100)
        {
            Assert.InRange(at, 0, 10_000);
            watch.Take(sample(at));
        }

        return (watch, at);
    }

    private static string[] Failed(LiveWatch watch) => [.. watch.ToCriteria()
        .Where(criterion => criterion.Result == Judgement.Fail).Select(criterion => criterion.Id)];

    private static LiveSample Healthy(int at, string holder = "a", long epoch = 7, long? renewals = null)
    {
        var lease = new LeaseView(ElectionName.Main, new(epoch))
        {
            Holder = new(new(holder)) { Pid = 1 },
            Renewals = renewals ?? at / 100,
            Ttl = Ttl,
        };
        var snapshot = new Snapshot(ElectionName.Main, 1, new(new(epoch), new(holder), null))
        {
            Tasks = new(0, 0, 0, 0, 0, 0, 0),
            Cleanup = new(0, 0, 0, null),
        };
        var leader = new LeaderStatus(LeaderState.Leading) { Id = new(holder), Epoch = new(epoch), Host = "h", Pid = 1 };
        return new(new(at * 1_000_000L), lease, new(ElectionName.Main, "memory", Noon, leader, snapshot)
        {
            Leases = "memory",
            Agents = [View("a", Liveness.Alive, holder == "a"), View("b", Liveness.Alive, holder == "b")],
        })
        {
            Terms = [Served(holder, epoch)],
            Elections = [Election(1, holder, epoch)],
            Mark = new(epoch),
            IsSteady = true,
            Faces = [new("status", holder, epoch, true)],
            ShownAlive = ["a", "b"],
            ShownLeading = [holder],
            EvictionsCounted = 0,
            EvictionsListed = 0,
        };
    }

    private static LiveSample Led(LiveSample sample, LeaderState state) => sample with
    {
        Status = sample.Status with { Leader = sample.Leader with { State = state } },
        Faces = [.. sample.Faces.Select(face => face with { IsLeading = false })],
    };

    private static AgentView View(string id, Liveness liveness, bool leads = false) =>
        new(new(new(id), id, Agent.OrchestratorRole), liveness, leads, null);

    private static Term Served(string holder, long epoch) => new(ElectionName.Main, new(epoch), new(holder), Ttl);

    private static Term Over(Term term) => term with { EndedAt = Noon, EndedBy = TermEnd.Released };

    private static WorkEvent Election(long seq, string holder, long epoch) =>
        new(seq, Noon, new(EventType.LeaderElected, holder, holder, "leads", new(epoch)));
}
