using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Conformance;

/// <summary>What a task demands to be shown before it is completed, and what was shown.</summary>
public abstract partial class WorkStoreConformance
{
    private CheckEvidence Seen(string command, int exitCode = 0) =>
        new(command, exitCode, Now, TimeSpan.FromMilliseconds(1234), new('a', 64), 17)
        {
            OutputTail = ["it's \"ünï\"", "\u0000\u001b[1m"],
        };

    [Fact]
    public async Task A_completion_keeps_its_evidence()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1") with { Checks = ["make test"] });
        ImmutableArray<CheckEvidence> evidence = [Seen("make test"), Seen("test -s out")];
        var (_, claim) = await ClaimAsync("w-1");
        var done = await SettleAsync(claim, new Settlement.Complete("ok") { Evidence = evidence });

        Assert.Equal(DurableTaskStatus.Completed, done.Status);
        Assert.Equal(WorkJson.Evidence(evidence), WorkJson.Evidence((await TaskAsync("t1")).Evidence));
        await EditAsync("t1", new TaskEdit.Note("later"));
        var kept = await TaskAsync("t1");
        Assert.Equal(WorkJson.Evidence(evidence), WorkJson.Evidence(kept.Evidence));
        Assert.Equal(["make test"], kept.Checks.AsEnumerable());
        var told = (await LogAsync()).Single(told => told.Draft.Type == EventType.TaskCompleted).Draft.Data!;
        Assert.Equal(WorkJson.Evidence(evidence), WorkJson.Evidence(told.Evidence!.Value));
        Assert.Equal(1, told.Attempt);
    }

    [Fact]
    public async Task A_completion_without_proof_is_refused_and_changes_nothing()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1") with { Checks = ["make test", "make lint"] }, New("t2", "t1"));
        var (_, claim) = await ClaimAsync("w-1");
        var before = (Task: await TaskAsync("t1"), (await LookAsync()).Seq);
        foreach (var evidence in (ImmutableArray<CheckEvidence>[])
        [
            [], [Seen("make test")], [Seen("make test"), Seen("make lint ")],
            [Seen("make test"), Seen("make lint", 2)], [Seen("make test"), Seen("make lint") with { TimedOut = true }],
            [Seen("make test"), Seen("make lint"), Seen("another", 1)],
        ])
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(RefusalKind.Unproven, Refused(await Store.SettleAsync(
                claim, new Settlement.Complete("ok") { Evidence = evidence }, Cancel)));
        }

        var after = await TaskAsync("t1");
        Assert.Equal(before.Seq, (await LookAsync()).Seq);
        Assert.Equal(before.Task.Claim, after.Claim);
        Assert.Equal(before.Task.UpdatedAt, after.UpdatedAt);
        Assert.Equal((DurableTaskStatus.InProgress, null), (after.Status, after.SettledToken));
        Assert.Empty(after.Evidence);
        Assert.Equal(1, (await TaskAsync("t2")).OpenDependencies);

        var done = await SettleAsync(claim, new Settlement.Complete("ok")
        {
            Evidence = [Seen("make lint"), Seen("make test")],
        });
        Assert.Equal(DurableTaskStatus.Completed, done.Status);
    }

    [Fact]
    public async Task A_failed_attempt_tells_what_was_measured()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1") with { Checks = ["make test"] });
        var (_, claim) = await ClaimAsync("w-1");
        var failed = await SettleAsync(claim, new Settlement.Fail("no", 2) { Evidence = [Seen("make test", 2)] });

        Assert.Equal(DurableTaskStatus.Pending, failed.Status);
        Assert.Empty((await TaskAsync("t1")).Evidence);
        var told = (await LogAsync()).Single(told => told.Draft.Type == EventType.TaskFailed).Draft.Data!;
        Assert.Equal(2, Assert.Single(told.Evidence!.Value).ExitCode);
    }
}
