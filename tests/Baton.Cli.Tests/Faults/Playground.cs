using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Baton.Cli.Tests;

/// <summary>A workspace of a test's own, and the program as a process that works in it.</summary>
internal sealed class Playground : IDisposable
{
    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);

    private readonly TemporaryFolder _folder = new();

    public string Root => _folder.Path;

    public string Store => PathOf(".baton/baton.db");

    public string EpochFile => PathOf(".baton/epoch");

    public string PathOf(string name) => _folder.PathOf(name);

    public static async Task<Playground> MakeAsync()
    {
        var made = new Playground();
        Assert.Equal(ExitCode.Ok, (await made.RunAsync("init")).Exit);
        return made;
    }

    /// <summary>Runs one command to its end.</summary>
    public Task<Played> RunAsync(params string[] words) => RunInAsync(Root, words);

    /// <summary>Runs one command to its end in another folder.</summary>
    public static async Task<Played> RunInAsync(string folder, params string[] words)
    {
        var (output, errors) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        using var child = ChildProcess.Start(Command(folder, [.. words]) with
        {
            Output = new ChildOutput.Lines(output.Enqueue),
            Errors = new ChildOutput.Lines(errors.Enqueue),
        });
        var exit = await child.Exit.WaitAsync(FailSafe, BootClock.Instance);
        await child.Drained.WaitAsync(FailSafe, BootClock.Instance);
        return new(exit.ShellCode, string.Join('\n', output), string.Join('\n', errors));
    }

    /// <summary>Lets an orchestrator lead once, and leave.</summary>
    public static async Task LeadOnceAsync(string folder)
    {
        var elected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var child = ChildProcess.Start(Command(folder, "orchestrator", "run", "--id", "once") with
        {
            Output = new ChildOutput.Lines(line =>
            {
                if (line.Contains("leader.elected", StringComparison.Ordinal))
                {
                    elected.TrySetResult();
                }
            }),
            Errors = new ChildOutput.Lines(_ => { }),
        });
        await elected.Task.WaitAsync(FailSafe, BootClock.Instance);
        child.Signal(SystemCalls.Terminate);
        Assert.Equal(0, (await child.Exit.WaitAsync(FailSafe, BootClock.Instance)).ShellCode);
    }

    public Task LeadOnceAsync() => LeadOnceAsync(Root);

    /// <summary>One line that says what and where, a hint, nothing else; and the exit code.</summary>
    public static void Refuses(Played played, int exit, string words)
    {
        Assert.Equal(exit, played.Exit);
        var lines = played.Error.Split('\n');
        Assert.True(lines.Length == 2, $"two lines expected: {played.Error}");
        Assert.StartsWith("baton: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("hint: ", lines[1], StringComparison.Ordinal);
        Assert.Contains(words, lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", played.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    public static ChildStart Command(string folder, params ImmutableArray<string> words) =>
        new([.. OwnProgram.Command, .. words])
        {
            Folder = folder,
            OwnSession = true,
            Environment = ImmutableDictionary<string, string?>.Empty
                .Add("BATON_STORE", null).Add("BATON_ELECTION", null).Add(Lifeline.Variable, null),
        };
}
