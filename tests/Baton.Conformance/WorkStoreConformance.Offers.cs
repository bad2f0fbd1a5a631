using Baton.Work;

namespace Baton.Conformance;

/// <summary>Whom a task fits, who declined it, and what it may cost.</summary>
public abstract partial class WorkStoreConformance
{
    [Fact]
    public async Task A_task_goes_only_to_who_can_do_all_that_it_needs()
    {
        await JoinAsync("w-1");
        await SubmitAsync(
            New("t1") with { Needs = ["gpu", "net"], Priority = TaskPriority.Critical },
            New("t2") with { Needs = ["net"], Role = "writer" },
            New("t3"));
        ClaimRequest request = new(new("w-1"), "s", TaskRules.ClaimTtl) { Can = ["net", "a \"quote\""] };
        Assert.Equal(["gpu", "net"], (await TaskAsync("t1")).Needs);
        Assert.Equal(RefusalKind.Conflict, Refused(await Store.ClaimAsync(request with { Task = new("t1") }, Cancel)));
        Assert.Equal(RefusalKind.Conflict, Refused(await Store.ClaimAsync(request with { Task = new("t2") }, Cancel)));
        Assert.Equal("t3", (await ClaimAsync("w-1")).Task.Id.Value);
        Assert.IsType<ClaimAnswer.NothingReady>(await Store.ClaimAsync(request, Cancel));
        var written = Assert.IsType<ClaimAnswer.Granted>(
            await Store.ClaimAsync(request with { Secret = "w", Role = "writer" }, Cancel));
        Assert.Equal("t2", written.Task.Id.Value);
        var granted = Assert.IsType<ClaimAnswer.Granted>(
            await Store.ClaimAsync(request with { Secret = "g", Can = ["net", "disk", "gpu"] }, Cancel));
        Assert.Equal("t1", granted.Task.Id.Value);
    }

    [Fact]
    public async Task The_next_time_is_that_of_a_task_that_fits()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1") with { Needs = ["gpu"] });
        ClaimRequest request = new(new("w-1"), "s", TaskRules.ClaimTtl) { Can = ["gpu"] };
        var granted = Assert.IsType<ClaimAnswer.Granted>(await Store.ClaimAsync(request, Cancel));
        await SettleAsync(granted.Claim!, new Settlement.Fail("broke", 3));

        Assert.Null(Assert.IsType<ClaimAnswer.NothingReady>(await AskForAsync("w-1")).NextAt);
        Assert.Equal(Now + TaskRules.BackOff(1), Assert.IsType<ClaimAnswer.NothingReady>(
            await Store.ClaimAsync(request with { Secret = "again" }, Cancel)).NextAt);
    }

    [Fact]
    public async Task A_declined_task_is_nobodys_failure_and_is_offered_later()
    {
        await JoinAsync("w-1");
        await JoinAsync("w-2");
        await SubmitAsync(New("t1"));
        var declined = await SettleAsync(
            (await ClaimAsync("w-1", "t1")).Claim, new Settlement.Decline("no licence", null));
        Assert.Equal((DurableTaskStatus.Pending, 1, 0, 0),
            (declined.Status, declined.Declines, declined.Failures, declined.Losses));
        Assert.Equal(Now + TaskRules.DeclinePause(1), declined.NotBefore);
        Assert.Equal(1, (await TaskAsync("t1")).Declines);
        Assert.Equal(["task.declined t1"], await ToldAsync("task.declined"));
        Assert.Equal("no licence", (await LogAsync())[^1].Draft.Data!.Reason);

        Assert.Equal(declined.NotBefore, Assert.IsType<ClaimAnswer.NothingReady>(await AskForAsync("w-2")).NextAt);
        var named = await ClaimAsync("w-2", "t1", "named");
        var later = await SettleAsync(named.Claim, new Settlement.Decline("not now", TimeSpan.FromMinutes(50)));
        Assert.Equal(Now + TimeSpan.FromMinutes(50), later.NotBefore);
        Clock.Advance(TimeSpan.FromMinutes(49));
        Assert.IsType<ClaimAnswer.NothingReady>(await AskForAsync("w-2", secret: "early"));
        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(3, (await ClaimAsync("w-2", secret: "due")).Task.Attempt);
    }

    [Fact]
    public async Task What_a_task_may_cost_is_kept()
    {
        await SubmitAsync(New("t1") with
        {
            Stall = TimeSpan.FromSeconds(90),
            TimeLimit = TimeSpan.FromHours(2),
            MaxAttempts = 3,
        }, New("t2"));
        var kept = await TaskAsync("t1");
        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.FromHours(2), 3),
            (kept.Stall, kept.TimeLimit, kept.MaxAttempts));
        var free = await TaskAsync("t2");
        Assert.Equal((null, null, null), (free.Stall, free.TimeLimit, free.MaxAttempts));
    }

    [Fact]
    public async Task The_roster_knows_what_an_agent_can_do()
    {
        await Store.RegisterAsync(new(new("w-1"), "w", "writer") { Ttl = AgentTtl, Can = ["gpu", "net"] }, Cancel);
        Assert.Equal(["gpu", "net"], (await AgentAsync("w-1")).Can);
        Assert.Equal(["gpu", "net"], (await Store.ReportAsync(new(new("w-1")), Cancel))!.Can);
    }
}
