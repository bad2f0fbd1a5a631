using Baton.Work;

namespace Baton.Conformance;

/// <summary>Who gets which task, and what a claim allows.</summary>
public abstract partial class WorkStoreConformance
{
    [Fact]
    public async Task Ready_tasks_are_taken_by_priority_and_then_age()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("low") with { Priority = TaskPriority.Low }, New("b"), New("a"));
        await SubmitAsync(
            New("high") with { Priority = TaskPriority.High },
            New("now") with { Priority = TaskPriority.Critical });
        string[] order = ["now", "high", "b", "a", "low"];
        Assert.Equal(order, await ReadyAsync());

        var taken = new List<string>();
        while (await AskForAsync("w-1", secret: $"s{taken.Count}") is ClaimAnswer.Granted granted)
        {
            taken.Add(granted.Task.Id.Value);
        }

        Assert.Equal(order, taken);
    }

    [Fact]
    public async Task A_claim_says_whose_it_is_and_how_long()
    {
        await BeginAsync(7, Leader);
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        var (task, claim) = await ClaimAsync("w-1", "t1", "secret");

        Assert.Equal(new Claim(new("t1"), 1, "secret"), claim);
        var expiry = new LeaseExpiry(Domain, Instant.Of(Clock) + TaskRules.ClaimTtl);
        Assert.Equal(
            new ClaimState(new("w-1"), "1-secret", new(7), TaskRules.ClaimTtl)
            {
                ExpiresAt = Now + TaskRules.ClaimTtl,
                Expiry = expiry,
            }, task.Claim);
        Assert.Equal((DurableTaskStatus.InProgress, 1, "w-1"), (task.Status, task.Attempt, task.AssignedTo));
        Assert.Equal(Now, task.ClaimedAt);
        var kept = await TaskAsync("t1");
        Assert.Equal(task.Claim, kept.Claim);
        Assert.Equal(task.UpdatedAt, kept.UpdatedAt);
        Assert.Equal("t1", (await AgentAsync("w-1")).Task?.Value);
        Assert.Equal(["task.created t1", "task.claimed t1"], await ToldAsync("task."));
    }

    [Fact]
    public async Task A_claim_keeps_its_witness()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        string? asked = null;
        await Store.ClaimAsync(new(new("w-1"), "secret", TaskRules.ClaimTtl)
        {
            Witness = token =>
            {
                asked = token;
                return new(3, 4);
            },
        }, Cancel);

        Assert.Equal("1-secret", asked);
        Assert.Equal(new FileIdentity(3, 4), (await TaskAsync("t1")).Claim!.Witness);
    }

    [Fact]
    public async Task Of_many_claimants_one_wins()
    {
        const int count = 8;
        for (var i = 0; i < count; i++)
        {
            await JoinAsync($"w-{i}");
        }

        await SubmitAsync(New("t1"));
        var answers = await Task.WhenAll(Enumerable.Range(0, count).Select(i =>
            Task.Factory.StartNew(() => AskForAsync($"w-{i}").AsTask(), Cancel,
                TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));

        Assert.Single(answers.OfType<ClaimAnswer.Granted>());
        Assert.Equal(count - 1, answers.OfType<ClaimAnswer.NothingReady>().Count());
        Assert.Single(await ToldAsync("task.claimed"));
    }

    [Fact]
    public async Task The_same_secret_finds_the_same_claim()
    {
        await JoinAsync("w-1");
        await JoinAsync("w-2");
        await SubmitAsync(New("t1"), New("t2"));
        var first = await ClaimAsync("w-1", secret: "once");
        var again = await ClaimAsync("w-1", secret: "once");
        var named = await ClaimAsync("w-1", "t1", "once");

        Assert.Equal(first.Claim, again.Claim);
        Assert.Equal(first.Claim, named.Claim);
        Assert.Equal(first.Task.Claim, again.Task.Claim);
        Assert.Single(await ToldAsync("task.claimed"));
        Assert.Equal("t2", (await ClaimAsync("w-2", secret: "once")).Task.Id.Value);
    }

    [Fact]
    public async Task A_named_task_is_refused_with_the_reason()
    {
        await JoinAsync("w-1");
        await JoinAsync("w-2");
        await SubmitAsync(New("t0"), New("t1"), New("t2", "t0", "t1"));
        await SettleAsync((await ClaimAsync("w-1", "t0")).Claim, new Settlement.Complete(null));
        Assert.Equal(RefusalKind.NotFound, Refused(await AskForAsync("w-1", "t9")));
        Assert.Equal(new Refusal(RefusalKind.Conflict, "t2 waits for t1"),
            Assert.IsType<ClaimAnswer.Refused>(await AskForAsync("w-1", "t2")).Refusal);
        await ClaimAsync("w-1", "t1");
        Assert.Equal(RefusalKind.Conflict, Refused(await AskForAsync("w-2", "t1")));
    }

    [Fact]
    public async Task A_task_with_a_role_goes_only_to_that_role()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1") with { Role = "reviewer", Priority = TaskPriority.Critical }, New("t2"));
        ClaimRequest request = new(new("w-1"), "s", TaskRules.ClaimTtl);
        Assert.Equal(RefusalKind.Conflict, Refused(await Store.ClaimAsync(
            request with { Task = new("t1"), Role = "writer" }, Cancel)));
        Assert.Equal("t2", (await ClaimAsync("w-1")).Task.Id.Value);
        Assert.IsType<ClaimAnswer.NothingReady>(await Store.ClaimAsync(request with { Role = "writer" }, Cancel));
        var granted = Assert.IsType<ClaimAnswer.Granted>(
            await Store.ClaimAsync(request with { Role = "reviewer" }, Cancel));
        Assert.Equal("t1", granted.Task.Id.Value);
    }

    [Fact]
    public async Task Who_is_not_on_the_roster_gets_nothing()
    {
        await SubmitAsync(New("t1"));
        Assert.Equal(RefusalKind.AgentGone, Refused(await AskForAsync("stranger")));
        var agent = await JoinAsync("w-1");
        await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Stopped }, Cancel);
        Assert.Equal(RefusalKind.AgentGone, Refused(await AskForAsync("w-1", "t1")));
        Assert.Equal(["t1"], await ReadyAsync());
    }

    [Fact]
    public async Task A_draining_agent_gets_nothing_new()
    {
        var agent = await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2"));
        var mine = await ClaimAsync("w-1", secret: "mine");
        await Store.ReportAsync(new(agent.Id) { Status = AgentStatus.Draining, IsBeat = false }, Cancel);

        Assert.IsType<ClaimAnswer.NothingReady>(await AskForAsync("w-1"));
        Assert.IsType<ClaimAnswer.NothingReady>(await AskForAsync("w-1", "t2"));
        Assert.Equal(mine.Claim, (await ClaimAsync("w-1", secret: "mine")).Claim);
    }

    [Fact]
    public async Task A_back_off_delays_the_next_but_not_the_named()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2") with { Priority = TaskPriority.Low });
        var (_, claim) = await ClaimAsync("w-1", "t1");
        var failed = await SettleAsync(claim, new Settlement.Fail("broke", 3));
        var due = Now + TaskRules.BackOff(1);
        Assert.Equal(due, failed.NotBefore);
        Assert.Equal(["t1", "t2"], await ReadyAsync());

        Assert.Equal("t2", (await ClaimAsync("w-1", secret: "a")).Task.Id.Value);
        Assert.Equal(due, Assert.IsType<ClaimAnswer.NothingReady>(await AskForAsync("w-1", secret: "b")).NextAt);
        Clock.Advance(TaskRules.BackOff(1));
        var (task, second) = await ClaimAsync("w-1", secret: "c");
        Assert.Equal((2, 1), (task.Attempt, task.Failures));
        await SettleAsync(second, new Settlement.Fail("broke", 3));
        Assert.Equal(3, (await ClaimAsync("w-1", "t1", "d")).Task.Attempt);
    }

    [Fact]
    public async Task A_wall_clock_that_was_set_back_delays_nothing()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        var right = Now;
        Clock.AdjustTime(right + TimeSpan.FromHours(30));
        var (_, claim) = await ClaimAsync("w-1");
        await SettleAsync(claim, new Settlement.Fail("broke", 3));

        Clock.AdjustTime(right);
        Assert.Equal(2, (await ClaimAsync("w-1", secret: "again")).Task.Attempt);
    }

    [Fact]
    public async Task Nothing_delayed_is_nothing_to_wait_for()
    {
        await JoinAsync("w-1");
        Assert.Null(Assert.IsType<ClaimAnswer.NothingReady>(await AskForAsync("w-1")).NextAt);
    }

    [Fact]
    public async Task An_extension_gives_another_ttl()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        var (_, claim) = await ClaimAsync("w-1");
        Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(claim, Assert.IsType<ClaimAnswer.Granted>(await Store.ExtendAsync(claim, null, Cancel)).Claim);

        var held = (await TaskAsync("t1")).Claim!;
        Assert.Equal(1, held.Extensions);
        Assert.Equal(Now + TaskRules.ClaimTtl, held.ExpiresAt);
        Assert.Equal(new LeaseExpiry(Domain, Instant.Of(Clock) + TaskRules.ClaimTtl), held.Expiry);
        Assert.Empty(await ToldAsync("task.progress"));

        await Store.ExtendAsync(claim, "half way", Cancel);
        var told = (await LogAsync())[^1].Draft;
        Assert.Equal((EventType.TaskProgress, "w-1", "half way"), (told.Type, told.Actor, told.Message));
        Assert.Equal(1, told.Data!.Attempt);
    }

    [Fact]
    public async Task What_an_agent_does_with_its_claim_is_a_sign_of_life()
    {
        var agent = await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        var (_, claim) = await ClaimAsync("w-1");
        await Store.ExtendAsync(claim, null, Cancel);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await SettleAsync(claim, new Settlement.Complete(null));
        var refused = await Store.SettleAsync(claim, new Settlement.Complete(null), Cancel);

        Assert.Equal(RefusalKind.AlreadySettled, Refused(refused));
        var after = await AgentAsync("w-1");
        Assert.Equal(agent.Beats + 3, after.Beats);
        Assert.Equal(Now, after.LastSeenAt);
        Assert.Equal(new LeaseExpiry(Domain, Instant.Of(Clock) + AgentTtl), after.Expiry);
        Assert.Null(after.Task);
    }

    [Fact]
    public async Task Another_token_is_refused()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2"));
        var (_, claim) = await ClaimAsync("w-1", "t1");
        var before = (await LookAsync()).Seq;
        Settlement done = new Settlement.Complete(null);
        Assert.Equal(RefusalKind.ClaimLost, Refused(
            await Store.SettleAsync(claim with { Secret = "guess" }, done, Cancel)));
        Assert.Equal(RefusalKind.ClaimLost, Refused(
            await Store.ExtendAsync(claim with { Attempt = 2 }, "mine", Cancel)));
        Assert.Equal(RefusalKind.Conflict, Refused(
            await Store.SettleAsync(claim with { Task = new("t2") }, done, Cancel)));
        Assert.Equal(RefusalKind.NotFound, Refused(
            await Store.ExtendAsync(claim with { Task = new("t9") }, null, Cancel)));

        Assert.Equal(before, (await LookAsync()).Seq);
        Assert.Equal(0, (await TaskAsync("t1")).Claim!.Extensions);
    }

    [Fact]
    public async Task Completion_opens_what_waits_for_it()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2"), New("t3", "t1", "t2"), New("t4", "t3"));
        Assert.Equal(["t1", "t2"], await ReadyAsync());
        Assert.Equal(2, (await TaskAsync("t3")).OpenDependencies);

        await SettleAsync((await ClaimAsync("w-1", "t1")).Claim, new Settlement.Complete("did it"));
        Assert.Equal(["t2"], await ReadyAsync());
        await SettleAsync((await ClaimAsync("w-1", "t2")).Claim, new Settlement.Complete(null));
        Assert.Equal(["t3"], await ReadyAsync());
        Assert.Equal(0, (await TaskAsync("t3")).OpenDependencies);

        var done = await TaskAsync("t1");
        Assert.Equal((DurableTaskStatus.Completed, "did it"), (done.Status, done.Summary));
        Assert.Equal(Now, done.CompletedAt);
        Assert.Null(done.Claim);
        Assert.Equal(["task.completed t1", "task.completed t2"], await ToldAsync("task.completed"));
    }

    [Fact]
    public async Task Failures_are_tried_again_up_to_the_limit()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2", "t1"));
        for (var failure = 1; failure <= TaskRules.MostFailures; failure++)
        {
            var (_, claim) = await ClaimAsync("w-1", "t1", $"s{failure}");
            var task = await SettleAsync(claim, new Settlement.Fail("broke", 3));
            Assert.Equal(failure, task.Failures);
            Assert.Equal(failure < TaskRules.MostFailures, task.Status == DurableTaskStatus.Pending);
        }

        Assert.Equal(DurableTaskStatus.Failed, (await TaskAsync("t1")).Status);
        Assert.Equal(1, (await TaskAsync("t2")).OpenDependencies);
        Assert.Equal(TaskRules.MostFailures, (await ToldAsync("task.failed")).Length);
        Assert.Equal(["task.buried t1"], await ToldAsync("task.buried"));
        Assert.Equal(3, (await LogAsync())[^1].Draft.Data!.ExitCode);
    }

    [Fact]
    public async Task A_blocked_task_waits_for_a_person_and_a_released_one_for_anyone()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2"));
        await SettleAsync((await ClaimAsync("w-1", "t1")).Claim, new Settlement.Block("no key"));
        await SettleAsync((await ClaimAsync("w-1", "t2")).Claim, new Settlement.Release(null));

        Assert.Equal(DurableTaskStatus.Blocked, (await TaskAsync("t1")).Status);
        Assert.Equal(["t2"], await ReadyAsync());
        Assert.Equal(["task.blocked t1"], await ToldAsync("task.blocked"));
        Assert.Equal(["task.requeued t2"], await ToldAsync("task.requeued"));
        await EditAsync("t1", new TaskEdit.Requeue("here is the key"));
        Assert.Equal(["t1", "t2"], await ReadyAsync());
    }
}
