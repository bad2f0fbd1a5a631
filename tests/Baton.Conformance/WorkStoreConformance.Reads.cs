using Baton.Work;

namespace Baton.Conformance;

/// <summary>The roster, and what the reads show.</summary>
public abstract partial class WorkStoreConformance
{
    [Fact]
    public async Task An_agent_is_kept_as_it_registered()
    {
        var asked = new Agent(new("w-1"), "w", "reviewer")
        {
            Host = "host",
            Pid = 12,
            ProcessStart = 345,
            Ttl = AgentTtl,
            Witness = new(1, 2),
            SelfReported = true,
            IsPooled = true,
        };
        var agent = await Store.RegisterAsync(asked, Cancel);

        Assert.Equal(asked with
        {
            StartedAt = Now,
            LastSeenAt = Now,
            Expiry = new LeaseExpiry(Domain, Instant.Of(Clock) + AgentTtl),
        }, agent);
        Assert.Equal(agent, await AgentAsync("w-1"));
        Assert.Equal(["agent.registered w-1"], await ToldAsync(""));

        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(agent, await Store.RegisterAsync(asked with { Pid = 13 }, Cancel) with { SilentFor = null });
        Assert.Single(await LogAsync());
    }

    [Fact]
    public async Task Orchestrators_join_and_exit()
    {
        var agent = await JoinAsync("orc-1", Agent.OrchestratorRole);
        await Store.ReportAsync(new(agent.Id)
        {
            Event = new(EventType.OrchestratorStandby, "orc-1", "orc-1", "stands by"),
        }, Cancel);
        await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Stopped }, Cancel);
        Assert.Null(await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Stopped }, Cancel));

        Assert.Equal(["orchestrator.joined orc-1", "orchestrator.standby orc-1", "orchestrator.exited orc-1"],
            await ToldAsync(""));
        Assert.Equal(AgentStatus.Stopped, (await AgentAsync("orc-1")).Status);
    }

    [Fact]
    public async Task A_beat_is_counted_and_a_word_of_others_is_not()
    {
        var agent = await JoinAsync("w-1");
        Clock.Advance(TimeSpan.FromSeconds(2));
        var beaten = await Store.ReportAsync(new(agent.Id) { Witness = new(8, 9) }, Cancel);
        Assert.Equal(agent with
        {
            Beats = agent.Beats + 1,
            LastSeenAt = Now,
            Expiry = new LeaseExpiry(Domain, Instant.Of(Clock) + AgentTtl),
            Witness = new(8, 9),
        }, beaten);
        Assert.Equal(beaten, await AgentAsync("w-1"));

        Clock.Advance(TimeSpan.FromSeconds(2));
        await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Draining, IsBeat = false }, Cancel);
        Assert.Equal(beaten! with { Status = AgentStatus.Draining }, await AgentAsync("w-1"));
        await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Stopped }, Cancel);
        Assert.Equal(["agent.registered w-1", "agent.stopped w-1"], await ToldAsync(""));
        Assert.Null(await Store.ReportAsync(new(new("stranger")), Cancel));
    }

    [Fact]
    public async Task Nobody_evicts_by_a_report()
    {
        var agent = await JoinAsync("w-1");
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Evicted }, Cancel));
        Assert.Equal(AgentStatus.Active, (await AgentAsync("w-1")).Status);
    }

    [Fact]
    public async Task A_snapshot_shows_who_is_there_and_who_left()
    {
        await BeginAsync(1, Leader);
        for (var i = 0; i < 60; i++)
        {
            await JoinAsync($"w-{i}");
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        for (var i = 57; i > 2; i--)
        {
            await Store.ReportAsync(new(new($"w-{i}")) { Status = AgentStatus.Stopped }, Cancel);
        }

        await SweepAsync(1, [new(new("w-1"), null, "dead")]);
        var snapshot = await LookAsync();
        Assert.Equal(["w-0", "w-2", "w-58", "w-59"], snapshot.Agents.Select(agent => agent.Id.Value));
        Assert.Equal(50, snapshot.Gone.Length);
        Assert.Equal(["w-1", "w-3", "w-4"], snapshot.Gone.Take(3).Select(agent => agent.Id.Value));
    }

    [Fact]
    public async Task Tasks_are_counted_where_they_stand()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("p", "r"), New("r"), New("i"), New("b"), New("d"), New("c"), New("f"), New("l"));
        await SettleAsync((await ClaimAsync("w-1", "b")).Claim, new Settlement.Block("stuck"));
        await SettleAsync((await ClaimAsync("w-1", "d")).Claim, new Settlement.Complete(null));
        await EditAsync("c", new TaskEdit.Cancel(null));
        for (var i = 0; i < TaskRules.MostFailures; i++)
        {
            await SettleAsync((await ClaimAsync("w-1", "f", $"s{i}")).Claim, new Settlement.Fail("broke", 1));
        }

        await SettleAsync((await ClaimAsync("w-1", "l")).Claim, new Settlement.Fail("broke", 1));
        await ClaimAsync("w-1", "i");
        var counts = new TaskCounts(1, 2, 1, 1, 1, 1, 1);
        Assert.Equal(counts, (await LookAsync()).Tasks);

        await EditAsync("r", new TaskEdit.AddDependency(new("i")));
        await EditAsync("b", new TaskEdit.Requeue(null));
        await EditAsync("p", new TaskEdit.RemoveDependency(new("r")));
        await SettleAsync((await ClaimAsync("w-1", "l", "again")).Claim, new Settlement.Complete(null));
        counts = (await LookAsync()).Tasks;
        Assert.Equal(new TaskCounts(1, 2, 1, 0, 2, 1, 1), counts);
        var rows = await Store.TasksAsync(new(), Cancel);
        Assert.Equal(counts, new(
            rows.Count(task => task is { Status: DurableTaskStatus.Pending, IsReady: false }),
            rows.Count(task => task.IsReady),
            rows.Count(task => task.Status == DurableTaskStatus.InProgress),
            rows.Count(task => task.Status == DurableTaskStatus.Blocked),
            rows.Count(task => task.Status == DurableTaskStatus.Completed),
            rows.Count(task => task.Status == DurableTaskStatus.Failed),
            rows.Count(task => task.Status == DurableTaskStatus.Cancelled)));
    }

    [Fact]
    public async Task Tasks_in_progress_come_in_the_order_of_their_claims()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2"), New("t3"));
        foreach (var id in new[] { "t3", "t1", "t2" })
        {
            await ClaimAsync("w-1", id);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var snapshot = await LookAsync();
        Assert.Equal(["t3", "t1", "t2"], Ids(snapshot.InProgress));
        Assert.Equal("t3", Assert.Single(snapshot.Agents).Task?.Value);
        Assert.Equal("1-sw-1t3", snapshot.InProgress[0].Claim!.Token);
    }

    [Fact]
    public async Task Tasks_are_found_by_what_is_asked()
    {
        await JoinAsync("worker-1");
        await SubmitAsync(
            New("a_1") with { Tags = ["x", "y"] }, New("a_2") with { Tags = ["xx"] },
            New("b_1") with { Tags = ["x"], Priority = TaskPriority.High }, New("b_2", "b_1"));
        await ClaimAsync("worker-1", "a_2");

        async Task<string[]> FindAsync(TaskQuery query) => Ids(await Store.TasksAsync(query, Cancel));
        Assert.Equal(["a_1", "a_2", "b_1", "b_2"], await FindAsync(new()));
        Assert.Equal(["a_1", "a_2"], await FindAsync(new() { Limit = 2 }));
        Assert.Equal(["a_1", "b_1", "b_2"], await FindAsync(new() { Status = DurableTaskStatus.Pending }));
        Assert.Equal(["b_1", "a_1"], await FindAsync(new() { Ready = true }));
        Assert.Equal(["b_1"], await FindAsync(new() { Ready = true, Limit = 1 }));
        Assert.Equal(["a_1", "b_1"], await FindAsync(new() { Tag = "x" }));
        Assert.Equal(["b_1", "b_2"], await FindAsync(new() { IdPrefix = "b" }));
        Assert.Equal(["a_2"], await FindAsync(new() { AssignedTo = "worker-1" }));
        Assert.Equal(["a_2"], await FindAsync(new() { AssignedTo = "worker" }));
        Assert.Empty(await FindAsync(new() { AssignedTo = "worker-2" }));
        Assert.Empty(await FindAsync(new() { Tag = "%" }));
        Assert.Empty(await FindAsync(new() { IdPrefix = "%" }));
        Assert.Equal(["a_1"], await FindAsync(new() { Tag = "x", IdPrefix = "a_", Limit = 5 }));
    }

    [Fact]
    public async Task Events_are_found_by_what_is_asked()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ClaimAsync("w-1", "t2");
        var all = await LogAsync();
        Assert.Equal([1, 2, 3, 4], all.Select(told => told.Seq));
        Assert.Equal([Now.AddSeconds(-1), Now], all.Select(told => told.At).Distinct());
        Assert.Equal(
            new EventDraft(EventType.TaskClaimed, "w-1", "t2", "claimed by w-1, attempt 1")
            {
                Data = new() { Attempt = 1 },
            }, all[3].Draft);

        async Task<string> FindAsync(EventQuery query) =>
            string.Join(' ', (await Store.EventsAsync(query, Cancel)).Select(told => told.Seq));
        Assert.Equal("3 4", await FindAsync(new() { After = 2 }));
        Assert.Equal("", await FindAsync(new() { After = 4 }));
        Assert.Equal("2 3", await FindAsync(new() { Type = EventType.TaskCreated }));
        Assert.Equal("3 4", await FindAsync(new() { Subject = "t2" }));
        Assert.Equal("1 2", await FindAsync(new() { Limit = 2 }));
        Assert.Equal("3 4", await FindAsync(new() { Limit = 2, Newest = true }));
        Assert.Equal("4", await FindAsync(new() { After = 2, Limit = 1, Newest = true }));
        Assert.Equal(4, (await LookAsync()).Seq);
    }

    [Fact]
    public async Task All_that_an_event_may_say_is_kept()
    {
        var agent = await JoinAsync("w-1");
        var draft = new EventDraft(EventType.LeaderAtRisk, "w-1", "it", "message", new Epoch(4))
        {
            Data = new()
            {
                Attempt = 1,
                Agent = "a",
                Reason = "r",
                ExitCode = 2,
                EndedBy = "died",
                Pid = 3,
                KnownEpoch = 4,
                FloorEpoch = 5,
                NotBefore = Now,
                Count = 6,
                Source = "s",
            },
        };
        await Store.ReportAsync(new(agent.Id) { Event = draft }, Cancel);
        Assert.Equal(draft, (await LogAsync())[^1].Draft);
    }

    [Fact]
    public async Task A_change_wakes_who_waits_for_one()
    {
        var mark = await Store.ChangedAsync(0, TimeSpan.Zero, Cancel);
        Assert.Equal(mark, await Store.ChangedAsync(mark, TimeSpan.Zero, Cancel));
        var waiting = Store.ChangedAsync(mark, TimeSpan.FromDays(1), Cancel).AsTask();
        Assert.False(waiting.IsCompleted);

        await SubmitAsync(New("t1"));
        while (!waiting.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        Assert.NotEqual(mark, await waiting);
        Assert.NotEqual(mark, await Store.ChangedAsync(mark, TimeSpan.FromDays(1), Cancel));
        Assert.True(Now < Clock.Start.AddDays(1), "it was the change that woke, not the clock");
    }

    [Fact]
    public async Task Who_waits_for_a_change_waits_no_longer_than_asked()
    {
        var mark = await Store.ChangedAsync(0, TimeSpan.Zero, Cancel);
        var waiting = Store.ChangedAsync(mark, TimeSpan.FromMilliseconds(100), Cancel).AsTask();
        while (!waiting.IsCompleted)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        Assert.Equal(mark, await waiting);
        Assert.True(Now >= Clock.Start.AddMilliseconds(100));
    }

    [Fact]
    public async Task Waiting_for_a_change_can_be_cancelled()
    {
        var mark = await Store.ChangedAsync(0, TimeSpan.Zero, Cancel);
        using var source = new CancellationTokenSource();
        var waiting = Store.ChangedAsync(mark, TimeSpan.FromDays(1), source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
