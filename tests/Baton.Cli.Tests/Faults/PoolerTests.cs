using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>The main job through a pooler (PgBouncer) that shares sessions.</summary>
public sealed class PoolerTests : IDisposable
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(60);
    private static readonly string[] Places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];

    private readonly PostgresServer _server;
    private readonly string _folder;
    private readonly int _port = FreePort();
    private readonly string _schema = PostgresServer.NewSchema();
    private readonly ServerPlayground _playground;
    private ChildProcess? _pooler;

    public PoolerTests()
    {
        Requirement.Installed(Program, "PgBouncer", "pgbouncer");
        _server = PostgresServer.Shared;
        // The server's own folder, for the pooler refuses root as well.
        _folder = Path.Combine(Path.GetDirectoryName(_server.Data)!, $"pooler-{_schema}");
        _playground = new($"postgres://postgres@127.0.0.1:{_port}/postgres?schema={_schema}");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string? Program => Places.FirstOrDefault(File.Exists);

    public void Dispose()
    {
        _pooler?.Dispose();
        _playground?.Dispose();
    }

    [Fact]
    public async Task The_main_job_is_done_through_a_pooler_and_doctor_says_that_nothing_is_pushed()
    {
        await PoolAsync("transaction");
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        var doctor = await _playground.RunAsync("doctor");
        Assert.Contains("a pooler stands between: nothing is pushed", doctor.Out, StringComparison.Ordinal);
        for (var number = 0; number < 3; number++)
        {
            Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("task", "create", "--title", $"t{number}")).Exit);
        }

        var played = await _playground.RunAsync("up", "--orchestrators", "2", "--workers", "2", "--worker",
            "echo $BATON_TASK_ID >> did", "--until-idle", "--no-monitor");

        Assert.True(played.Exit == ExitCode.Ok, played.Out + played.Error);
        var did = await File.ReadAllLinesAsync(_playground.PathOf("did"), Cancel);
        Assert.Equal((3, 3), (did.Length, did.Distinct().Count()));
    }

    [Fact]
    public async Task A_killed_and_a_frozen_leader_are_followed_through_a_pooler()
    {
        await PoolAsync("transaction");
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        using var up = _playground.Start("up", "--orchestrators", "2", "--ttl", "3s", "--no-monitor");
        var first = await _playground.LeaderAsync(0);
        Assert.Equal(0, SystemCalls.kill(first.Pid, SystemCalls.Kill));
        var second = await _playground.LeaderAsync(first.Epoch);
        Assert.Equal(0, SystemCalls.kill(second.Pid, SystemCalls.Stop));
        var third = await _playground.LeaderAsync(second.Epoch);
        Assert.Equal(0, SystemCalls.kill(second.Pid, SystemCalls.Continue));
        Assert.Equal(third, await _playground.LeaderAsync(second.Epoch));
        Assert.Equal(ExitCode.Interrupted, await ServerPlayground.EndAsync(up));
        var history = JsonDocument.Parse((await _playground.RunAsync("leader", "history", "--json")).Out).RootElement;
        Assert.Equal(["released", "expired", "died"],
            history.GetProperty("data").EnumerateArray().Select(term => term.GetProperty("ended_by").GetString()));
    }

    [Fact]
    public async Task A_pooler_that_splits_transactions_up_is_refused_in_one_line()
    {
        await PoolAsync("statement");
        Playground.Refuses(await _playground.RunAsync("init"), ExitCode.Unavailable, "pool_mode = statement");
    }

    [Fact]
    public async Task What_a_pooler_refuses_is_told_as_well_as_by_the_server_itself()
    {
        await PoolAsync("transaction", "scram-sha-256");
        foreach (var (login, database, words) in ((string, string, string)[])
        [
            ("postgres:wrong", "postgres", "refuses the password of 'postgres', or does not know that user"),
            ("postgres:right", "nope", "knows no database 'nope'"),
            ("postgres:right", "gone", "there is no database 'gone' behind the pooler"),
            ("postgres:right", "locked", "is refused by its server: password authentication failed for user \"locked\""),
        ])
        {
            var store = $"postgres://{login}@127.0.0.1:{_port}/{database}?schema={_schema}";
            Playground.Refuses(await _playground.RunAsync([("BATON_STORE", store)], _playground.Root, "status"),
                ExitCode.Unavailable, words);
        }
    }

    private async Task PoolAsync(string mode, string login = "trust")
    {
        if (login != "trust")
        {
            _server.AskPasswordOf("locked", "another");
        }

        var config = string.Create(CultureInfo.InvariantCulture, $"""
            [databases]
            postgres = host=127.0.0.1 port={_server.Port} dbname=postgres
            gone = host=127.0.0.1 port={_server.Port} dbname=gone
            locked = host=127.0.0.1 port={_server.Port} dbname=postgres user=locked password=wrong
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {_port}
            unix_socket_dir =
            auth_type = {login}
            auth_file = {_folder}/users
            pool_mode = {mode}
            """);
        _server.RunAsServer("sh", "-c",
            "mkdir \"$1\" && printf '%s\\n' \"$2\" > \"$1/ini\" && echo '\"postgres\" \"right\"' > \"$1/users\"", "sh",
            _folder, config);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] command = [Program!, Path.Combine(_folder, "ini")];
        _pooler = ChildProcess.Start(new([.. Environment.UserName == "root"
            ? (string[])["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. command] : command])
        {
            Folder = "/",
            OwnSession = true,
            Output = new ChildOutput.Lines(_ => { }),
            Errors = new ChildOutput.Lines(line =>
            {
                if (line.Contains("process up", StringComparison.Ordinal))
                {
                    ready.TrySetResult();
                }
            }),
        });
        await ready.Task.WaitAsync(FailSafe, BootClock.Instance, Cancel);
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
