using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Baton.Cli.Tests;

/// <summary>The program as real processes: what <c>up</c> starts, it takes down with it.</summary>
public sealed class UpTests : IDisposable
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<string> _said = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Does_the_tasks_and_ends_when_idle()
    {
        await BatonAsync(0, "init");
        await BatonAsync(0, "task", "create", "--title", "one");
        await BatonAsync(0, "up", "--orchestrators", "2", "--workers", "1", "--worker",
            "echo $BATON_TASK_ID > did", "--until-idle");
        var did = await File.ReadAllTextAsync(_folder.PathOf("did"), Cancel);
        Assert.StartsWith("task_", did, StringComparison.Ordinal);
        Assert.Contains(_said, line => line.Contains("task.completed", StringComparison.Ordinal));
        Assert.Empty(Left());
    }

    [Fact]
    public async Task Makes_a_workspace_where_there_is_none_and_refuses_a_ttl_that_is_too_short()
    {
        await BatonAsync(2, "up", "--ttl", "1ms");
        Assert.Contains(_said, line => line.Contains("made the workspace", StringComparison.Ordinal));
        Assert.Contains(_said, line => line.Contains("a ttl of 1 ms is below", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(SystemCalls.Interrupt, 130)]
    [InlineData(SystemCalls.Terminate, 130)]
    [InlineData(SystemCalls.Kill, 137)]
    public async Task Leaves_nothing_behind_however_it_ends(int signal, int code)
    {
        await BatonAsync(0, "init");
        await BatonAsync(0, "task", "create", "--title", "long");
        using var up = Start("up", "--orchestrators", "2", "--workers", "1", "--worker",
            "setsid sleep 1000 & echo begun > begun; sleep 1000");
        await UntilAsync(() => File.Exists(_folder.PathOf("begun")));
        Assert.True(Left().Count >= 4, "orchestrators, a worker and its command run");

        up.Signal(signal);

        Assert.Equal(code, (await up.Exit.WaitAsync(FailSafe, Cancel)).ShellCode);
        // Killed, it can do nothing more: its processes find that out and end by themselves.
        await UntilAsync(() => Left().Count == 0);
    }

    [Fact]
    public async Task The_command_of_a_killed_worker_is_ended_and_its_task_done_by_another()
    {
        await BatonAsync(0, "init");
        await BatonAsync(0, "task", "create", "--title", "twice");
        var killed = _folder.PathOf("worker");
        var up = BatonAsync(0, "up", "--orchestrators", "1", "--workers", "1", "--until-idle", "--worker",
            "if [ $BATON_ATTEMPT = 1 ]; then echo $PPID > worker.new; mv worker.new worker; sleep 1000; fi");
        await UntilAsync(() => File.Exists(killed));
        var worker = Assert.NotNull(ProcessIdentity.Of(int.Parse(await File.ReadAllTextAsync(killed, Cancel))));

        Assert.True(ProcessTable.Signal(worker, SystemCalls.Kill));

        await up;
        Assert.Contains(_said, line => line.Contains("task.requeued", StringComparison.Ordinal));
        Assert.Contains(_said, line => line.Contains("attempt 2", StringComparison.Ordinal));
        Assert.Empty(Left());
    }

    [Fact]
    public async Task The_demo_keeps_its_promise_and_cleans_up()
    {
        await BatonAsync(0, "demo", "--json");
        Assert.Contains(_said, line => line.Contains("\"completed_once\":30", StringComparison.Ordinal));
        Assert.Contains(_said, line => line.Contains("\"ended_by\":\"died\"", StringComparison.Ordinal));
        Assert.Empty(Left());
    }

    private async Task BatonAsync(int code, params string[] arguments)
    {
        using var child = Start(arguments);
        var exit = await child.Exit.WaitAsync(FailSafe, Cancel);
        await child.Drained.WaitAsync(FailSafe, Cancel);
        Assert.True(code == exit.ShellCode, $"{exit}, after: {string.Join('\n', _said)}");
    }

    private ChildProcess Start(params string[] arguments) => ChildProcess.Start(
        new([.. OwnProgram.Command, .. arguments])
        {
            Folder = _folder.Path,
            OwnSession = true,
            Environment = ImmutableDictionary<string, string?>.Empty
                .Add("BATON_TEST_FOLDER", _folder.Path).Add("BATON_STORE", null).Add("BATON_ELECTION", null),
            Output = new ChildOutput.Lines(_said.Enqueue),
            Errors = new ChildOutput.Lines(_said.Enqueue),
        });

    // Whatever descends from a process that this test has started bears its mark.
    private List<ProcessEntry> Left() => [.. ProcessTable.All().Where(entry =>
        !entry.IsZombie && ProcessTable.EnvironmentOf(entry.Pid, "BATON_TEST_FOLDER") == _folder.Path)];

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var failSafe = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        failSafe.CancelAfter(FailSafe);
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, failSafe.Token);
        }
    }
}
