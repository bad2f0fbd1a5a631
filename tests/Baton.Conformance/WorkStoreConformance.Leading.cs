using Baton.Work;

namespace Baton.Conformance;

/// <summary>The fence, the story of the terms, and sweeps.</summary>
public abstract partial class WorkStoreConformance
{
    [Fact]
    public async Task The_first_term_raises_the_fence()
    {
        var snapshot = await BeginAsync(1, Leader);

        Assert.Equal(new Fence(new(1), Leader, Leases), snapshot.Fence);
        Assert.Equal(snapshot.Fence, (await LookAsync()).Fence);
        Assert.Equal(["leader.elected orc-a-000001 1"], await ToldAsync(""));
        Assert.Equal(1, snapshot.Transitions24h);
        Assert.Equal(1, snapshot.Seq);
    }

    [Fact]
    public async Task A_lower_epoch_is_fenced_and_changes_nothing()
    {
        await BeginAsync(5, Leader);
        var refusal = await Assert.ThrowsAsync<FencedException>(() => BeginAsync(4, Second).AsTask());

        Assert.Equal(new Epoch(4), refusal.Attempted);
        Assert.Equal(new Epoch(5), refusal.Fence);
        Assert.Equal(new Fence(new(5), Leader, Leases), (await LookAsync()).Fence);
        Assert.Single(await LogAsync());
    }

    [Fact]
    public async Task Beginning_again_changes_nothing()
    {
        await BeginAsync(5, Leader);
        var again = await BeginAsync(5, Leader);

        Assert.Equal(new Epoch(5), again.Fence.Epoch);
        Assert.Single(await LogAsync());
    }

    [Fact]
    public async Task An_epoch_that_another_holder_used_is_fenced()
    {
        await BeginAsync(5, Leader);
        var refusal = await Assert.ThrowsAsync<FencedException>(() => BeginAsync(5, Second).AsTask());

        Assert.Equal("epoch_reused", refusal.Code);
        Assert.Equal(Leader, (await LookAsync()).Fence.Holder);
    }

    [Fact]
    public async Task Epochs_of_another_lease_store_are_refused()
    {
        await BeginAsync(1, Leader);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() =>
            Store.BeginTermAsync(StartOf(TermOf(9, Second, leases: "leases-2")), Cancel).AsTask());

        Assert.Equal(StoreFault.ForeignLeases, refusal.Code);
        Assert.Contains("baton init", refusal.Hint, StringComparison.Ordinal);
        Assert.Equal(new Epoch(1), (await LookAsync()).Fence.Epoch);
    }

    [Fact]
    public async Task A_move_to_another_lease_store_must_be_said_and_is_fenced_like_any_term()
    {
        await BeginAsync(5, Leader);
        await Assert.ThrowsAsync<FencedException>(() => MoveAsync(5, Second).AsTask());
        await Assert.ThrowsAsync<FencedException>(() => MoveAsync(4, Second).AsTask());
        Assert.Equal(new Fence(new(5), Leader, Leases), (await LookAsync()).Fence);

        await MoveAsync(6, Second);
        Assert.Equal(new Fence(new(6), Second, "leases-2"), (await LookAsync()).Fence);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => BeginAsync(7, Leader).AsTask());
        Assert.Equal(StoreFault.ForeignLeases, refusal.Code);
        await Assert.ThrowsAsync<FencedException>(() => SweepAsync(5));

        ValueTask<Snapshot> MoveAsync(long epoch, HolderId holder) => Store.BeginTermAsync(
            StartOf(TermOf(epoch, holder, leases: "leases-2")) with { MovesLeases = true }, Cancel);
    }

    [Fact]
    public async Task The_story_of_each_term_is_told_once()
    {
        await BeginAsync(1, Leader);
        await BeginAsync(5, Second, TermOf(1, Leader, TermEnd.Released), TermOf(2, Second, TermEnd.HandedOver),
            TermOf(3, Leader, TermEnd.Died), TermOf(4, Leader, TermEnd.Lost));
        await BeginAsync(6, Leader, TermOf(4, Leader, TermEnd.Lost), TermOf(5, Second, TermEnd.Expired));
        await BeginAsync(6, Leader, TermOf(5, Second, TermEnd.Expired));

        Assert.Equal(
        [
            "leader.elected orc-a-000001 1", "leader.released orc-a-000001 1",
            "leader.elected orc-b-000002 2", "leader.released orc-b-000002 2",
            "leader.elected orc-a-000001 3", "leader.expired orc-a-000001 3",
            "leader.elected orc-a-000001 4", "leader.demoted orc-a-000001 4",
            "leader.elected orc-b-000002 5", "leader.expired orc-b-000002 5",
            "leader.elected orc-a-000001 6",
        ], await ToldAsync(""));
        var ends = (await LogAsync()).Select(told => told.Draft.Data!.EndedBy).Where(end => end is not null);
        Assert.Equal(["released", "handed_over", "died", "lost", "expired"], ends);
    }

    [Fact]
    public async Task A_demotion_that_the_leader_told_itself_is_not_told_again()
    {
        await JoinAsync(Leader.Value, Agent.OrchestratorRole);
        await BeginAsync(1, Leader);
        await Store.ReportAsync(new(new(Leader.Value))
        {
            Event = new(EventType.LeaderDemoted, Leader.Value, Leader.Value, "lost", new Epoch(1)),
        }, Cancel);
        await BeginAsync(2, Second, TermOf(1, Leader, TermEnd.Lost));

        Assert.Equal(
            ["leader.elected orc-a-000001 1", "leader.demoted orc-a-000001 1", "leader.elected orc-b-000002 2"],
            await ToldAsync("leader."));
    }

    [Fact]
    public async Task The_end_of_a_term_is_told_though_its_record_is_lost()
    {
        await BeginAsync(3, Leader);
        await BeginAsync(7, Second);

        Assert.Equal(
            ["leader.elected orc-a-000001 3", "leader.expired orc-a-000001 3", "leader.elected orc-b-000002 7"],
            await ToldAsync("leader."));
    }

    [Fact]
    public async Task A_rolled_back_store_raises_the_alarm_until_it_is_acknowledged()
    {
        var snapshot = await Store.BeginTermAsync(new(TermOf(9, Leader), [], new(8), new(3)), Cancel);

        var alarm = new RollbackAlarm(Now, new(3), new(8));
        Assert.Equal(alarm, snapshot.Alarm);
        Assert.Equal(alarm, (await LookAsync()).Alarm);
        Assert.Equal(["store.rolled_back main 9", "leader.elected orc-a-000001 9"], await ToldAsync(""));
        var facts = (await LogAsync())[0].Draft.Data!;
        Assert.Equal((3, 8), (facts.KnownEpoch, facts.FloorEpoch));

        await Store.AskAsync(new(RequestKind.Acknowledge, "tester"), Cancel);
        snapshot = await LookAsync();
        Assert.Null(snapshot.Alarm);
        Assert.Empty(snapshot.Requests);
    }

    [Fact]
    public async Task A_new_term_drops_the_requests_to_resign_of_older_ones()
    {
        await BeginAsync(1, Leader);
        await Store.AskAsync(new(RequestKind.Resign, "tester") { Epoch = new(1) }, Cancel);
        var sweep = await Store.AskAsync(new(RequestKind.Sweep, "tester"), Cancel);
        var snapshot = await BeginAsync(2, Second, TermOf(1, Leader, TermEnd.Expired));

        Assert.Equal(sweep, Assert.Single(snapshot.Requests).Number);
    }

    [Fact]
    public async Task Requests_wait_until_a_sweep_ticks_them_off()
    {
        await BeginAsync(1, Leader);
        var first = await Store.AskAsync(new(RequestKind.Evict, "tester") { Agent = new("w-1") }, Cancel);
        var second = await Store.AskAsync(new(RequestKind.Resign, "tester") { Epoch = new(1) }, Cancel);
        Assert.NotEqual(first, second);
        Assert.Equal(first, await Store.AskAsync(new(RequestKind.Evict, "else") { Agent = new("w-1") }, Cancel));

        var requests = (await LookAsync()).Requests;
        Assert.Equal(
        [
            new(RequestKind.Evict, "tester") { Number = first, Agent = new("w-1") },
            new(RequestKind.Resign, "tester") { Number = second, Epoch = new(1) },
        ], requests);

        await SweepAsync(1, handled: [first, 4711]);
        Assert.Equal(second, Assert.Single((await LookAsync()).Requests).Number);
    }

    [Fact]
    public async Task A_sweep_behind_the_fence_changes_nothing()
    {
        var agent = await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        var (task, _) = await ClaimAsync("w-1");
        await BeginAsync(1, Leader);
        await BeginAsync(2, Second, TermOf(1, Leader, TermEnd.Expired));
        var request = await Store.AskAsync(new(RequestKind.Sweep, "tester"), Cancel);
        var before = (await LookAsync()).Seq;

        Eviction[] evictions = [new(agent.Id, null, "test")];
        Requeue[] requeues = [new(task.Id, 1, 0, "test")];
        await Assert.ThrowsAsync<FencedException>(() => SweepAsync(1, evictions, requeues, [request]));
        await Assert.ThrowsAsync<FencedException>(() => SweepAsync(2, evictions, requeues, [request], by: Leader));
        await Assert.ThrowsAsync<FencedException>(() => SweepAsync(1));

        var after = await LookAsync();
        Assert.Equal(before, after.Seq);
        Assert.Single(after.Agents);
        Assert.Single(after.InProgress);
        Assert.Single(after.Requests);
    }

    [Fact]
    public async Task Only_the_leader_at_the_fence_drains_an_agent()
    {
        var agent = await JoinAsync("w-1");
        await BeginAsync(1, Leader);
        await BeginAsync(2, Second, TermOf(1, Leader, TermEnd.Expired));
        await Assert.ThrowsAsync<FencedException>(() => DrainAsync(1, Leader));
        Assert.Equal(AgentStatus.Active, (await AgentAsync("w-1")).Status);

        await DrainAsync(2, Second);
        var drained = await AgentAsync("w-1");
        Assert.Equal((AgentStatus.Draining, agent.Beats), (drained.Status, drained.Beats));

        await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Stopped }, Cancel);
        await DrainAsync(2, Second);
        Assert.Equal(AgentStatus.Stopped, (await AgentAsync("w-1")).Status);

        Task DrainAsync(long epoch, HolderId by) => Store.SweepAsync(
            new(epoch), new(by, [], [], []) { Draining = [agent.Id] }, Cancel).AsTask();
    }

    [Fact]
    public async Task A_sweep_of_a_term_that_the_store_forgot_is_refused()
    {
        await BeginAsync(3, Leader);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => SweepAsync(8));

        Assert.Equal(StoreFault.Replaced, refusal.Code);
    }

    [Fact]
    public async Task An_eviction_holds_only_if_no_beat_came_since()
    {
        await BeginAsync(1, Leader);
        var agent = await JoinAsync("w-1");
        await Store.ReportAsync(new(agent.Id), Cancel);
        var answer = await SweepAsync(1, [new(agent.Id, agent.Beats, "silent")]);
        Assert.Empty(answer.Evicted);
        Assert.Equal(AgentStatus.Active, (await AgentAsync("w-1")).Status);

        answer = await SweepAsync(1, [new(agent.Id, agent.Beats + 1, "silent")]);
        Assert.Equal([agent.Id], answer.Evicted);
        Assert.Equal(AgentStatus.Evicted, (await AgentAsync("w-1")).Status);
        Assert.Equal(["agent.evicted w-1 1"], await ToldAsync("agent.evicted"));
        Assert.Equal(Leader.Value, (await LogAsync())[^1].Draft.Actor);

        Assert.Empty((await SweepAsync(1, [new(agent.Id, null, "again")])).Evicted);
    }

    [Fact]
    public async Task An_evicted_agent_never_comes_back()
    {
        await BeginAsync(1, Leader);
        var agent = await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        await SweepAsync(1, [new(agent.Id, null, "asked for")]);

        Assert.Null(await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Active }, Cancel));
        Assert.Equal(AgentStatus.Evicted, (await JoinAsync("w-1")).Status);
        Assert.Equal(RefusalKind.AgentGone, Refused(await AskForAsync("w-1")));
        Assert.Empty((await LookAsync()).Agents);
    }

    [Fact]
    public async Task A_lost_task_is_requeued_exactly_once()
    {
        await BeginAsync(1, Leader);
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        var (task, claim) = await ClaimAsync("w-1");
        await Store.ExtendAsync(claim, null, Cancel);

        // Extended since it was planned: it lives.
        Assert.Empty((await SweepAsync(1, requeue: [new(task.Id, 1, 0, "silent")])).Requeued);
        Assert.Empty((await SweepAsync(1, requeue: [new(task.Id, 1, null, "silent")])).Requeued);
        Requeue plan = new(task.Id, 1, 1, "silent");
        Assert.Equal([task.Id], (await SweepAsync(1, requeue: [plan, plan])).Requeued);
        Assert.Empty((await SweepAsync(1, requeue: [plan])).Requeued);

        var lost = await TaskAsync("t1");
        Assert.Equal((DurableTaskStatus.Pending, 1, 1), (lost.Status, lost.Attempt, lost.Losses));
        Assert.Null(lost.Claim);
        Assert.Null(lost.NotBefore);
        Assert.Contains("silent", Assert.Single(lost.Notes).Text, StringComparison.Ordinal);
        Assert.Equal(["task.requeued t1 1"], await ToldAsync("task.requeued"));
        Assert.Equal(1, (await LookAsync()).Cleanup.TasksRequeued);
        var late = await Store.SettleAsync(claim, new Settlement.Complete(null), Cancel);
        Assert.Equal(RefusalKind.ClaimLost, Refused(late));
        Assert.Equal(2, (await ClaimAsync("w-1", "t1", "new")).Task.Attempt);
    }

    [Fact]
    public async Task A_task_that_was_lost_too_often_is_buried()
    {
        await BeginAsync(1, Leader);
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        for (var attempt = 1; attempt <= TaskRules.MostLosses; attempt++)
        {
            await ClaimAsync("w-1", "t1", $"secret{attempt}");
            var answer = await SweepAsync(1, requeue: [new(new("t1"), attempt, 0, "silent")]);
            Assert.Equal(attempt < TaskRules.MostLosses ? 1 : 0, answer.Requeued.Length);
            Assert.Equal(attempt < TaskRules.MostLosses ? 0 : 1, answer.Buried.Length);
        }

        Assert.Equal(DurableTaskStatus.Failed, (await TaskAsync("t1")).Status);
        Assert.Equal(["task.buried t1 1"], await ToldAsync("task.buried"));
        Assert.Equal(TaskRules.MostLosses - 1, (await LookAsync()).Cleanup.TasksRequeued);
    }

    [Fact]
    public async Task A_task_in_progress_with_nobody_on_it_is_requeued()
    {
        await BeginAsync(1, Leader);
        var orphan = new DurableTask(new("t1"), "orphan") { Status = DurableTaskStatus.InProgress, Attempt = 1 };
        await Store.ImportAsync(new("test", [orphan], [], Epoch.None), Cancel);
        Assert.Equal("t1", Assert.Single((await LookAsync()).InProgress).Id.Value);

        var answer = await SweepAsync(1, requeue: [new(orphan.Id, 1, null, "nobody is on it")]);
        Assert.Equal([orphan.Id], answer.Requeued);
        Assert.Equal(["t1"], await ReadyAsync());
    }

    [Fact]
    public async Task An_imported_task_keeps_what_it_brings_and_a_second_import_adds_nothing()
    {
        var at = new DateTimeOffset(2026, 1, 3, 1, 2, 3, 456, TimeSpan.Zero);
        var brought = new DurableTask(new("t1"), "done elsewhere")
        {
            Status = DurableTaskStatus.Completed,
            CreatedAt = at,
            UpdatedAt = at,
            CompletedAt = at,
            Notes = [new(at, "went\nwell")],
            SpecFile = "docs/specs/t1.md",
            QualityScore = 7.3m,
            QualityNotes = "good",
            Quality = new("ann", at, [new(QualityDimension.Impact, 8.123456789012345m, "much")])
            {
                Lessons = ["look first"],
                Recorded = 7.3m,
            },
        };
        var batch = new ImportBatch("there", [brought], [], Epoch.None);
        Assert.Equal(1, (await Store.ImportAsync(batch, Cancel)).TasksAdded);
        Assert.Equal(0, (await Store.ImportAsync(batch, Cancel)).TasksAdded);

        var task = await TaskAsync("t1");
        Assert.Equal(brought.Notes.AsEnumerable(), task.Notes);
        Assert.Equal((at, at, "docs/specs/t1.md", 7.3m, "good"),
            (task.CreatedAt, task.CompletedAt, task.SpecFile, task.QualityScore, task.QualityNotes));
        Assert.Equal(brought.Quality.ToJson(), task.Quality?.ToJson());
    }

    [Fact]
    public async Task Cleaning_up_is_counted_from_the_log()
    {
        await BeginAsync(1, Leader);
        Assert.Equal(new CleanupTally(0, 0, 0, null), (await LookAsync()).Cleanup);
        var orchestrator = await JoinAsync("orc-1", Agent.OrchestratorRole);
        var worker = await JoinAsync("w-1");
        await JoinAsync("w-2");
        await SubmitAsync(New("t1"), New("t2"));
        await ClaimAsync("w-1", "t1");
        var (_, kept) = await ClaimAsync("w-2", "t2");
        await SettleAsync(kept, new Settlement.Release("not now"));

        Clock.Advance(TimeSpan.FromMinutes(1));
        await SweepAsync(1, [new(orchestrator.Id, null, "dead"), new(worker.Id, null, "dead")],
            [new(new("t1"), 1, 0, "dead")]);
        var at = Now;
        Clock.Advance(TimeSpan.FromMinutes(1));
        await EditAsync("t1", new TaskEdit.Cancel(null));
        await EditAsync("t1", new TaskEdit.Requeue(null));

        // What was given back, or requeued by hand, was not cleaned up.
        Assert.Equal(new CleanupTally(1, 1, 1, at), (await LookAsync()).Cleanup);
    }

    [Fact]
    public async Task Transitions_are_those_of_the_last_24_hours()
    {
        await BeginAsync(1, Leader);
        Clock.Advance(TimeSpan.FromHours(23));
        await BeginAsync(2, Second, TermOf(1, Leader, TermEnd.Released));
        Assert.Equal(2, (await LookAsync()).Transitions24h);
        Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, (await LookAsync()).Transitions24h);
    }
}
