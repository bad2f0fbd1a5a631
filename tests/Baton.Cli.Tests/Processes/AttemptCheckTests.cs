using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Baton.Work;

namespace Baton.Cli.Tests;

/// <summary>The checks of a task, as <c>run</c> runs them after its command.</summary>
public sealed class AttemptCheckTests : IDisposable
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryWorkStore _work = new(ElectionName.Main, BootClock.Instance, ClockDomain.Current);
    private readonly IdSource _ids = new(BootClock.Instance, RandomNumberGenerator.Fill);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task They_are_run_in_order_and_bound_to_the_completion()
    {
        var task = await SubmitAsync("printf 'a\\n'; printf 'b\\377' >&2; printf 'c\\n'", "test \"$BATON_ATTEMPT\" -eq 1");
        var logs = new TaskLogs(_folder.PathOf("log"), TaskLogs.DefaultBytes);
        var done = Assert.IsType<RunOutcome.Completed>(await RunAsync("echo worked", logs)).Task;

        Assert.Equal(done.Checks.AsEnumerable(), done.Evidence.Select(seen => seen.Command));
        var first = done.Evidence[0];
        Assert.Equal((0, false, 6L), (first.ExitCode, first.TimedOut, first.OutputBytes));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([.. "a\nb"u8, 0xFF, .. "c\n"u8])), first.OutputSha256);
        Assert.Equal(["a", "b\uFFFDc"], first.OutputTail.AsEnumerable());
        Assert.True(first.Took > TimeSpan.Zero);
        Assert.Equal(0, done.Evidence[1].OutputBytes);
        var kept = Encoding.Latin1.GetString(logs.Read(task, null)!.Value.Text);
        Assert.StartsWith("worked\nbaton: check: printf 'a", kept, StringComparison.Ordinal);
        Assert.Contains("\na\nb\xff" + "c\nbaton: check: test ", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_fails_fails_the_attempt_and_the_next_attempt_may_pass()
    {
        var flag = _folder.PathOf("flag");
        var task = await SubmitAsync($"echo looking; test -e '{flag}'", $"touch '{flag}.second'");
        var failed = Assert.IsType<RunOutcome.Failed>(await RunAsync("exit 0"));
        Assert.Equal((null, $"check 'echo looking; test -e '{flag}'' failed: exit code 1"),
            (failed.ExitCode, failed.Reason));
        Assert.Equal((DurableTaskStatus.Pending, 1), (failed.Task.Status, failed.Task.Failures));
        Assert.False(File.Exists(flag + ".second"));
        var told = (await _work.EventsAsync(new() { Subject = task.Value }, Cancel))
            .Single(entry => entry.Draft.Type == EventType.TaskFailed).Draft.Data!;
        Assert.Equal(["looking"], Assert.Single(told.Evidence!.Value).OutputTail.AsEnumerable());

        await File.WriteAllTextAsync(flag, "", Cancel);
        var done = Assert.IsType<RunOutcome.Completed>(await RunAsync("exit 0", task: task)).Task;
        Assert.Equal(2, done.Evidence.Length);
    }

    [Fact]
    public async Task None_is_run_after_a_command_that_failed_or_settled_the_attempt_itself()
    {
        var ran = _folder.PathOf("ran");
        var task = await SubmitAsync($"touch '{ran}'");
        Assert.IsType<RunOutcome.Failed>(await RunAsync("exit 3"));
        var running = RunAsync("exit 0", task: task, onClaimed: async claim =>
            Assert.IsType<ClaimAnswer.Granted>(
                await _work.SettleAsync(claim, new Settlement.Block("needs a person"), Cancel)));
        Assert.Equal(DurableTaskStatus.Blocked, Assert.IsType<RunOutcome.Settled>(await running).Task.Status);
        Assert.False(File.Exists(ran));
    }

    [Theory]
    [InlineData(300, null, "stalled: nothing said for 300ms, in check ")]
    [InlineData(null, 300, "out of time: it took longer than 300ms, in check ")]
    public async Task One_without_end_is_ended_with_its_tree(int? stall, int? limit, string reason)
    {
        var pid = _folder.PathOf("pid");
        await SubmitAsync($"trap '' TERM; sleep 1000 & echo $! >'{pid}'; wait");
        var failed = Assert.IsType<RunOutcome.Failed>(await RunAsync("exit 0", change: order => order with
        {
            Stall = stall is { } some ? TimeSpan.FromMilliseconds(some) : null,
            TimeLimit = limit is { } most ? TimeSpan.FromMilliseconds(most) : null,
            Grace = TimeSpan.FromMilliseconds(100),
        }));
        Assert.StartsWith(reason, failed.Reason, StringComparison.Ordinal);
        Assert.Null(ProcessIdentity.Of(int.Parse(await File.ReadAllTextAsync(pid, Cancel))));
        var told = (await _work.EventsAsync(new(), Cancel)).Single(entry => entry.Draft.Type == EventType.TaskFailed);
        Assert.True(Assert.Single(told.Draft.Data!.Evidence!.Value).TimedOut);
    }

    [Fact]
    public async Task A_lost_claim_ends_the_check_that_runs()
    {
        var begun = _folder.PathOf("begun");
        var task = await SubmitAsync($"mkfifo '{begun}.never'; echo x >'{begun}'; cat '{begun}.never'");
        var running = RunAsync("exit 0", change: order => order with
        {
            ClaimTtl = TimeSpan.FromMilliseconds(500), Grace = TimeSpan.FromMilliseconds(100),
        });
        await UntilAsync(() => File.Exists(begun));
        await _work.EditAsync(task, new TaskEdit.Requeue("by hand"), "test", Cancel);
        Assert.IsType<RunOutcome.ClaimLost>(await running.WaitAsync(FailSafe, Cancel));
    }

    [Theory]
    [InlineData("1MiB")]
    [InlineData("0")]
    public async Task What_they_say_is_no_data(string logSize)
    {
        using var ground = await Playground.MakeAsync();
        await ground.RunAsync("task", "create", "--title", "one", "--check", "echo checked");
        var played = await ground.RunAsync("run", "--log-size", logSize, "--", "echo", "worked");
        Assert.Equal((0, "worked"), (played.Exit, played.Out));
        Assert.StartsWith("checked\n", played.Error, StringComparison.Ordinal);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), BootClock.Instance, Cancel);
        }
    }

    private Task<RunOutcome> RunAsync(string script, TaskLogs? logs = null, TaskId? task = null,
        Func<RunOrder, RunOrder>? change = null, Func<Claim, Task>? onClaimed = null)
    {
        var order = new RunOrder(["sh", "-c", script])
        {
            Task = task,
            Logs = logs,
            Output = _ => new ChildOutput.Lines(_ => { }),
            Errors = _ => new ChildOutput.Lines(_ => { }),
        };
        // The task is described once it was claimed, and before its command begins.
        return new TaskRunner(new(_work, null), change?.Invoke(order) ?? order, new(_ids, BootClock.Instance, claimed =>
        {
            onClaimed?.Invoke(Claim.Parse(claimed.Id, claimed.Claim!.Token)!).GetAwaiter().GetResult();
            return "{}";
        }, _ => { })).RunAsync(Cancel);
    }

    private async Task<TaskId> SubmitAsync(params ImmutableArray<string> checks)
    {
        var answer = await _work.SubmitAsync([new(_ids.NewTask(), "a task") { Checks = checks }], "test", Cancel);
        return Assert.IsType<SubmitAnswer.Accepted>(answer).Tasks[0].Id;
    }
}
