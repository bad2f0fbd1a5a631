using System.Collections.Concurrent;
using System.Text.Json;

namespace Baton.Cli.Tests;

/// <summary>The program as a process whose store lies on a server, in a folder of a test's own.</summary>
/// <param name="store">The store.</param>
internal sealed class ServerPlayground(string store) : IDisposable
{
    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder _folder = new();

    public string Root => _folder.Path;

    public string PathOf(string name) => _folder.PathOf(name);

    public void Dispose() => _folder.Dispose();

    /// <summary>Runs one command to its end.</summary>
    public Task<Played> RunAsync(params string[] words) => RunAsync([], Root, words);

    /// <summary>Runs one command to its end, in another folder and with other variables.</summary>
    public async Task<Played> RunAsync((string, string?)[] variables, string folder, params string[] words)
    {
        var (output, errors) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        using var child = Start(variables, folder, output.Enqueue, errors.Enqueue, words);
        var exit = await child.Exit.WaitAsync(FailSafe, BootClock.Instance);
        await child.Drained.WaitAsync(FailSafe, BootClock.Instance);
        return new(exit.ShellCode, string.Join('\n', output), string.Join('\n', errors));
    }

    /// <summary>Starts a process of which nothing is heard.</summary>
    public ChildProcess Start(params string[] words) => Start([], Root, _ => { }, _ => { }, words);

    /// <summary>Starts a process.</summary>
    public ChildProcess Start((string Name, string? Value)[] variables, string folder, Action<string> say,
        Action<string> complain, string[] words)
    {
        var environment = Playground.Command(folder).Environment
            .SetItem("BATON_STORE", store).SetItem("XDG_STATE_HOME", _folder.PathOf("state"));
        foreach (var (name, value) in variables)
        {
            environment = environment.SetItem(name, value);
        }

        return ChildProcess.Start(Playground.Command(folder, [.. words]) with
        {
            Environment = environment,
            Output = new ChildOutput.Lines(say),
            Errors = new ChildOutput.Lines(complain),
        });
    }

    /// <summary>Waits for a leader above an epoch.</summary>
    public async Task<(int Pid, long Epoch)> LeaderAsync(long above)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (true)
        {
            var played = await RunAsync("status", "--json");
            if (played.Exit == 0)
            {
                var leader = JsonDocument.Parse(played.Out).RootElement.GetProperty("data").GetProperty("leader");
                if (leader.GetProperty("state").GetString() == "leading" && leader.GetProperty("epoch").GetInt64() > above)
                {
                    return (leader.GetProperty("pid").GetInt32(), leader.GetProperty("epoch").GetInt64());
                }
            }

            safe.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Asks a process to end, and waits for its exit code.</summary>
    public static async Task<int> EndAsync(ChildProcess child)
    {
        child.Signal(SystemCalls.Terminate);
        return (await child.Exit.WaitAsync(FailSafe, BootClock.Instance)).ShellCode;
    }
}
