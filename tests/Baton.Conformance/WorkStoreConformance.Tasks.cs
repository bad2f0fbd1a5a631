using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Conformance;

/// <summary>Making tasks, changing them by hand, taking them in from elsewhere.</summary>
public abstract partial class WorkStoreConformance
{
    [Fact]
    public async Task A_task_is_kept_as_it_was_submitted()
    {
        var asked = new NewTask(new("t1"), "Title ' \" ; -- ünï")
        {
            Description = "line\nline",
            Priority = TaskPriority.High,
            Complexity = TaskComplexity.Epic,
            EstimatedHours = 2.5m,
            Tags = ["a", "it's"],
            Key = "key 1",
            Role = "reviewer",
            Checks = ["make test", "test -s 'out'\n", "make test"],
        };
        await SubmitAsync(New("t0"), asked with { DependsOn = ["t0"] });
        var task = await TaskAsync("t1");

        Assert.Equal(
            (asked.Title, asked.Description, asked.Priority, asked.Complexity, asked.EstimatedHours),
            (task.Title, task.Description, task.Priority, task.Complexity, task.EstimatedHours));
        Assert.Equal(asked.Checks.Take(2), task.Checks);
        Assert.Equal((asked.Key, asked.Role, "tester"), (task.Key, task.Role, task.CreatedBy));
        Assert.Equal(asked.Tags, task.Tags.AsEnumerable());
        Assert.Equal([new TaskId("t0")], task.DependsOn);
        Assert.Equal((Now, Now), (task.CreatedAt, task.UpdatedAt));
        Assert.Equal((0, 0, 0, 1), (task.Attempt, task.Failures, task.Losses, task.OpenDependencies));
        Assert.Null(task.Claim);
        Assert.Empty(task.Notes);
        Assert.Equal(["task.created t0", "task.created t1"], await ToldAsync(""));
    }

    [Fact]
    public async Task The_same_key_or_id_twice_is_one_task()
    {
        await SubmitAsync(New("t1") with { Key = "k" });
        var answer = Assert.IsType<SubmitAnswer.Accepted>(await Store.SubmitAsync(
            [
                New("t2") with { Key = "k", Title = "other" }, New("t1") with { Title = "other" }, New("t3"),
                New("t4") with { Key = "n" }, New("t5") with { Key = "n" }, New("t6", "t2", "t5"),
            ], "tester", Cancel));

        Assert.Equal(["t1", "t1", "t3", "t4", "t4", "t6"], Ids(answer.Tasks));
        Assert.Equal(3, answer.Created);
        Assert.Equal("do t1", (await TaskAsync("t1")).Title);
        Assert.Equal([new("t1"), new TaskId("t4")], (await TaskAsync("t6")).DependsOn);
        Assert.Equal(4, (await LookAsync()).Tasks.Total);
    }

    [Fact]
    public async Task Dependencies_are_named_by_key_id_or_prefix()
    {
        await SubmitAsync(New("task_100_aaaaaa"), New("task_100"), New("task_2_b") with { Key = "build" });
        await SubmitAsync(New("t9", "build", "task_100", "task_100_a", "t8"), New("t8"));

        Assert.Equal(
            ["task_2_b", "task_100", "task_100_aaaaaa", "t8"],
            (await TaskAsync("t9")).DependsOn.Select(id => id.Value));
    }

    [Fact]
    public async Task A_submit_makes_all_or_nothing()
    {
        await SubmitAsync(New("task_100_a"), New("task_100_b"));
        var before = (await LookAsync()).Seq;
        async Task<(int, RefusalKind)> RefusedAsync(params ImmutableArray<NewTask> tasks)
        {
            var refused = Assert.IsType<SubmitAnswer.Refused>(await Store.SubmitAsync(tasks, "tester", Cancel));
            return (refused.Index, refused.Refusal.Kind);
        }

        Assert.Equal((1, RefusalKind.UnknownDependency), await RefusedAsync(New("t1"), New("t2", "t9")));
        Assert.Equal((2, RefusalKind.Ambiguous),
            await RefusedAsync(New("task_100_a"), New("t1"), New("t2", "task_1")));
        Assert.Equal((0, RefusalKind.Cycle), await RefusedAsync(New("t1", "t1")));
        Assert.Equal((0, RefusalKind.Cycle), await RefusedAsync(New("t1", "t3"), New("t2", "t1"), New("t3", "t2")));

        Assert.Equal(["task_100_a", "task_100_b"], Ids(await Store.TasksAsync(new(), Cancel)));
        Assert.Equal(before, (await LookAsync()).Seq);
        Assert.Equal(2, (await LookAsync()).Tasks.Total);
    }

    [Fact]
    public async Task A_cycle_is_named()
    {
        var answer = await Store.SubmitAsync(
            [New("t1", "second") with { Key = "first" }, New("t2", "t1") with { Key = "second" }], "tester", Cancel);
        Assert.Contains("first → second → first",
            Assert.IsType<SubmitAnswer.Refused>(answer).Refusal.Message, StringComparison.Ordinal);

        await SubmitAsync(New("t1"), New("t2", "t1"), New("t3", "t2"));
        var edit = await Store.EditAsync(new("t1"), new TaskEdit.AddDependency(new("t3")), "tester", Cancel);
        Assert.Equal(RefusalKind.Cycle, Refused(edit));
        Assert.Contains("t1 → t3 → t2 → t1",
            ((ClaimAnswer.Refused)edit).Refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["t1"], await ReadyAsync());
    }

    [Fact]
    public async Task An_assessment_stays_and_a_later_one_changes_only_what_it_judges()
    {
        await SubmitAsync(New("t1"));
        DimensionScore[] scores =
            [new(QualityDimension.Completeness, 8, "all of it"), new(QualityDimension.Impact, 7.5m, null)];
        var first = new Assessment("ann", Now, [.. scores])
        {
            Strengths = ["quick"],
            Lessons = ["look first"],
        };
        await EditAsync("t1", new TaskEdit.Assess(first, "judged"));
        await EditAsync("t1", new TaskEdit.Assess(
            new("bob", Now, [new(QualityDimension.Impact, 4, "less")]) { Lessons = ["look twice"] }));

        var task = await TaskAsync("t1");

        Assert.Equal(6.7m, task.QualityScore);
        Assert.Equal("judged", Assert.Single(task.Notes).Text);
        Assert.Equal(("bob", 8m, 4m), (task.Quality!.By, task.Quality.Of(QualityDimension.Completeness)!.Score,
            task.Quality.Of(QualityDimension.Impact)!.Score));
        Assert.Equal(["look first", "look twice"], task.Quality.Lessons);
        Assert.Equal(["quick"], task.Quality.Strengths);
        Assert.Null(task.Quality.Of(QualityDimension.Efficiency));
    }

    [Fact]
    public async Task What_is_told_stands_in_the_log_at_once()
    {
        var before = await LookAsync();
        await Store.AskAsync(new(RequestKind.Tell, "ann")
        {
            Event = new(EventType.ValidationPassed, "ann", "main", "all well"),
        }, Cancel);

        var told = Assert.Single(await Store.EventsAsync(new() { After = before.Seq }, Cancel));

        Assert.Equal((EventType.ValidationPassed, "all well"), (told.Draft.Type, told.Draft.Message));
        Assert.Empty((await LookAsync()).Requests);
    }

    [Fact]
    public async Task Nothing_submitted_is_nothing_made()
    {
        Assert.Equal(0, Assert.IsType<SubmitAnswer.Accepted>(await Store.SubmitAsync([], "tester", Cancel)).Created);
    }

    [Fact]
    public async Task Dependencies_may_be_added_and_removed()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2"), New("t3"));
        await EditAsync("t3", new TaskEdit.AddDependency(new("t2")));
        var task = await EditAsync("t3", new TaskEdit.AddDependency(new("t1")));
        Assert.Equal(2, task.OpenDependencies);
        Assert.Equal(2, (await EditAsync("t3", new TaskEdit.AddDependency(new("t1")))).OpenDependencies);
        Assert.Equal(["t1", "t2"], await ReadyAsync());
        Assert.Equal([new("t2"), new TaskId("t1")], (await TaskAsync("t3")).DependsOn);

        await SettleAsync((await ClaimAsync("w-1", "t2")).Claim, new Settlement.Complete(null));
        Assert.Equal(0, (await EditAsync("t3", new TaskEdit.RemoveDependency(new("t1")))).OpenDependencies);
        Assert.Equal(["t1", "t3"], await ReadyAsync());

        // What it waits for no longer must not be counted when it is done.
        await SettleAsync((await ClaimAsync("w-1", "t1")).Claim, new Settlement.Complete(null));
        Assert.Equal(0, (await TaskAsync("t3")).OpenDependencies);
        Assert.Equal(0, (await EditAsync("t3", new TaskEdit.AddDependency(new("t1")))).OpenDependencies);

        Assert.Equal(RefusalKind.UnknownDependency, Refused(await Store.EditAsync(
            new("t3"), new TaskEdit.AddDependency(new("t9")), "tester", Cancel)));
        Assert.Equal(RefusalKind.NotFound, Refused(await Store.EditAsync(
            new("t3"), new TaskEdit.RemoveDependency(new("t9")), "tester", Cancel)));
        Assert.Equal(RefusalKind.Conflict, Refused(await Store.EditAsync(
            new("t2"), new TaskEdit.AddDependency(new("t3")), "tester", Cancel)));
    }

    [Fact]
    public async Task Cancelling_takes_the_claim_away()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"), New("t2", "t1"));
        var (_, claim) = await ClaimAsync("w-1", "t1");
        Assert.Equal(DurableTaskStatus.Cancelled, (await EditAsync("t1", new TaskEdit.Cancel("not needed"))).Status);
        await EditAsync("t1", new TaskEdit.Cancel("not needed"));

        Assert.Equal(RefusalKind.ClaimLost, Refused(await Store.ExtendAsync(claim, null, Cancel)));
        Assert.Equal(["task.cancelled t1"], await ToldAsync("task.cancelled"));
        Assert.Equal(1, (await TaskAsync("t2")).OpenDependencies);
        Assert.Null((await AgentAsync("w-1")).Task);

        await EditAsync("t1", new TaskEdit.Requeue(null));
        await SettleAsync((await ClaimAsync("w-1", "t1", "again")).Claim, new Settlement.Complete(null));
        Assert.Equal(RefusalKind.Conflict, Refused(
            await Store.EditAsync(new("t1"), new TaskEdit.Cancel(null), "tester", Cancel)));
        Assert.Equal(RefusalKind.NotFound, Refused(
            await Store.EditAsync(new("t9"), new TaskEdit.Cancel(null), "tester", Cancel)));
    }

    [Fact]
    public async Task Requeueing_by_hand_begins_the_counting_anew()
    {
        await JoinAsync("w-1");
        await SubmitAsync(New("t1"));
        await SettleAsync((await ClaimAsync("w-1")).Claim, new Settlement.Fail("broke", null));
        var task = await EditAsync("t1", new TaskEdit.Requeue("mended"));

        Assert.Equal((0, 1), (task.Failures, task.Attempt));
        Assert.Null((await TaskAsync("t1")).NotBefore);
        Assert.Equal("t1", (await ClaimAsync("w-1", secret: "again")).Task.Id.Value);
    }

    [Fact]
    public async Task Notes_are_kept_in_order()
    {
        await SubmitAsync(New("t1"));
        await EditAsync("t1", new TaskEdit.Note("first"));
        var at = Now;
        Clock.Advance(TimeSpan.FromSeconds(1));
        await EditAsync("t1", new TaskEdit.Note("second"));

        Assert.Equal([new(at, "first"), new TaskNote(Now, "second")], (await TaskAsync("t1")).Notes);
        Assert.Equal(Now, (await TaskAsync("t1")).UpdatedAt);
    }

    [Fact]
    public async Task A_task_names_its_spec_and_naming_it_again_changes_nothing()
    {
        await SubmitAsync(New("t1"));
        await EditAsync("t1", new TaskEdit.Spec("docs/specs/task_1.md"));
        var named = await TaskAsync("t1");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await EditAsync("t1", new TaskEdit.Spec("docs/specs/task_1.md"));

        Assert.Equal("docs/specs/task_1.md", named.SpecFile);
        Assert.Equal(named.UpdatedAt, (await TaskAsync("t1")).UpdatedAt);
        Assert.Equal(["task.created t1"], await ToldAsync(""));
    }

    [Fact]
    public async Task An_import_keeps_records_as_they_are()
    {
        var task = new DurableTask(new("task_1"), "old")
        {
            Description = "text",
            Status = DurableTaskStatus.Completed,
            Complexity = TaskComplexity.Simple,
            Tags = ["x"],
            CreatedBy = "agent-1",
            CreatedAt = Now.AddDays(-2),
            UpdatedAt = Now.AddDays(-1),
            AssignedTo = "agent-1",
            ClaimedAt = Now.AddDays(-1.5),
            CompletedAt = Now.AddDays(-1),
            Attempt = 2,
            Notes = [new(Now.AddDays(-1), "note")],
            GithubIssue = new(12, "https://example.org/12"),
            Branch = "feature",
            QualityScore = 7.5m,
            QualityNotes = "good",
            SpecFile = "docs/specs/task_1.md",
        };
        await Store.ImportAsync(new("test", [task], [], Epoch.None), Cancel);

        var kept = await TaskAsync("task_1");
        Assert.Equal(task.Tags.AsEnumerable(), kept.Tags);
        Assert.Equal(task.Notes.AsEnumerable(), kept.Notes);
        Assert.Equal(task, kept with { Tags = task.Tags, Notes = task.Notes, DependsOn = task.DependsOn });
    }

    [Fact]
    public async Task An_import_twice_changes_nothing()
    {
        await BeginAsync(3, Leader);
        DurableTask done = new(new("d"), "done") { Status = DurableTaskStatus.Completed };
        DurableTask waits = new(new("w"), "waits") { DependsOn = [new("o"), new("d")] };
        DurableTask open = new(new("o"), "open") { Key = "k" };
        Agent agent = new(new("agent-1"), "agent", "worker") { Status = AgentStatus.Stopped, StartedAt = Now };
        ImportBatch batch = new("DIR", [waits, done, open], [agent], new(8));
        var before = (await LookAsync()).Seq;
        Assert.Equal(new ImportAnswer(3, 0, 1, true), await Store.ImportAsync(batch with { IsTrial = true }, Cancel));
        Assert.Equal((before, new Epoch(3)), ((await LookAsync()).Seq, (await LookAsync()).Fence.Epoch));
        var answer = await Store.ImportAsync(batch, Cancel);
        var seq = (await LookAsync()).Seq;
        var again = await Store.ImportAsync(batch, Cancel);

        Assert.Equal(new ImportAnswer(3, 0, 1, true), answer);
        Assert.Equal(new ImportAnswer(0, 3, 0, false), again);
        Assert.Equal(again, await Store.ImportAsync(batch with { IsTrial = true }, Cancel));
        var snapshot = await LookAsync();
        Assert.Equal(seq, snapshot.Seq);
        Assert.Equal(new Fence(new(8), null, Leases), snapshot.Fence);
        Assert.Equal(["agent-1"], snapshot.Gone.Select(gone => gone.Id.Value));
        Assert.Equal(1, (await TaskAsync("w")).OpenDependencies);
        Assert.Equal(["o"], await ReadyAsync());
        Assert.Equal(["import.done main"], await ToldAsync("import."));
        await Assert.ThrowsAsync<FencedException>(() => SweepAsync(3));
        await Assert.ThrowsAsync<FencedException>(() => BeginAsync(8, Leader).AsTask());
    }

    [Fact]
    public async Task A_later_import_opens_what_waited_for_it()
    {
        DurableTask waits = new(new("w"), "waits") { DependsOn = [new("d")] };
        await Store.ImportAsync(new("DIR", [waits], [], Epoch.None), Cancel);
        Assert.Empty(await ReadyAsync());
        DurableTask done = new(new("d"), "done") { Status = DurableTaskStatus.Completed };
        await Store.ImportAsync(new("DIR", [waits, done], [], Epoch.None), Cancel);
        Assert.Equal(["w"], await ReadyAsync());
    }
}
