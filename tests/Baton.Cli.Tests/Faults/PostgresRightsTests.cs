using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>A server with a role that owns nothing.</summary>
public sealed class RolePostgresServer : IDisposable
{
    internal const string Role = "plain";

    public RolePostgresServer()
    {
        Server = PostgresServer.Start("fsync=off");
        Server.Do($"CREATE ROLE {Role} LOGIN");
    }

    internal PostgresServer Server { get; }

    public void Dispose() => Server.Dispose();
}

/// <summary>What the program says and does when a role lacks a right, or loses it while it works.</summary>
public sealed class PostgresRightsTests : IClassFixture<RolePostgresServer>, IDisposable
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(120);

    private readonly PostgresServer _server;
    private readonly string _schema = PostgresServer.NewSchema();
    private readonly ServerPlayground _playground;

    public PostgresRightsTests(RolePostgresServer own)
    {
        _server = own.Server;
        _server.Do($"GRANT CREATE ON DATABASE postgres TO {RolePostgresServer.Role}");
        _playground = new(Store);
    }

    private string Store =>
        $"postgres://{RolePostgresServer.Role}@127.0.0.1:{_server.Port}/postgres?schema={_schema}";

    public void Dispose() => _playground.Dispose();

    [Fact]
    public async Task Up_that_may_not_read_its_store_any_more_takes_no_more_connections()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        var heard = new ConcurrentQueue<string>();
        using var up = _playground.Start([], _playground.Root, heard.Enqueue, heard.Enqueue,
            ["up", "--orchestrators", "1", "--no-monitor"]);
        await _playground.LeaderAsync(0);
        _server.Do($"REVOKE ALL ON {_schema}.event, {_schema}.head FROM {RolePostgresServer.Role}");
        var begun = Begun();
        // It tries again and again, each time with a session that is not kept.
        await UntilAsync(() => Begun() >= begun + 30, () => $"{begun}, then {Begun()}: {string.Join('\n', heard)}");
        Assert.InRange(Sessions(), 0, 12);

        _server.Do($"GRANT ALL ON {_schema}.event, {_schema}.head TO {RolePostgresServer.Role}");
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("task", "create", "--title", "one")).Exit);
        await UntilAsync(() => heard.Any(line => line.Contains("task.created", StringComparison.Ordinal)),
            () => string.Join('\n', heard));
        Assert.Equal(ExitCode.Interrupted, await ServerPlayground.EndAsync(up));
    }

    [Fact]
    public async Task A_schema_that_may_not_be_used_is_not_taken_for_a_lost_store()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        await LeadOnceAsync();
        _server.Do($"ALTER SCHEMA {_schema} OWNER TO postgres; "
            + $"REVOKE ALL ON SCHEMA {_schema} FROM {RolePostgresServer.Role}");
        foreach (var words in (string[][])[["status"], ["orchestrator", "run"], ["init"]])
        {
            var played = await _playground.RunAsync(words);
            Playground.Refuses(played, ExitCode.Unavailable, $"'plain' may not use the schema '{_schema}' of postgres");
            Assert.Contains($"GRANT USAGE ON SCHEMA {_schema} TO plain", played.Error, StringComparison.Ordinal);
        }

        _server.Do($"GRANT USAGE ON SCHEMA {_schema} TO {RolePostgresServer.Role}");
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("status")).Exit);
    }

    [Fact]
    public async Task A_role_that_may_make_no_schema_is_told_so_and_takes_one_that_was_made_for_it()
    {
        const string grant = "GRANT CREATE ON DATABASE postgres TO plain";
        _server.Do($"REVOKE CREATE ON DATABASE postgres FROM {RolePostgresServer.Role}");
        foreach (var words in (string[][])[["init"], ["validate", "--only", "followers-yield"]])
        {
            var played = await _playground.RunAsync(words);
            Assert.Equal(ExitCode.Unavailable, played.Exit);
            Assert.Contains("'plain' may make no schema in the database 'postgres'", played.Error, StringComparison.Ordinal);
            Assert.Contains(grant, played.Error, StringComparison.Ordinal);
        }

        _server.Do($"CREATE SCHEMA {_schema}; GRANT USAGE ON SCHEMA {_schema} TO {RolePostgresServer.Role}");
        var refused = await _playground.RunAsync("init");
        Playground.Refuses(refused, ExitCode.Unavailable, $"'plain' may make no tables in the schema '{_schema}'");
        Assert.Contains($"GRANT CREATE, USAGE ON SCHEMA {_schema} TO plain", refused.Error, StringComparison.Ordinal);
        _server.Do($"DROP SCHEMA {_schema}; CREATE SCHEMA {_schema} AUTHORIZATION {RolePostgresServer.Role}");
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("task", "create", "--title", "one")).Exit);
    }

    [Fact]
    public async Task Doctor_says_once_that_the_store_may_not_be_read_and_ends_as_for_a_failed_store()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        _server.Do($"REVOKE ALL ON {_schema}.event FROM {RolePostgresServer.Role}");
        var played = await _playground.RunAsync("doctor", "--json");
        Assert.Equal(ExitCode.Unavailable, played.Exit);
        var store = Assert.Single(Checks(played), check => check.GetProperty("name").GetString() == "store");
        Assert.Equal("failed", store.GetProperty("result").GetString());
        Assert.Contains("permission denied", store.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains($"GRANT ALL ON ALL TABLES IN SCHEMA {_schema} TO plain", store.GetProperty("hint").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_without_a_connection_left_and_a_wrong_time_zone_are_no_bugs()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        Playground.Refuses(await _playground.RunAsync([("PGTZ", "Mars")], _playground.Root, "status"),
            ExitCode.Unavailable, "invalid value for parameter \"TimeZone\": \"Mars\"");
        _server.Do($"ALTER ROLE {RolePostgresServer.Role} CONNECTION LIMIT 0");
        try
        {
            var played = await _playground.RunAsync("status");
            Playground.Refuses(played, ExitCode.Unavailable, "too many connections for role");
            Assert.Contains("ALTER ROLE plain CONNECTION LIMIT", played.Error, StringComparison.Ordinal);
        }
        finally
        {
            _server.Do($"ALTER ROLE {RolePostgresServer.Role} CONNECTION LIMIT -1");
        }
    }

    private static List<JsonElement> Checks(Played played) =>
        [.. JsonDocument.Parse(played.Out).RootElement.GetProperty("data").GetProperty("checks").EnumerateArray()];

    private int Sessions() => Number($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{RolePostgresServer.Role}'");

    // Those of psql, by which it is asked, are its own doing.
    private int Begun() => Number("SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'") - _asked;

    private int _asked;

    private int Number(string sql)
    {
        _asked++;
        return int.Parse(_server.Ask(sql), CultureInfo.InvariantCulture);
    }

    private async Task LeadOnceAsync()
    {
        using var leader = _playground.Start("orchestrator", "run");
        await _playground.LeaderAsync(0);
        Assert.Equal(ExitCode.Ok, await ServerPlayground.EndAsync(leader));
    }

    private static async Task UntilAsync(Func<bool> isSo, Func<string> what)
    {
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (!isSo())
        {
            Assert.False(safe.IsCancellationRequested, what());
            await Task.Delay(TimeSpan.FromMilliseconds(50), BootClock.Instance, CancellationToken.None);
        }
    }
}
