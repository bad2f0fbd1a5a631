using System.Collections.Immutable;
using Baton.Tests;

namespace Baton.Cli.Tests;

public sealed class SampleTests
{
    // Building the sample is part of it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task The_sample_elects_with_the_library_alone()
    {
        using var folder = new TemporaryFolder();
        var leads = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new List<string>();
        using var sample = ChildProcess.Start(new(
            // What is built already is not built again.
            ["dotnet", "run", "-c", "Release", "--file", Path.Combine(Repository.Root, "samples", "elect.cs"), "--",
                folder.PathOf("e")])
        {
            OwnSession = true,
            Output = new ChildOutput.Lines(Take),
            Errors = new ChildOutput.Lines(said.Add),
            // Locked restores are for projects with a lock file; a file of its own has none.
            Environment = ImmutableDictionary<string, string?>.Empty.Add("CI", null),
        });

        var first = await Task.WhenAny(leads.Task, sample.Exit).WaitAsync(
            FailSafe, BootClock.Instance, TestContext.Current.CancellationToken);
        Assert.True(first == leads.Task, string.Join('\n', said));
        Assert.EndsWith(" leads, epoch 1", await leads.Task, StringComparison.Ordinal);
        sample.SignalTree(SystemCalls.Interrupt);
        await sample.Exit.WaitAsync(FailSafe, BootClock.Instance, TestContext.Current.CancellationToken);

        void Take(string line)
        {
            said.Add(line);
            if (line.Contains("leads", StringComparison.Ordinal))
            {
                leads.TrySetResult(line);
            }
        }
    }
}
