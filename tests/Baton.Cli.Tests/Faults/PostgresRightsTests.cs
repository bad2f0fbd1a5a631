using System.Collections.Concurrent;
using System.Globalization;
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

    private int Sessions() => Number($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{RolePostgresServer.Role}'");

    // Those of psql, by which it is asked, are its own doing.
    private int Begun() => Number("SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'") - _asked;

    private int _asked;

    private int Number(string sql)
    {
        _asked++;
        return int.Parse(_server.Ask(sql), CultureInfo.InvariantCulture);
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
