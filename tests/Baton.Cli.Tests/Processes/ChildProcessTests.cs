using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Baton.Cli.Tests;

public sealed class ChildProcessTests
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exit 0", 0, null)]
    [InlineData("exit 7", 7, null)]
    [InlineData("kill -KILL $$", null, 9)]
    [InlineData("kill -PIPE $$", null, 13)]
    public async Task Tells_how_a_child_ended(string script, int? code, int? signal)
    {
        using var child = ChildProcess.Start(Shell(script));
        Assert.Equal(new ChildExit(code, signal), await child.Exit.WaitAsync(FailSafe, Cancel));
    }

    [Fact]
    public void A_signal_counts_as_shells_count_it()
    {
        Assert.Equal(137, new ChildExit(null, 9).ShellCode);
        Assert.Equal(3, new ChildExit(3, null).ShellCode);
    }

    [Fact]
    public void A_program_that_is_not_there_is_named()
    {
        var e = Assert.Throws<IOException>(() => ChildProcess.Start(new(["no-such-program-at-all"])));
        Assert.Contains("no-such-program-at-all", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<IOException>(() => ChildProcess.Start(Shell("exit 0") with { Folder = "/no/such/folder" }));
        Assert.Contains("/no/such/folder", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gives_environment_folder_and_lines()
    {
        var lines = new ConcurrentQueue<string>();
        var errors = new ConcurrentQueue<string>();
        using var child = ChildProcess.Start(Shell("echo \"$GIVEN-${HOME-none}\"; pwd; printf 'no end' >&2") with
        {
            Environment = ImmutableDictionary<string, string?>.Empty.Add("GIVEN", "this").Add("HOME", null),
            Folder = "/",
            Output = new ChildOutput.Lines(lines.Enqueue),
            Errors = new ChildOutput.Lines(errors.Enqueue),
        });
        Assert.True((await child.Exit.WaitAsync(FailSafe, Cancel)).IsSuccess);
        await child.Drained.WaitAsync(FailSafe, Cancel);
        Assert.Equal(["this-none", "/"], lines);
        Assert.Equal(["no end"], errors);
    }

    [Fact]
    public async Task A_line_without_end_comes_in_pieces()
    {
        var bytes = 0;
        var longest = 0;
        using var child = ChildProcess.Start(new(["head", "-c", "300000", "/dev/zero"])
        {
            Output = new ChildOutput.Lines(line =>
            {
                bytes += line.Length;
                longest = Math.Max(longest, line.Length);
            }),
        });
        await child.Drained.WaitAsync(FailSafe, Cancel);
        Assert.Equal(300_000, bytes);
        Assert.InRange(longest, 1, 65_536);
    }

    [Fact]
    public async Task A_file_takes_output_and_errors()
    {
        using var folder = new TemporaryFolder();
        var path = folder.PathOf("out");
        using var child = ChildProcess.Start(Shell("echo a; echo b >&2") with
        {
            Output = new ChildOutput.ToFile(path),
            Errors = new ChildOutput.Descriptor(1),
        });
        await child.Exit.WaitAsync(FailSafe, Cancel);
        Assert.Equal("a\nb\n", await File.ReadAllTextAsync(path, Cancel));
    }

    [Fact]
    public async Task Ends_a_whole_tree_that_will_not_hear()
    {
        // One that ignores the request, one in a session of its own, and one that has lost its parent
        // besides.
        using var pids = new BlockingCollection<int>();
        using var child = ChildProcess.Start(Shell(
            "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & "
            + "setsid sh -c 'echo $$; exec sleep 1000' & "
            + "setsid sh -c 'sh -c \"echo \\$\\$; exec sleep 1000\" & exit' & "
            + "while :; do sleep 1; done") with
        {
            OwnSession = true,
            Environment = ImmutableDictionary<string, string?>.Empty.Add("BATON_CLAIM", "1-tree"),
            Mark = "BATON_CLAIM=1-tree",
            Output = new ChildOutput.Lines(line => pids.Add(int.Parse(line))),
        });
        var members = new List<ProcessIdentity>();
        for (var i = 0; i < 3; i++)
        {
            Assert.True(pids.TryTake(out var pid, (int)FailSafe.TotalMilliseconds, Cancel));
            members.Add(Assert.NotNull(ProcessIdentity.Of(pid)));
        }

        Assert.True(child.EndTree(TimeSpan.FromMilliseconds(200)));

        Assert.All(members, member => Assert.False(member.IsAlive));
        Assert.Equal(new ChildExit(null, 9), await child.Exit.WaitAsync(FailSafe, Cancel));
    }

    [Fact]
    public async Task Finds_who_is_just_becoming_another_program_when_its_parent_ends()
    {
        for (var round = 0; round < 30; round++)
        {
            var pid = new TaskCompletionSource<int>();
            using var child = ChildProcess.Start(Shell("setsid sleep 1000 2> /dev/null & echo $!") with
            {
                OwnSession = true,
                Environment = ImmutableDictionary<string, string?>.Empty.Add("BATON_CLAIM", $"1-round{round}"),
                Mark = $"BATON_CLAIM=1-round{round}",
                Output = new ChildOutput.Lines(line => pid.TrySetResult(int.Parse(line))),
            });
            await child.Exit.WaitAsync(FailSafe, Cancel);
            Assert.True(child.EndTree(FailSafe));
            await child.Drained.WaitAsync(FailSafe, Cancel);
            Assert.Null(ProcessIdentity.Of(await pid.Task.WaitAsync(FailSafe, Cancel)));
        }
    }

    [Fact]
    public async Task A_child_that_hears_the_request_ends_by_itself()
    {
        var ready = new TaskCompletionSource();
        using var child = ChildProcess.Start(
            Shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done") with
            {
                OwnSession = true,
                Output = new ChildOutput.Lines(_ => ready.TrySetResult()),
            });
        await ready.Task.WaitAsync(FailSafe, Cancel);
        Assert.True(child.EndTree(FailSafe));
        Assert.Equal(new ChildExit(3, null), await child.Exit.WaitAsync(FailSafe, Cancel));
    }

    [Fact]
    public async Task Nothing_is_signalled_after_it_was_reaped()
    {
        var child = ChildProcess.Start(Shell("exit 0") with { OwnSession = true });
        await child.Exit.WaitAsync(FailSafe, Cancel);
        Assert.True(child.Signal(0), "an ended child keeps its id until it is disposed of");
        child.Dispose();
        Assert.False(child.Signal(0));
        Assert.NotEqual(child.Identity, ProcessTable.Look(child.Pid)?.Identity);
    }

    [Fact]
    public async Task A_child_let_go_is_reaped_when_it_ends()
    {
        using var folder = new TemporaryFolder();
        var child = ChildProcess.Start(Shell($"while ! test -e {folder.PathOf("end")}; do sleep 0.01; done"));
        child.LetGo();
        child.Dispose();
        Assert.True(child.Identity.IsAlive);
        await File.WriteAllTextAsync(folder.PathOf("end"), "", Cancel);
        await child.Exit.WaitAsync(FailSafe, Cancel);
        Assert.False(child.Identity.IsAlive);
    }

    [Fact]
    public async Task An_inherited_witness_is_held_until_the_whole_tree_is_gone()
    {
        using var folder = new TemporaryFolder();
        var witnesses = new WitnessFolder(folder.Path);
        var name = new HolderId("claim-1-abc");
        var witness = witnesses.Hold(name, inherited: true);
        var mark = witness.Mark;
        var grandchild = new TaskCompletionSource<int>();
        using var child = ChildProcess.Start(Shell("sh -c 'echo $$; exec sleep 1000' & exit 0") with
        {
            OwnSession = true,
            Inherits = [witness.Descriptor],
            Output = new ChildOutput.Lines(line => grandchild.TrySetResult(int.Parse(line))),
        });
        await child.Exit.WaitAsync(FailSafe, Cancel);
        var pid = await grandchild.Task.WaitAsync(FailSafe, Cancel);

        // Our own descriptor is closed, the child is gone; only the grandchild still has the witness.
        witness.Dispose();
        Assert.False(witnesses.IsProvablyDead(name, mark));

        Assert.True(child.EndTree(TimeSpan.FromMilliseconds(200)));
        Assert.Null(ProcessIdentity.Of(pid));
        Assert.True(witnesses.IsProvablyDead(name, mark));
    }

    [Fact]
    public async Task Other_descriptors_are_not_inherited()
    {
        using var folder = new TemporaryFolder();
        using var witness = new WitnessFolder(folder.Path).Hold(new("worker-1"));
        var lines = new ConcurrentQueue<string>();
        using var child = ChildProcess.Start(new(["ls", "-l", "/proc/self/fd"])
        {
            Output = new ChildOutput.Lines(lines.Enqueue),
        });
        await child.Drained.WaitAsync(FailSafe, Cancel);
        Assert.NotEmpty(lines);
        Assert.DoesNotContain(lines, line => line.Contains(folder.Path, StringComparison.Ordinal));
    }

    private static ChildStart Shell(string script) => new(["sh", "-c", script]);
}
