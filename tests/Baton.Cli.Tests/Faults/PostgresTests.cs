using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>A server that asks one of its users for a password.</summary>
public sealed class GuardedPostgresServer : IDisposable
{
    internal const string User = "baton_guest";
    internal const string Password = "s3cret:w@rd";

    internal GuardedPostgresServer()
    {
        Server = PostgresServer.Start();
        Server.AskPasswordOf(User, Password);
        Server.Do($"GRANT CREATE ON DATABASE postgres TO {User}");
    }

    internal PostgresServer Server { get; }

    public void Dispose() => Server.Dispose();
}

/// <summary>The program with a store on a server: the main job, and each way in which the server can say no.</summary>
public sealed class PostgresTests : IDisposable
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);
    private static readonly Lazy<GuardedPostgresServer> Guarded = new(() =>
    {
        var guarded = new GuardedPostgresServer();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => guarded.Dispose();
        return guarded;
    });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly TemporaryFolder _folder = new();
    private readonly string _schema = PostgresServer.NewSchema();
    private readonly PostgresServer _server;

    public PostgresTests()
    {
        PostgresServer.Require();
        _server = Guarded.Value.Server;
    }

    private string Store => _server.Address(_schema);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Does_the_tasks_under_up_and_ends_when_idle()
    {
        Assert.Equal(0, (await RunAsync("init")).Exit);
        Assert.Equal(0, (await RunAsync("task", "create", "--title", "one")).Exit);
        var played = await RunAsync("up", "--orchestrators", "3", "--workers", "2", "--worker",
            "echo $BATON_TASK_ID > did", "--until-idle", "--no-monitor");
        Assert.Equal(0, played.Exit);
        Assert.StartsWith("task_", await File.ReadAllTextAsync(_folder.PathOf("did"), Cancel), StringComparison.Ordinal);
        var history = JsonDocument.Parse((await RunAsync("leader", "history", "--json")).Out).RootElement;
        Assert.Equal("released", history.GetProperty("data")[0].GetProperty("ended_by").GetString());
        Assert.Equal(0, (await RunAsync("monitor", "--once")).Exit);
        Assert.Contains("task.completed", (await RunAsync("events")).Out, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_folder.PathOf("state/baton")), "what the host keeps lies under XDG_STATE_HOME");
    }

    [Fact]
    public async Task A_killed_leader_is_followed_long_before_its_lease_runs_out()
    {
        Assert.Equal(0, (await RunAsync("init")).Exit);
        using var up = Start([], "up", "--orchestrators", "3", "--ttl", "1h", "--no-monitor");
        var first = await LeaderAsync(0);
        Assert.Equal(0, SystemCalls.kill(first.Pid, SystemCalls.Kill));
        Assert.Equal(first.Epoch + 1, (await LeaderAsync(first.Epoch)).Epoch);
        up.Child.Signal(SystemCalls.Terminate);
        Assert.Equal(130, (await up.Child.Exit.WaitAsync(FailSafe, BootClock.Instance, Cancel)).ShellCode);
        var history = JsonDocument.Parse((await RunAsync("leader", "history", "--json")).Out).RootElement;
        Assert.Equal(["released", "died"],
            history.GetProperty("data").EnumerateArray().Select(term => term.GetProperty("ended_by").GetString()));
    }

    [Fact]
    public async Task Ten_at_once_make_one_store()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RunAsync("init", "--json")));
        Assert.All(all, played => Assert.True(played.Exit == 0, played.Error));
        Assert.Single(all, played => JsonDocument.Parse(played.Out).RootElement.GetProperty("data")
            .GetProperty("created").GetBoolean());
    }

    [Fact]
    public async Task A_folder_remembers_its_server_and_no_password()
    {
        var store = Guest(Uri.EscapeDataString(GuardedPostgresServer.Password), "");
        var made = await RunAsync([("BATON_STORE", null)], "init", "sub", "--store", store);
        Assert.True(made.Exit == 0, made.Error);
        var config = await File.ReadAllTextAsync(_folder.PathOf("sub/.baton/config.json"), Cancel);
        Assert.Contains(GuardedPostgresServer.User, config, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", made.Out + made.Error + config, StringComparison.Ordinal);

        var created = await RunAsync(
            [("BATON_STORE", null), ("PGPASSWORD", GuardedPostgresServer.Password), ("PWD", null)],
            "task", "create", "--title", "one", "--store", Guest("", ""));
        Assert.True(created.Exit == 0, created.Error);
    }

    [Fact]
    public async Task A_passfile_is_read_and_a_wrong_password_is_refused_in_one_line()
    {
        var file = _folder.PathOf("pass");
        var password = GuardedPostgresServer.Password.Replace(":", "\\:", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, $"127.0.0.1:*:*:{GuardedPostgresServer.User}:{password}\n", Cancel);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var made = await RunAsync([], "init", "--store", Guest("", $"&passfile={Uri.EscapeDataString(file)}"));
        Assert.True(made.Exit == 0, made.Error);
        var played = await RunAsync([("PGPASSFILE", file)], "status", "--store", Guest("", ""));
        Assert.True(played.Exit == 0, played.Error);

        played = await RunAsync([], "status", "--store", Guest("s3cret-but-wrong", ""));
        Playground.Refuses(played, ExitCode.Unavailable, "refuses the password of 'baton_guest'");
        Assert.DoesNotContain("s3cret", played.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_process_shows_a_password()
    {
        var store = Guest(Uri.EscapeDataString(GuardedPostgresServer.Password), "");
        Assert.Equal(0, (await RunAsync([("BATON_STORE", store)], "init")).Exit);
        Assert.Equal(0, (await RunAsync([("BATON_STORE", store)], "task", "create", "--title", "one")).Exit);
        using var up = Start([("BATON_STORE", store)], "up", "--orchestrators", "1", "--workers", "1", "--worker",
            "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' > lines; echo done > seen; sleep 1000", "--no-monitor");
        await UntilAsync(() => File.Exists(_folder.PathOf("seen")));
        var lines = await File.ReadAllTextAsync(_folder.PathOf("lines"), Cancel);
        Assert.Contains("orchestrator", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", lines, StringComparison.Ordinal);
        var doctor = await RunAsync([("BATON_STORE", store)], "doctor", "-v");
        Assert.DoesNotContain("s3cret", doctor.Out + doctor.Error, StringComparison.Ordinal);
        up.Child.Signal(SystemCalls.Terminate);
        await up.Child.Exit.WaitAsync(FailSafe, BootClock.Instance, Cancel);
        Assert.DoesNotContain("s3cret", string.Join('\n', up.Said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_can_not_be_used_is_refused_in_one_line()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        Playground.Refuses(await RunAsync([("BATON_STORE", _server.Address(_schema, port))], "status"),
            ExitCode.Unavailable, $"127.0.0.1:{port} can't be reached");
        var wrong = $"postgres://postgres@127.0.0.1:{_server.Port}/no_such";
        Playground.Refuses(await RunAsync([("BATON_STORE", wrong)], "status"),
            ExitCode.Unavailable, "there is no database 'no_such'");
        Playground.Refuses(await RunAsync("status"), ExitCode.Usage, "there is no store in the schema");
        Playground.Refuses(await RunAsync("orchestrator", "run"), ExitCode.Usage, "there is no store in the schema");
        using var replica = _server.Replicate();
        Playground.Refuses(await RunAsync([("BATON_STORE", replica.Address(_schema))], "status"),
            ExitCode.Unavailable, "is a read-only replica");

        Assert.Equal(0, (await RunAsync("init")).Exit);
        _server.Do($"UPDATE {_schema}.meta SET value = '99' WHERE name = 'schema_version'");
        Playground.Refuses(await RunAsync("status"), ExitCode.Unavailable, "has version 99");
    }

    [Fact]
    public async Task A_store_that_was_dropped_is_made_anew_by_an_orchestrator_alone()
    {
        Assert.Equal(0, (await RunAsync("init")).Exit);
        using (var life = Start([], "orchestrator", "run"))
        {
            await LeaderAsync(0);
            life.Child.Signal(SystemCalls.Terminate);
            Assert.Equal(0, (await life.Child.Exit.WaitAsync(FailSafe, BootClock.Instance, Cancel)).ShellCode);
        }

        _server.Do($"DROP SCHEMA {_schema} CASCADE");
        Playground.Refuses(await RunAsync("status"), ExitCode.Unavailable, "any more");
        using var again = Start([], "orchestrator", "run");
        Assert.Equal(2, (await LeaderAsync(1)).Epoch);
        Assert.Contains("store.rolled_back", (await RunAsync("events")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_spellings_of_an_address_share_one_mark()
    {
        var other = Store.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("init")).Exit);
        foreach (var store in (string[])[Store, other])
        {
            using var life = Start([("BATON_STORE", store)], "orchestrator", "run");
            await LeaderAsync(store == Store ? 0 : 1);
            life.Child.Signal(SystemCalls.Terminate);
            Assert.Equal(0, (await life.Child.Exit.WaitAsync(FailSafe, BootClock.Instance, Cancel)).ShellCode);
        }

        // Both know what was led under either name, when nothing of the store is left to say so.
        _server.Do($"DROP SCHEMA {_schema} CASCADE");
        Playground.Refuses(await RunAsync([("BATON_STORE", other)], "status"), ExitCode.Unavailable, "any more");
        using var again = Start([], "orchestrator", "run");
        Assert.Equal(3, (await LeaderAsync(2)).Epoch);
        var folders = Directory.GetDirectories(_folder.PathOf("state/baton"), $"*{_schema}");
        Assert.Equal((2, 1), (folders.Length, folders.Count(folder => new FileInfo(folder).LinkTarget is not null)));
    }

    [Fact]
    public async Task A_worker_without_a_task_waits_for_a_server_that_is_started_again()
    {
        Assert.Equal(0, (await RunAsync("init")).Exit);
        using var worker = Start([], "run", "--repeat", "--agent", "w", "--", "sh", "-c", "echo did > did");
        while (!(await RunAsync("agent", "list")).Out.Contains("w-", StringComparison.Ordinal))
        {
        }

        _server.Stop();
        try
        {
            await UntilAsync(() => worker.Said.Any(line => line.Contains("can't be reached", StringComparison.Ordinal)));
        }
        finally
        {
            _server.Start();
        }

        Assert.Equal(0, (await RunAsync("task", "create", "--title", "one")).Exit);
        await UntilAsync(() => File.Exists(_folder.PathOf("did")));
        worker.Child.Signal(SystemCalls.Terminate);
        Assert.Equal(130, (await worker.Child.Exit.WaitAsync(FailSafe, BootClock.Instance, Cancel)).ShellCode);
    }

    private string Guest(string password, string more) =>
        $"postgres://{GuardedPostgresServer.User}{(password.Length == 0 ? "" : ":" + password)}@127.0.0.1:{_server.Port}"
        + $"/postgres?schema={_schema}{more}";

    private async Task<(int Pid, long Epoch)> LeaderAsync(long above)
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

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (!isSo())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), BootClock.Instance, safe.Token);
        }
    }

    private Task<Played> RunAsync(params string[] words) => RunAsync([], words);

    private async Task<Played> RunAsync((string, string?)[] variables, params string[] words)
    {
        using var run = Start(variables, words);
        var exit = await run.Child.Exit.WaitAsync(FailSafe, BootClock.Instance);
        await run.Child.Drained.WaitAsync(FailSafe, BootClock.Instance);
        return new(exit.ShellCode, string.Join('\n', run.Output), string.Join('\n', run.Errors));
    }

    private Running Start((string Name, string? Value)[] variables, params string[] words)
    {
        var (output, errors) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        var environment = ImmutableDictionary<string, string?>.Empty
            .Add("BATON_STORE", Store).Add("BATON_ELECTION", null).Add(Lifeline.Variable, null)
            .Add("XDG_STATE_HOME", _folder.PathOf("state"));
        foreach (var (name, value) in variables)
        {
            environment = environment.SetItem(name, value);
        }

        return new(ChildProcess.Start(new([.. OwnProgram.Command, .. words])
        {
            Folder = _folder.Path,
            OwnSession = true,
            Environment = environment,
            Output = new ChildOutput.Lines(output.Enqueue),
            Errors = new ChildOutput.Lines(errors.Enqueue),
        }), output, errors);
    }

    private sealed record Running(
        ChildProcess Child, ConcurrentQueue<string> Output, ConcurrentQueue<string> Errors) : IDisposable
    {
        public IEnumerable<string> Said => Output.Concat(Errors);

        public void Dispose() => Child.Dispose();
    }
}
