using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>
/// Three hosts with an orchestrator each, and one store on a server beside them. What they do to it is recorded, and
/// judged by every promise at the end.
/// </summary>
internal sealed class HostPack : IDisposable
{
    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);

    private readonly TemporaryFolder _folder = new();
    private readonly HostNetwork _network = HostNetwork.Make();
    private readonly PostgresServer? _server;
    private readonly string _ttl;
    private readonly Dictionary<string, SteppedClock> _clocks = [];
    private readonly Dictionary<string, NetworkHost> _hosts = [];
    private readonly Dictionary<string, ChildProcess> _orchestrators = [];
    private readonly HostEtcd? _etcd;
    private readonly Hearing<Said> _hearing = new();

    /// <summary>What an orchestrator said: a line of its event stream.</summary>
    public sealed record Said(string Host, string Type, string Id, long? Epoch);

    /// <summary>Makes hosts and server.</summary>
    /// <param name="withClocks">Whether the wall clocks of all can be stepped.</param>
    /// <param name="ttl">The ttl of the lease; long where a leader must go on leading on a busy machine.</param>
    /// <param name="withEtcd">Whether the leases are in etcd, with a member on each host.</param>
    public HostPack(bool withClocks = false, string ttl = "2s", bool withEtcd = false)
    {
        _ttl = ttl;
        string[] machines = ["ash", "birch", "cedar", ServerClock];
        try
        {
            // The server is another user.
            File.SetUnixFileMode(_folder.Path, File.GetUnixFileMode(_folder.Path) | UnixFileMode.OtherExecute);
            foreach (var name in withClocks ? machines : [])
            {
                _clocks[name] = SteppedClock.Make(_folder.PathOf($"clock-{name}"));
            }

            _server = PostgresServer.StartWithin(
                new(_network.BesideSwitch, [.. Clock(ServerClock)]), HostNetwork.AllAddresses, "fsync=off");
            foreach (var name in machines.SkipLast(1))
            {
                _hosts[name] = _network.Add(name);
            }

            _etcd = withEtcd ? HostEtcd.Start([.. _hosts.Values]) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The name of the server's clock.</summary>
    public const string ServerClock = "server";

    /// <summary>What time it is by the server's wall clock.</summary>
    public DateTimeOffset ServerTime => DateTimeOffset.FromUnixTimeSeconds(
        long.Parse(_server!.Ask("SELECT extract(epoch FROM clock_timestamp())::bigint"), CultureInfo.InvariantCulture));

    private string Store => $"postgres://postgres@{HostNetwork.ServerAddress}:{_server!.Port}/postgres?schema=hosts";

    private string History => _folder.PathOf("history");

    public NetworkHost this[string host] => _hosts[host];

    /// <summary>The members of etcd.</summary>
    public HostEtcd Etcd => _etcd!;

    /// <summary>Makes the store, and starts an orchestrator on each host, one after the other.</summary>
    public async Task<Said> StartAsync()
    {
        var made = await RunAsync("ash", "init");
        Assert.True(made.Exit == 0, made.Out + made.Error);
        foreach (var host in _hosts.Keys)
        {
            Start(host);
            await HearAsync(said => said.Host == host && said.Type == "orchestrator.joined");
        }

        return await HearLeaderAsync(above: 0);
    }

    public Task<Said> HearLeaderAsync(long above) =>
        HearAsync(said => said.Type == "leader.elected" && said.Epoch > above);

    /// <summary>Waits for something to be said, and gives it; what was said before counts too.</summary>
    public Task<Said> HearAsync(Func<Said, bool> wanted) => _hearing.HearAsync(wanted);

    /// <summary>Forgets what was heard, so that it must be said again.</summary>
    public void Forget() => _hearing.Forget();

    public void Signal(string host, int signal) => _orchestrators[host].Signal(signal);

    /// <summary>Who leads, as a host sees it, with the time of its last renewal; null for nobody.</summary>
    public async Task<(string Id, long Epoch, DateTimeOffset RenewedAt)?> LeaderSeenFromAsync(string host)
    {
        var played = await RunAsync(host, "status", "--json");
        if (played.Exit == ExitCode.Unavailable)
        {
            return null;
        }

        Assert.True(played.Exit == 0, played.Error);
        var leader = JsonDocument.Parse(played.Out).RootElement.GetProperty("data").GetProperty("leader");
        return leader.GetProperty("state").GetString() != "leading" ? null
            : (leader.GetProperty("id").GetString()!, leader.GetProperty("epoch").GetInt64(),
                leader.GetProperty("renewed_at").GetDateTimeOffset());
    }

    /// <summary>Waits until every host names this leader.</summary>
    public async Task AllFollowAsync(Said leader)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        foreach (var host in _hosts.Keys)
        {
            while (await LeaderSeenFromAsync(host) is not { } seen || (seen.Id, seen.Epoch) != (leader.Id, leader.Epoch))
            {
                safe.Token.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>
    /// Waits until every host names the same leader, of this epoch or a later one. A member of etcd that comes back may
    /// make the others elect anew, and that can last longer than a lease.
    /// </summary>
    public async Task AllFollowOneAsync(long atLeast)
    {
        var until = Instant.Of(BootClock.Instance) + FailSafe;
        while (true)
        {
            var seen = new List<(string Id, long Epoch)?>();
            foreach (var host in _hosts.Keys)
            {
                seen.Add(await LeaderSeenFromAsync(host) is { } leader ? (leader.Id, leader.Epoch) : null);
            }

            if (seen.Distinct().Count() == 1 && seen[0] is { } one && one.Epoch >= atLeast)
            {
                return;
            }

            Assert.True(Instant.Of(BootClock.Instance) < until,
                $"no one leader for all: {string.Join(", ", seen)}; but: "
                + _hearing.Told);
        }
    }

    /// <summary>Waits until the leader has renewed its lease so often.</summary>
    public async Task RenewsAsync(Said leader, string seenFrom, int times)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        var last = default(DateTimeOffset);
        for (var seen = 0; seen <= times;)
        {
            safe.Token.ThrowIfCancellationRequested();
            if (await LeaderSeenFromAsync(seenFrom) is not { } now)
            {
                // When the server's clock was set back nothing is known until the next renewal.
                continue;
            }

            Assert.True((now.Id, now.Epoch) == (leader.Id, leader.Epoch), $"{leader} was to go on leading, but {now} does");
            if (now.RenewedAt != last)
            {
                last = now.RenewedAt;
                seen++;
            }
        }
    }

    /// <summary>Steps the wall clock of a host, or of the server, so far from the right time.</summary>
    public void Step(string machine, TimeSpan offset) => _clocks[machine].Step(offset);

    /// <summary>Runs a command on a host.</summary>
    public async Task<Played> RunAsync(string host, params string[] words)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        var (output, errors) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        using var child = ChildProcess.Start(On(host, OwnProgram.Command, words) with
        {
            Output = new ChildOutput.Lines(output.Enqueue),
            Errors = new ChildOutput.Lines(errors.Enqueue),
        });
        var exit = await child.Exit.WaitAsync(safe.Token);
        await child.Drained.WaitAsync(safe.Token);
        return new(exit.ShellCode, string.Join('\n', output), string.Join('\n', errors));
    }

    /// <summary>Ends all in good order, and judges what they did.</summary>
    public async Task JudgeAsync()
    {
        foreach (var (_, orchestrator) in _orchestrators)
        {
            orchestrator.Signal(SystemCalls.Continue);
            orchestrator.Signal(SystemCalls.Terminate);
            await orchestrator.Exit.WaitAsync(FailSafe, BootClock.Instance);
        }

        var judged = await RunAsync("ash", "validate", "--history", History);
        if (Environment.GetEnvironmentVariable("BATON_TIMELINES") is { Length: > 0 } kept)
        {
            // For a person to look at; the test is the same without.
            foreach (var recorded in Directory.GetFiles(History))
            {
                File.Copy(recorded, Path.Combine(
                    kept, $"{TestContext.Current.TestMethod!.MethodName}.{Path.GetFileName(recorded)}"), overwrite: true);
            }

            await File.WriteAllTextAsync(Path.Combine(kept, TestContext.Current.TestMethod!.MethodName + ".txt"), judged.Out);
            await RunAsync("ash", "validate", "--history", History, "--html",
                Path.Combine(kept, TestContext.Current.TestMethod!.MethodName + ".html"));
        }

        Assert.True(judged.Exit == 0, judged.Out + judged.Error);
    }

    public void Dispose()
    {
        foreach (var orchestrator in _orchestrators.Values)
        {
            orchestrator.Signal(SystemCalls.Continue);
            orchestrator.Dispose();
        }

        _etcd?.Dispose();
        _server?.Dispose();
        _network.Dispose();
        _folder.Dispose();
    }

    private void Start(string host)
    {
        // The clock is for the program alone, not for those that become it.
        var clock = Clock(host).Select(variable => $"{variable.Key}={variable.Value}");
        var start = On(host, ["env", .. clock, .. OwnProgram.Command],
            "orchestrator", "run", "--json", "--id", host, "--ttl", _ttl, "--on-overrun", "wait");
        _orchestrators[host] = ChildProcess.Start(start with
        {
            Environment = start.Environment.Add("BATON_HISTORY", History),
            Output = new ChildOutput.Lines(line => Take(host, line)),
            Errors = new ChildOutput.Lines(line => _hearing.Remark($"{host}: {line}")),
        });
    }

    private IEnumerable<KeyValuePair<string, string?>> Clock(string machine) =>
        _clocks.TryGetValue(machine, out var clock) ? clock.Variables : [];

    private ChildStart On(string host, IEnumerable<string> program, params string[] words) =>
        new(_hosts[host].Command([.. program, .. words]))
        {
            Folder = _hosts[host].Folder,
            OwnSession = true,
            Environment = ImmutableDictionary<string, string?>.Empty
                .Add("BATON_STORE", Store).Add("BATON_LEASES", _etcd?.AddressFrom(host))
                .Add("BATON_ELECTION", null).Add(Lifeline.Variable, null)
                .Add("XDG_STATE_HOME", Path.Combine(_hosts[host].Folder, "state")),
        };

    private void Take(string host, string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        var epoch = root.GetProperty("epoch");
        _hearing.Say(new(host, root.GetProperty("type").GetString()!, root.GetProperty("id").GetString()!,
            epoch.ValueKind == JsonValueKind.Null ? null : epoch.GetInt64()));
    }
}
