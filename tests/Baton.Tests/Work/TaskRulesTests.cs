using Baton.Work;

namespace Baton.Tests;

public sealed class TaskRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly DurableTask Pending = new(new("t1"), "one");
    private static readonly Claim Mine = new(new("t1"), 1, "secret");
    private static readonly DurableTask Held = TaskRules.Claim(
        Pending, new(new("w-1"), Mine.Token, new(3), TaskRules.ClaimTtl), Now).Task;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(4, 8)]
    [InlineData(7, 60)]
    [InlineData(1000, 60)]
    public void The_back_off_doubles_up_to_a_minute(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), TaskRules.BackOff(failures));

    [Theory]
    [InlineData(DurableTaskStatus.Pending, 0, true)]
    [InlineData(DurableTaskStatus.Pending, 1, false)]
    [InlineData(DurableTaskStatus.InProgress, 0, false)]
    [InlineData(DurableTaskStatus.Blocked, 0, false)]
    [InlineData(DurableTaskStatus.Completed, 0, false)]
    [InlineData(DurableTaskStatus.Failed, 0, false)]
    [InlineData(DurableTaskStatus.Cancelled, 0, false)]
    public void Only_a_pending_task_with_nothing_open_can_be_claimed(DurableTaskStatus status, int open, bool can)
    {
        var refusal = TaskRules.WhyNotClaimable(Pending with { Status = status, OpenDependencies = open }, []);
        Assert.Equal(can ? null : RefusalKind.Conflict, refusal?.Kind);
    }

    [Theory]
    [InlineData(1, "t1 waits for d1")]
    [InlineData(3, "t1 waits for d1, d2, d3")]
    [InlineData(1002, "t1 waits for d1, d2, d3 and 999 more")]
    public void What_a_task_waits_for_is_named_in_part(int open, string message) => Assert.Equal(message,
        TaskRules.WhyNotClaimable(Pending with { OpenDependencies = open },
            Enumerable.Range(1, open).Select(number => number < 5 ? new TaskId($"d{number}")
                : throw new InvalidOperationException("it is asked for more than is named")))?.Message);

    [Fact]
    public void A_claim_forgets_the_delay()
    {
        var delayed = Pending with { NotBefore = Now.AddHours(1), Attempt = 4 };
        var change = TaskRules.Claim(delayed, Held.Claim!, Now);
        Assert.Equal((5, DurableTaskStatus.InProgress), (change.Task.Attempt, change.Task.Status));
        Assert.Null(change.Task.NotBefore);
        Assert.Equal(EventType.TaskClaimed, Assert.Single(change.Events).Type);
    }

    [Fact]
    public void Every_settlement_ends_the_claim()
    {
        Settlement[] all =
        [
            new Settlement.Complete("s"), new Settlement.Fail("r", 1), new Settlement.Block("r"),
            new Settlement.Release("r"), new Settlement.Decline("r", null),
        ];
        var expected = new[]
        {
            DurableTaskStatus.Completed, DurableTaskStatus.Pending, DurableTaskStatus.Blocked,
            DurableTaskStatus.Pending, DurableTaskStatus.Pending,
        };
        for (var i = 0; i < all.Length; i++)
        {
            var after = TaskRules.Settle(Held, Mine, all[i], Now).Change!.Task;
            Assert.Equal(expected[i], after.Status);
            Assert.Null(after.Claim);
            Assert.Equal(RefusalKind.AlreadySettled, TaskRules.Settle(after, Mine, all[i], Now).Refusal?.Kind);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 30)]
    [InlineData(2, 60)]
    [InlineData(5, 480)]
    [InlineData(6, 900)]
    [InlineData(1000, 900)]
    public void A_declined_task_rests_longer_each_time(int declines, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), TaskRules.DeclinePause(declines));

    [Fact]
    public void Who_declines_for_long_is_heard_up_to_the_longest_delay()
    {
        var change = TaskRules.Settle(Held, Mine, new Settlement.Decline("no", TimeSpan.FromDays(2)), Now).Change!;
        Assert.Equal(Now + TaskRules.LongestDelay, change.Task.NotBefore);
        Assert.True(TaskRules.IsDelayed(change.Task.NotBefore, Now));
    }

    [Fact]
    public void What_is_declined_too_often_waits_for_a_person()
    {
        var tired = Held with { Declines = TaskRules.MostDeclines - 1 };
        var change = TaskRules.Settle(tired, Mine, new Settlement.Decline("no licence", null), Now).Change!;
        Assert.Equal((DurableTaskStatus.Blocked, 0), (change.Task.Status, change.Task.Failures));
        Assert.Null(change.Task.NotBefore);
        Assert.Equal([EventType.TaskDeclined, EventType.TaskBlocked], change.Events.Select(told => told.Type));
        Assert.Contains("no licence", change.Task.Notes[^1].Text, StringComparison.Ordinal);

        var again = TaskRules.Edit(change.Task, new TaskEdit.Requeue(null), "ann", Now).Change!.Task;
        Assert.Equal((DurableTaskStatus.Pending, 0), (again.Status, again.Declines));
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 0, false)]
    [InlineData(2, 0, true)]
    [InlineData(1, 1, true)]
    public void A_budget_of_attempts_counts_failed_and_lost_ones(int failures, int losses, bool isSpent)
    {
        var task = Held with { MaxAttempts = 3, Failures = failures, Losses = losses };
        var failed = TaskRules.Settle(task, Mine, new Settlement.Fail("broke", 1), Now).Change!.Task;
        var lost = TaskRules.Requeue(task, new(task.Id, 1, 0, "died"), "orc-1", new(3), Now)!.Task;
        var expected = isSpent ? DurableTaskStatus.Failed : DurableTaskStatus.Pending;
        Assert.Equal((expected, expected), (failed.Status, lost.Status));
    }

    [Theory]
    [InlineData(1, "given up after 1 attempt of at most 1")]
    [InlineData(2, "given up after 2 attempts of at most 2")]
    public void Who_is_given_up_is_told_after_how_many(int most, string message)
    {
        var task = Held with { MaxAttempts = most, Failures = most - 1 };
        var change = TaskRules.Settle(task, Mine, new Settlement.Fail("broke", 1), Now).Change!;
        Assert.Equal(message, change.Events[^1].Message);
    }

    [Fact]
    public void The_last_failure_buries()
    {
        var tired = Held with { Failures = TaskRules.MostFailures - 1 };
        var change = TaskRules.Settle(tired, Mine, new Settlement.Fail("broke", 7), Now).Change!;
        Assert.Equal(DurableTaskStatus.Failed, change.Task.Status);
        Assert.Null(change.Task.NotBefore);
        Assert.Equal([EventType.TaskFailed, EventType.TaskBuried], change.Events.Select(told => told.Type));
    }

    [Fact]
    public void A_requeue_is_bound_to_what_was_seen()
    {
        Requeue plan = new(Held.Id, 1, 0, "silent");
        TaskChange? Try(DurableTask task, Requeue requeue) =>
            TaskRules.Requeue(task, requeue, "orc-1", new(3), Now);

        Assert.Null(Try(Held, plan with { Attempt = 2 }));
        Assert.Null(Try(Held, plan with { ExtensionsSeen = 1 }));
        Assert.Null(Try(Held, plan with { ExtensionsSeen = null }));
        Assert.Null(Try(Pending with { Attempt = 1 }, plan));
        var change = Try(Held, plan)!;
        Assert.Equal((DurableTaskStatus.Pending, 1), (change.Task.Status, change.Task.Losses));
        Assert.Equal(new Epoch(3), Assert.Single(change.Events).Epoch);

        var buried = Try(Held with { Losses = TaskRules.MostLosses - 1 }, plan)!;
        Assert.Equal(DurableTaskStatus.Failed, buried.Task.Status);
        Assert.Equal(EventType.TaskBuried, Assert.Single(buried.Events).Type);
    }

    [Fact]
    public void Edits_that_change_nothing_tell_nothing()
    {
        var cancelled = Pending with { Status = DurableTaskStatus.Cancelled };
        foreach (var (task, edit) in new (DurableTask, TaskEdit)[]
        {
            (cancelled, new TaskEdit.Cancel("again")),
            (Pending, new TaskEdit.Requeue(null)),
        })
        {
            var change = TaskRules.Edit(task, edit, "tester", Now).Change!;
            Assert.Same(task, change.Task);
            Assert.Empty(change.Events);
        }
    }

    [Fact]
    public void What_is_completed_stays_so()
    {
        var done = Pending with { Status = DurableTaskStatus.Completed };
        foreach (var edit in new TaskEdit[]
        {
            new TaskEdit.Cancel(null), new TaskEdit.Requeue(null), new TaskEdit.AddDependency(new("t2")),
        })
        {
            Assert.Equal(RefusalKind.Conflict, TaskRules.Edit(done, edit, "tester", Now).Refusal?.Kind);
        }
    }

    [Fact]
    public void A_token_names_attempt_and_secret()
    {
        Assert.Equal("12-ab", new Claim(new("t1"), 12, "ab").Token);
        Assert.Equal(new Claim(new("t1"), 12, "ab"), Claim.Parse(new("t1"), "12-ab"));
        foreach (var text in new[] { "", "-", "12", "12-", "-ab", "x-ab" })
        {
            Assert.Null(Claim.Parse(new("t1"), text));
        }
    }
}
