using Baton.Validation;
using static Baton.Validation.OperationKind;

namespace Baton.Tests;

/// <summary>A drill that can't fail proves nothing: what each one makes of recordings that do not show its promise.</summary>
public sealed class DrillVerdictTests
{
    private static readonly DrillOrder Order = new("r1", ".");

    public static TheoryData<string> Drills => [.. DrillRun.Criteria];

    [Theory]
    [MemberData(nameof(Drills))]
    public void Nothing_recorded_is_a_failure(string id) => Assert.Equal(Judgement.Fail, Conclude(id).Result);

    [Theory]
    [MemberData(nameof(Drills))]
    public void Two_that_believe_at_once_fail_every_criterion(string id) => Assert.Contains(
        Conclude(id, Reign("a", 1, 0, 1000), Reign("b", 2, 500, 1500)).Evidence,
        line => line.StartsWith("FAILED: TrustEndsBeforeLease", StringComparison.Ordinal));

    [Theory]
    [InlineData(false, Judgement.Pass)]
    [InlineData(true, Judgement.Fail)]
    public void A_former_leader_that_acts_after_it_was_woken_is_not_harmless(bool acts, Judgement due) =>
        Assert.Equal(due, Conclude("frozen-leader",
        [
            .. Frozen("a", 1, "b", 0, acts), .. Frozen("c", 3, "d", 10_000, acts),
        ]).Result);

    [Theory]
    [InlineData(1, Judgement.Pass)]
    [InlineData(0, Judgement.Fail)]
    [InlineData(2, Judgement.Fail)]
    public void A_dead_workers_task_is_requeued_once(int times, Judgement due) => Assert.Equal(due, Conclude("orphaned-tasks",
    [
        On("a", Acquire, 0) with { Epoch = new(1) }, On("w1", Claim, 0, "orphan", 1), On("validate", Kill, 10, "w1"),
        .. Enumerable.Repeat(On("a", Requeue, 20, "orphan", 1) with { Epoch = new(1) }, times),
        On("w2", Claim, 30, "orphan", 2), On("1-x", Complete, 40, "orphan", 1) with { Outcome = Outcome.Refused },
        On("2-x", Complete, 50, "orphan", 2),
    ]).Result);

    [Fact]
    public void A_late_word_that_is_accepted_fails() => Assert.Equal(Judgement.Fail, Conclude("orphaned-tasks",
        On("a", Acquire, 0) with { Epoch = new(1) }, On("w1", Claim, 0, "orphan", 1),
        On("validate", Kill, 10, "w1"), On("a", Requeue, 20, "orphan", 1) with { Epoch = new(1) },
        On("w2", Claim, 30, "orphan", 2),
        On("1-x", Complete, 40, "orphan", 1), On("2-x", Complete, 50, "orphan", 2)).Result);

    [Theory]
    [InlineData("dead", 1, Judgement.Pass)]
    [InlineData("living", 1, Judgement.Fail)]
    [InlineData("dead", 9, Judgement.Fail)]
    public void Only_the_dead_are_evicted_and_by_a_leader(string whom, long epoch, Judgement due) =>
        Assert.Equal(due, Conclude("stale-orchestrators",
            On("a", Acquire, 0) with { Epoch = new(1) }, On("dead", Register, 0), On("living", Register, 0),
            Reign("a", 1, 5, 1000),
            On("validate", Kill, 10, "dead") with { Note = "kill -9 of a follower" },
            On("a", Evict, 20, whom) with { Epoch = new(epoch) }).Result);

    [Theory]
    [InlineData(300, Judgement.Pass)]
    [InlineData(2500, Judgement.Fail)]
    public void A_renewal_that_does_not_come_fails(int gap, Judgement due) => Assert.Equal(due, Conclude("leader-heartbeat",
    [
        Reign("a", 1, 0, 30_000),
        .. Enumerable.Range(0, (23_000 / gap) + 1).Select(n => On("a", Renew, n * gap) with { Epoch = new(1) }),
    ]).Result);

    [Theory]
    [InlineData(1, Judgement.Pass)]
    [InlineData(2, Judgement.Fail)]
    public void More_than_one_leader_in_a_round_fails(int leaders, Judgement due)
    {
        var operations = new List<Operation>();
        for (var round = 0; round < 5; round++)
        {
            operations.Add(On("validate", Start, round * 1000, "round") with { Note = $"round {round + 1}" });
            operations.AddRange(Enumerable.Range(0, leaders)
                .Select(n => (Epoch: (round * 10) + n + 1, From: (round * 1000) + 100 + (n * 300)))
                .Select(term => Reign($"a{term.Epoch}", term.Epoch, term.From, term.From + 200)));
        }

        Assert.Equal(due, Conclude("single-leader", [.. operations]).Result);
    }

    [Fact]
    public void Views_that_name_two_leaders_of_one_epoch_fail()
    {
        string[] faces = ["status", "leader", "agent list", "events", "monitor", "mcp"];
        Operation[] looks = [.. faces.SelectMany(face => (Operation[])[See(face, 0, "a", 1), See(face, 100, "b", 2)])];

        Assert.Equal(Judgement.Pass, Conclude("views-agree", looks).Result);
        Assert.Equal(Judgement.Fail, Conclude("views-agree", [.. looks[..^1], See("mcp", 100, "c", 2)]).Result);
        Assert.Equal(Judgement.Fail, Conclude("views-agree", looks[..^1]).Result);

        static Operation See(string face, int at, string who, long epoch) =>
            On(face, View, at, who) with { Epoch = new(epoch), Note = "elected" };
    }

    private static Operation[] Frozen(string who, long epoch, string next, int at, bool acts) =>
    [
        Reign(who, epoch, at, at + 1000), On("validate", Freeze, at + 100, who) with { Epoch = new(epoch) },
        Reign(next, epoch + 1, at + 2000, at + 9000),
        On(who, Write, at + 2100) with { Epoch = new(epoch), Outcome = Outcome.Refused },
        On("validate", Thaw, at + 2200, who) with { Epoch = new(epoch) },
        .. acts ? [On(who, Effect, at + 2300) with { Epoch = new(epoch) }] : Array.Empty<Operation>(),
        On(who, Yield, at + 2400) with { Epoch = new(epoch) },
    ];

    private static Criterion Conclude(string id, params Operation[] operations) =>
        Drill.All.Single(drill => drill.Id == id).Conclude(new(operations), new(), Order);

    private static Operation Reign(string who, long epoch, int from, int until) =>
        On(who, Trust, from) with { Epoch = new(epoch), Until = At(until) };

    private static Operation On(string who, OperationKind kind, int at, string? subject = null, int? attempt = null) =>
        new(who, kind, At(at), Outcome.Ok)
        {
            Ended = At(at + 1), Subject = subject, Attempt = attempt, Claim = attempt is null ? null : $"{attempt}-x",
        };

    private static Instant At(int milliseconds) => new(milliseconds * 1_000_000L);
}
