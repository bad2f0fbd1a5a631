using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Baton.Sqlite;

namespace Baton.Cli.Tests;

/// <summary>
/// Orchestrators as real processes in a workspace of their own, and what they say of themselves.
/// </summary>
internal sealed class OrchestratorPack : IDisposable
{
    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, ChildProcess> _processes = new();
    private readonly Hearing<Said> _hearing = new();

    public OrchestratorPack()
    {
        var init = RunAsync("init").GetAwaiter().GetResult();
        Assert.Equal(0, init.Exit);
    }

    /// <summary>A file of the workspace.</summary>
    public string PathOf(string name) => _folder.PathOf(name);

    /// <summary>What an orchestrator said: a line of its event stream.</summary>
    public sealed record Said(string Name, string Type, string Id, long? Epoch);

    public ChildProcess this[string name] => _processes[name];

    /// <summary>Everything heard so far, in order.</summary>
    public IReadOnlyList<Said> Heard => _hearing.Heard;

    public void Start(string name, params string[] options)
    {
        _processes[name] = ChildProcess.Start(Command(
            ["orchestrator", "run", "--json", "--id", name, .. options]) with
        {
            Output = new ChildOutput.Lines(line => Take(name, line)),
            Errors = new ChildOutput.Lines(line => _hearing.Remark($"{name}: {line}")),
        });
    }

    /// <summary>Waits for something to be said, and gives it; what was said before counts too.</summary>
    public Task<Said> HearAsync(Func<Said, bool> wanted) => _hearing.HearAsync(wanted);

    public Task<Said> HearLeaderAsync(long above = 0) =>
        HearAsync(said => said.Type == "leader.elected" && said.Epoch > above);

    /// <summary>
    /// Stops an orchestrator in its tracks, and outside a write: who is stopped inside one keeps everybody from
    /// writing, and is ended for that.
    /// </summary>
    public async Task FreezeAsync(string name)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        var process = _processes[name];
        while (true)
        {
            process.Signal(SystemCalls.Stop);
            await AskUntilStoppedAsync(process.Pid, safe.Token);
            if (BlockedWriter.Find(PathOf(".baton/baton.db"))?.Pid != process.Pid)
            {
                return;
            }

            process.Signal(SystemCalls.Continue);
            safe.Token.ThrowIfCancellationRequested();
        }
    }

    private static async Task AskUntilStoppedAsync(int pid, CancellationToken safe)
    {
        while (true)
        {
            var stat = await File.ReadAllTextAsync($"/proc/{pid}/stat", safe);
            if (stat[(stat.LastIndexOf(')') + 2)..][0] is 'T')
            {
                return;
            }
        }
    }

    /// <summary>Runs a command in the workspace and reads its JSON.</summary>
    public async Task<(int Exit, JsonElement Data)> RunAsync(params string[] command)
    {
        var lines = new ConcurrentQueue<string>();
        using var child = ChildProcess.Start(Command([.. command, "--json"]) with
        {
            Output = new ChildOutput.Lines(lines.Enqueue),
            Errors = new ChildOutput.Lines(_ => { }),
        });
        var exit = await child.Exit.WaitAsync(FailSafe, BootClock.Instance);
        await child.Drained.WaitAsync(FailSafe, BootClock.Instance);
        using var json = JsonDocument.Parse(string.Concat(lines));
        var root = json.RootElement;
        return (exit.ShellCode, root.GetProperty(root.TryGetProperty("data", out _) ? "data" : "error").Clone());
    }

    /// <summary>Repeats a question until its answer is as it should become.</summary>
    public async Task<JsonElement> AskUntilAsync(Func<JsonElement, bool> wanted, params string[] command)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (true)
        {
            var (_, data) = await RunAsync(command);
            if (wanted(data))
            {
                return data;
            }

            safe.Token.ThrowIfCancellationRequested();
        }
    }

    public async Task<ChildExit> ExitAsync(string name) =>
        await _processes[name].Exit.WaitAsync(FailSafe, BootClock.Instance);

    public void Dispose()
    {
        foreach (var process in _processes.Values)
        {
            process.Dispose();
        }

        _folder.Dispose();
    }

    private ChildStart Command(ImmutableArray<string> words) => new([.. OwnProgram.Command, .. words])
    {
        Folder = _folder.Path,
        OwnSession = true,
        Environment = ImmutableDictionary<string, string?>.Empty
            .Add("BATON_STORE", null).Add("BATON_ELECTION", null).Add(Lifeline.Variable, null),
    };

    private void Take(string name, string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        var epoch = root.GetProperty("epoch");
        _hearing.Say(new(name, root.GetProperty("type").GetString()!, root.GetProperty("id").GetString()!,
            epoch.ValueKind == JsonValueKind.Null ? null : epoch.GetInt64()));
    }
}
