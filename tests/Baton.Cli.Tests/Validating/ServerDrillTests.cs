using System.Text.Json;
using Baton.Tests;
using Baton.Validation;
using Npgsql;

namespace Baton.Cli.Tests;

/// <summary><c>baton validate</c> on a server: in schemas of the run's own, and on a server of the run's own.</summary>
public sealed class ServerDrillTests : IDisposable
{
    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(5);

    private readonly string _schema = PostgresServer.NewSchema();
    private readonly ServerPlayground _playground;

    public ServerDrillTests() => _playground = new(PostgresServer.Shared.Address(_schema));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _playground.Dispose();

    [Fact]
    public async Task On_a_server_that_is_there_the_live_schema_is_not_touched_and_nothing_is_left()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("task", "create", "--title", "precious")).Exit);
        var tasks = (await _playground.RunAsync("task", "list", "--json")).Out;

        var played = await _playground.RunAsync("validate", "--only", "followers-yield,store-damage",
            "--orchestrators", "2", "--report", "", "--json");

        var data = Passed(played, "postgres", "followers-yield", "store-damage");
        Assert.Contains(Evidence(data, 1), line => line.Contains("neither stopped nor frozen", StringComparison.Ordinal));
        Assert.Contains(Evidence(data, 1), line => line.Contains("sessions were ended", StringComparison.Ordinal));
        Assert.Equal(tasks, (await _playground.RunAsync("task", "list", "--json")).Out);
        Assert.Equal("{\"schema_version\":1,\"data\":[]}", (await _playground.RunAsync("leader", "history", "--json")).Out);
        Assert.Equal(0, Schemas(data.GetProperty("run_id").GetString()!));
        Assert.Empty(Directory.GetFileSystemEntries(_playground.Root, Scratch.Prefix + "*"));
    }

    [Fact]
    public async Task A_server_of_its_own_is_stopped_and_frozen_and_ended()
    {
        using var local = await Playground.MakeAsync();

        var played = await _playground.RunAsync([("BATON_STORE", null)], local.Root, "validate", "--own-servers",
            "--only", "store-damage", "--orchestrators", "2", "--report", "", "--json");

        var data = Passed(played, "postgres", "store-damage");
        Assert.Contains(Evidence(data, 0),
            line => line.StartsWith("the server was stopped under a leader: orc", StringComparison.Ordinal));
        Assert.Contains(Evidence(data, 0),
            line => line.StartsWith("the server was frozen under a leader: orc", StringComparison.Ordinal));
        var run = data.GetProperty("run_id").GetString()!;
        Assert.Empty(Leftovers(run));
        Assert.Empty(Servers(run));
    }

    [Fact]
    public async Task A_cluster_of_its_own_loses_its_leader_its_majority_and_its_present()
    {
        EtcdServers.Require();
        using var local = await Playground.MakeAsync();

        var played = await _playground.RunAsync([("BATON_STORE", null)], local.Root, "validate", "--own-servers", "etcd",
            "--only", "store-damage", "--orchestrators", "2", "--report", "", "--json");

        var data = Passed(played, "sqlite+etcd", "store-damage");
        foreach (var fault in (string[])["the member that led the cluster was killed: orc",
            "2 of 3 members were frozen under a leader: orc", "all members were stopped under a leader: orc",
            "all members were put back to an older copy under a leader: orc"])
        {
            Assert.Contains(Evidence(data, 0), line => line.StartsWith(fault, StringComparison.Ordinal));
        }

        var run = data.GetProperty("run_id").GetString()!;
        Assert.Empty(Leftovers(run));
        Assert.Empty(Servers(run));
    }

    [Fact]
    public async Task A_cluster_that_does_not_start_is_told_in_one_line_and_leaves_nothing()
    {
        using var local = await Playground.MakeAsync();
        var etcd = Path.Combine(local.Root, "etcd");
        File.WriteAllText(etcd, """
            #!/bin/sh
            echo '{"level":"panic","msg":"failed to create WAL","error":"no space left on device"}' >&2
            printf 'panic: failed to create WAL\n\ngoroutine 1 [running]:\n' >&2
            exit 2
            """);
        File.SetUnixFileMode(etcd, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var played = await _playground.RunAsync(
            [
                ("PATH", $"{local.Root}:{Environment.GetEnvironmentVariable("PATH")}"), ("TMPDIR", local.Root),
                ("BATON_STORE", null),
            ],
            local.Root, "validate", "--own-servers", "etcd", "--report", "");

        Playground.Refuses(played, ExitCode.Failure, "did not start: failed to create WAL: no space left on device");
        Assert.Empty(Directory.GetDirectories(local.Root, "baton-validate-*"));
    }

    [Theory]
    [InlineData(null, SystemCalls.Interrupt, ExitCode.Interrupted)]
    [InlineData(null, SystemCalls.Kill, 137)]
    [InlineData("postgres", SystemCalls.Interrupt, ExitCode.Interrupted)]
    [InlineData("postgres", SystemCalls.Kill, 137)]
    [InlineData("etcd", SystemCalls.Interrupt, ExitCode.Interrupted)]
    [InlineData("etcd", SystemCalls.Kill, 137)]
    public async Task A_run_that_is_stopped_or_killed_leaves_neither_schema_nor_server(string? own, int signal, int exit)
    {
        if (own == "etcd")
        {
            EtcdServers.Require();
        }

        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        var run = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var child = _playground.Start([], _playground.Root, _ => { }, line =>
        {
            if (line.Split("run ") is [_, var rest])
            {
                run.TrySetResult(rest.Split(',')[0]);
            }
        }, ["validate", "--only", "leader-heartbeat", "--report", "", "-v",
            .. own is null ? [] : (string[])["--own-servers", own]]);
        var id = await run.Task.WaitAsync(FailSafe, BootClock.Instance, Cancel);
        await UntilAsync(() => Marked(id).Count >= 3 && Servers(id).Length == (own is null ? 0 : 1)
            && (own == "postgres" || Schemas(id) == 2));

        child.Signal(signal);

        Assert.Equal(exit, (await child.Exit.WaitAsync(FailSafe, BootClock.Instance, Cancel)).ShellCode);
        await UntilAsync(() => Leftovers(id).Count == 0 && Schemas(id) == 0 && Servers(id).Length == 0
            && Directory.GetFileSystemEntries(_playground.Root, Scratch.Prefix + "*").Length == 0);
    }

    [Fact]
    public async Task A_role_that_may_not_make_schemas_is_refused_in_one_line()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        var user = $"u_{_schema}";
        PostgresServer.Shared.Do($"CREATE USER {user}");
        var store = PostgresServer.Shared.Address(_schema).Replace("postgres@", $"{user}@", StringComparison.Ordinal);
        Playground.Refuses(await _playground.RunAsync([("BATON_STORE", store)], _playground.Root, "validate", "--report", ""),
            ExitCode.Unavailable, $"'{user}' may make no schema in the database");
    }

    private static JsonElement Passed(Played played, string store, params string[] criteria)
    {
        Assert.True(played.Exit == ExitCode.Ok, played.Out + played.Error);
        var data = JsonDocument.Parse(played.Out).RootElement.GetProperty("data");
        Assert.Equal(store, data.GetProperty("store").GetString());
        Assert.Equal(criteria, data.GetProperty("criteria").EnumerateArray().Select(one => one.GetProperty("id").GetString()));
        Assert.All(data.GetProperty("criteria").EnumerateArray(),
            one => Assert.Equal("pass", one.GetProperty("result").GetString()));
        return data;
    }

    private static string[] Evidence(JsonElement data, int criterion) =>
        [.. data.GetProperty("criteria")[criterion].GetProperty("evidence").EnumerateArray().Select(line => line.GetString()!)];

    /// <summary>The folders of the servers that a run started.</summary>
    private static string[] Servers(string run) =>
        Directory.GetDirectories(Path.GetTempPath(), $"baton-validate-{run}*");

    private static long Schemas(string run)
    {
        using var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={PostgresServer.Shared.Port};Username=postgres;Database=postgres;Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand($"SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%{run}%'", connection);
        return (long)command.ExecuteScalar()!;
    }

    private static List<ProcessEntry> Marked(string run) => [.. ProcessTable.All().Where(process => !process.IsZombie
        && ProcessTable.EnvironmentOf(process.Pid, DrillHost.Variable)?.StartsWith(run + "/", StringComparison.Ordinal) == true)];

    // The server itself, which may be under another user, is known by the folder of its data.
    private static List<string> Leftovers(string run) =>
    [
        .. Marked(run).Select(process => $"{process.Pid}"),
        .. ProcessTable.All().Where(process => !process.IsZombie).Select(process => $"/proc/{process.Pid}/cmdline")
            .Where(file => TryRead(file).Contains($"baton-validate-{run}", StringComparison.Ordinal)),
    ];

    private static string TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
            return "";
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (!holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), BootClock.Instance, safe.Token);
        }
    }
}
