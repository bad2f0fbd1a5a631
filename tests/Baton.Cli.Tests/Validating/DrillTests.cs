using System.Text.Json;
using Baton.Validation;

namespace Baton.Cli.Tests;

/// <summary><c>baton validate</c> as a process: it shows, it cleans up, and it stays in its own folder.</summary>
public sealed class DrillTests : IAsyncLifetime
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);

    private Playground _playground = null!;

    private string[] Leftovers => Directory.GetFileSystemEntries(_playground.Root, Scratch.Prefix + "*");

    public async ValueTask InitializeAsync() => _playground = await Playground.MakeAsync();

    public ValueTask DisposeAsync()
    {
        _playground.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Two_runs_side_by_side_each_show_what_was_asked_and_leave_nothing()
    {
        string[] validate =
        [
            // A ttl that a busy machine does not let run out: one term is due.
            "validate", "--only", "followers-yield", "--ttl", "6s", "--orchestrators", "2", "--seed", "5",
            "--report", "", "--json",
        ];

        var played = await Task.WhenAll(_playground.RunAsync(validate), _playground.RunAsync(validate));

        Assert.All(played, run => Assert.True(run.Exit == ExitCode.Ok, run.Out + run.Error));
        var runs = played.Select(run => JsonDocument.Parse(run.Out).RootElement.GetProperty("data")).ToArray();
        Assert.NotEqual(runs[0].GetProperty("run_id").GetString(), runs[1].GetProperty("run_id").GetString());
        Assert.All(runs, run =>
        {
            var criterion = Assert.Single(run.GetProperty("criteria").EnumerateArray());
            Assert.Equal("followers-yield", criterion.GetProperty("id").GetString());
            Assert.Equal("pass", criterion.GetProperty("result").GetString());
            Assert.True(criterion.GetProperty("evidence").GetArrayLength() > 3);
            Assert.Equal(1, run.GetProperty("leader").GetProperty("epoch").GetInt64());
        });
        Assert.Empty(Leftovers);
        // The workspace's own store hears of the verdict, and of nobody who took part.
        foreach (var words in (string[][])[["agent", "list"], ["leader", "history"], ["task", "list"]])
        {
            Assert.Equal("{\"schema_version\":1,\"data\":[]}", (await _playground.RunAsync([.. words, "--json"])).Out);
        }
    }

    [Theory]
    [InlineData(SystemCalls.Interrupt, ExitCode.Interrupted)]
    [InlineData(SystemCalls.Kill, 137)]
    public async Task A_run_that_is_stopped_or_killed_leaves_no_process_and_no_folder(int signal, int exit)
    {
        var run = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var child = ChildProcess.Start(Playground.Command(
            _playground.Root, "validate", "--only", "leader-heartbeat", "--report", "", "-v") with
        {
            Output = new ChildOutput.Lines(_ => { }),
            Errors = new ChildOutput.Lines(line =>
            {
                if (line.Split("run ") is [_, var rest])
                {
                    run.TrySetResult(rest.Split(',')[0]);
                }
            }),
        });
        var id = await run.Task.WaitAsync(FailSafe, BootClock.Instance, Cancel);
        await UntilAsync(() => Marked(id).Count >= 3);

        child.Signal(signal);

        Assert.Equal(exit, (await child.Exit.WaitAsync(FailSafe, BootClock.Instance, Cancel)).ShellCode);
        await UntilAsync(() => Marked(id).Count == 0 && Leftovers.Length == 0);
    }

    [Fact]
    public async Task An_unknown_criterion_is_refused_with_the_list()
    {
        var played = await _playground.RunAsync("validate", "--only", "single-leader,no-such");

        Playground.Refuses(played, ExitCode.Usage, "no-such");
        Assert.Contains("frozen-leader", played.Error, StringComparison.Ordinal);
        Assert.Empty(Leftovers);
    }

    private static List<ProcessEntry> Marked(string run) => [.. ProcessTable.All().Where(process => !process.IsZombie
        && ProcessTable.EnvironmentOf(process.Pid, DrillHost.Variable)?.StartsWith(run + "/", StringComparison.Ordinal) == true)];

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (!holds())
        {
            safe.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
