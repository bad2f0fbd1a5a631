using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Baton.Work;

namespace Baton.Cli.Tests;

public sealed class TaskRunnerTests : IDisposable
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryWorkStore _work =
        new(ElectionName.Main, BootClock.Instance, ClockDomain.Current);
    private readonly IdSource _ids = new(BootClock.Instance, RandomNumberGenerator.Fill);
    private readonly WitnessFolder _witnesses;

    public TaskRunnerTests() => _witnesses = new(_folder.PathOf("witness"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_command_that_exits_with_0_completes_its_task()
    {
        var task = await SubmitAsync();
        var lines = new ConcurrentQueue<string>();
        var order = Order("""
            echo "$BATON_TASK_ID $BATON_ATTEMPT $BATON_AGENT_ID $BATON_STORE ${BATON_SUPERVISOR-none}"
            echo "$BATON_CLAIM" | tr -d '[:xdigit:]'
            cat "$BATON_TASK_FILE"; echo
            stat -c %a "$BATON_TASK_FILE"; echo "$BATON_TASK_FILE"
            """) with
        {
            Agent = "builder",
            Stores = ImmutableDictionary<string, string?>.Empty.Add("BATON_STORE", "sqlite:x"),
            Output = _ => new ChildOutput.Lines(lines.Enqueue),
        };

        var outcome = await RunAsync(order);

        Assert.Equal(task, Assert.IsType<RunOutcome.Completed>(outcome).Task.Id);
        var done = await TaskAsync(task);
        Assert.Equal(DurableTaskStatus.Completed, done.Status);
        var said = lines.ToArray();
        Assert.Equal($"{task} 1 {done.AssignedTo} sqlite:x none", said[0]);
        Assert.Equal("-", said[1]);
        Assert.Equal($"task {task}", said[2]);
        Assert.Equal("600", said[3]);
        Assert.False(File.Exists(said[4]));
        Assert.StartsWith("builder-", done.AssignedTo, StringComparison.Ordinal);
        var agent = Assert.Single((await _work.SnapshotAsync(Cancel)).Gone);
        Assert.Equal((AgentStatus.Stopped, Environment.ProcessId), (agent.Status, agent.Pid));
        Assert.Empty(Directory.GetFiles(_folder.PathOf("witness")));
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("kill -KILL $$", 137)]
    public async Task Any_other_end_fails_the_attempt(string script, int code)
    {
        var task = await SubmitAsync();
        var failed = Assert.IsType<RunOutcome.Failed>(await RunAsync(Order(script)));
        Assert.Equal(code, failed.ExitCode);
        var after = await TaskAsync(task);
        Assert.Equal((DurableTaskStatus.Pending, 1), (after.Status, after.Failures));
        Assert.NotNull(after.NotBefore);
    }

    [Fact]
    public async Task A_program_that_is_not_there_fails_the_attempt()
    {
        await SubmitAsync();
        var failed = Assert.IsType<RunOutcome.Failed>(await RunAsync(new(["no-such-program"])));
        Assert.Equal(127, failed.ExitCode);
        Assert.Contains("no-such-program", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_to_take_is_an_answer()
    {
        Assert.IsType<RunOutcome.NothingReady>(await RunAsync(Order("exit 0")));
        var unknown = await RunAsync(Order("exit 0") with { Task = new("task_1_nobody") });
        Assert.Equal(RefusalKind.NotFound, Assert.IsType<RunOutcome.Refused>(unknown).Refusal.Kind);
    }

    [Fact]
    public async Task Waits_for_a_task_that_is_submitted_later()
    {
        var running = RunAsync(Order("exit 0") with { Waits = true });
        await UntilAsync(snapshot => snapshot.Agents.Length == 1);
        Assert.False(running.IsCompleted);
        await SubmitAsync();
        Assert.IsType<RunOutcome.Completed>(await running.WaitAsync(FailSafe, Cancel));
    }

    [Fact]
    public async Task A_lost_claim_ends_the_command_with_its_tree()
    {
        var task = await SubmitAsync();
        var pid = new TaskCompletionSource<int>();
        var running = RunAsync(Order("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1; done") with
        {
            ClaimTtl = TimeSpan.FromMilliseconds(500),
            Grace = TimeSpan.FromMilliseconds(200),
            Output = _ => new ChildOutput.Lines(line => pid.TrySetResult(int.Parse(line))),
        });
        var sleeper = await pid.Task.WaitAsync(FailSafe, Cancel);

        await _work.EditAsync(task, new TaskEdit.Requeue("by hand"), "test", Cancel);

        var lost = Assert.IsType<RunOutcome.ClaimLost>(await running.WaitAsync(FailSafe, Cancel));
        Assert.Equal(task, lost.Task.Id);
        Assert.Null(ProcessIdentity.Of(sleeper));
        Assert.Equal(DurableTaskStatus.Pending, (await TaskAsync(task)).Status);
    }

    [Fact]
    public async Task A_claim_is_extended_while_the_command_lives()
    {
        var task = await SubmitAsync();
        var running = RunAsync(Order($"while ! test -e {_folder.PathOf("end")}; do sleep 0.01; done") with
        {
            // Long enough to be extended in time on a busy machine.
            ClaimTtl = TimeSpan.FromSeconds(3),
        });
        await UntilAsync(snapshot => snapshot.InProgress is [{ Claim.Extensions: >= 3 }]);
        var claim = (await TaskAsync(task)).Claim!;
        Assert.False(_witnesses.IsProvablyDead(claim.WitnessName, claim.Witness));
        await File.WriteAllTextAsync(_folder.PathOf("end"), "", Cancel);
        Assert.IsType<RunOutcome.Completed>(await running.WaitAsync(FailSafe, Cancel));
    }

    [Fact]
    public async Task Stopped_from_outside_it_gives_the_task_back()
    {
        var task = await SubmitAsync();
        var pid = new TaskCompletionSource<int>();
        using var stop = new CancellationTokenSource();
        var running = RunAsync(
            Order("sleep 1000 & echo $!; wait") with
            {
                Output = _ => new ChildOutput.Lines(line => pid.TrySetResult(int.Parse(line))),
            },
            stop.Token);
        var sleeper = await pid.Task.WaitAsync(FailSafe, Cancel);

        await stop.CancelAsync();

        var interrupted = Assert.IsType<RunOutcome.Interrupted>(await running.WaitAsync(FailSafe, Cancel));
        Assert.Equal(task, interrupted.Task!.Id);
        Assert.Null(ProcessIdentity.Of(sleeper));
        var after = await TaskAsync(task);
        Assert.Equal((DurableTaskStatus.Pending, 0, 0), (after.Status, after.Failures, after.Losses));
        Assert.Empty((await _work.SnapshotAsync(Cancel)).Agents);
    }

    [Fact]
    public async Task What_a_command_leaves_behind_is_ended()
    {
        await SubmitAsync();
        var pid = new TaskCompletionSource<int>();
        var outcome = await RunAsync(Order("setsid sleep 1000 & echo $!") with
        {
            Output = _ => new ChildOutput.Lines(line => pid.TrySetResult(int.Parse(line))),
        });
        Assert.IsType<RunOutcome.Completed>(outcome);
        Assert.Null(ProcessIdentity.Of(await pid.Task.WaitAsync(FailSafe, Cancel)));
    }

    [Fact]
    public async Task Repeats_until_drained()
    {
        for (var i = 0; i < 3; i++)
        {
            await SubmitAsync();
        }

        var told = new ConcurrentQueue<RunOutcome>();
        var running = RunAsync(Order("exit 0") with { Repeats = true, AgentTtl = TimeSpan.FromMilliseconds(600) },
            CancellationToken.None, told.Enqueue);
        await UntilAsync(snapshot => snapshot.Tasks.Completed == 3);
        var agent = Assert.Single((await _work.SnapshotAsync(Cancel)).Agents);

        await _work.ReportAsync(new(agent.Id) { Status = AgentStatus.Draining, IsBeat = false }, Cancel);

        Assert.IsType<RunOutcome.Drained>(await running.WaitAsync(FailSafe, Cancel));
        Assert.All(told, outcome => Assert.IsType<RunOutcome.Completed>(outcome));
        Assert.Equal(3, told.Count);
    }

    [Fact]
    public async Task A_life_that_is_over_is_followed_by_another()
    {
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Order("exit 0") with { Repeats = true, AgentTtl = TimeSpan.FromMilliseconds(600) },
            stop.Token);
        await UntilAsync(snapshot => snapshot.Agents.Length == 1);
        var first = (await _work.SnapshotAsync(Cancel)).Agents[0].Id;

        // The roster forgets it, as after an eviction.
        await _work.ReportAsync(new(first) { Status = AgentStatus.Stopped }, Cancel);

        await UntilAsync(snapshot => snapshot.Agents is [{ } second] && second.Id != first);
        await SubmitAsync();
        await UntilAsync(snapshot => snapshot.Tasks.Completed == 1);
        await stop.CancelAsync();
        Assert.IsType<RunOutcome.Interrupted>(await running.WaitAsync(FailSafe, Cancel));
    }

    private static RunOrder Order(string script) => new(["sh", "-c", script]);

    private Task<RunOutcome> RunAsync(
        RunOrder order, CancellationToken? stop = null, Action<RunOutcome>? told = null)
    {
        var tools = new RunTools(_ids, BootClock.Instance, task => $"task {task.Id}",
            trouble => TestContext.Current.TestOutputHelper?.WriteLine(trouble));
        return new TaskRunner(new(_work, _witnesses), order, tools) { Told = told }.RunAsync(stop ?? Cancel);
    }

    private async Task<TaskId> SubmitAsync()
    {
        var answer = await _work.SubmitAsync([new(_ids.NewTask(), "a task")], "test", Cancel);
        return Assert.IsType<SubmitAnswer.Accepted>(answer).Tasks[0].Id;
    }

    private async Task<DurableTask> TaskAsync(TaskId id) =>
        (await _work.TasksAsync(new() { IdPrefix = id.Value }, Cancel)).Single();

    private async Task UntilAsync(Func<Snapshot, bool> holds)
    {
        using var failSafe = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        failSafe.CancelAfter(FailSafe);
        for (long mark = 0; !holds(await _work.SnapshotAsync(failSafe.Token));)
        {
            mark = await _work.ChangedAsync(mark, FailSafe, failSafe.Token);
        }
    }
}
