using System.Globalization;
using System.Text.Json;
using Baton.Tests;
using Npgsql;

namespace Baton.Cli.Tests;

/// <summary>A stranger's session that keeps what Baton waits for, and a life that ends while its process goes on.</summary>
public sealed class PostgresHolderTests : IDisposable
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(120);

    private readonly PostgresServer _server = PostgresServer.Shared;
    private readonly string _schema = PostgresServer.NewSchema();
    private readonly ServerPlayground _playground;

    public PostgresHolderTests() => _playground = new(_server.Address(_schema));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _playground.Dispose();

    [Theory]
    [InlineData("SELECT 1 FROM {0}.fence FOR UPDATE")]
    [InlineData("SELECT 1 FROM {0}.fence FOR KEY SHARE")]
    [InlineData("SELECT 1 FROM {0}.lease FOR UPDATE")]
    [InlineData("UPDATE {0}.head SET seq = seq")]
    [InlineData("LOCK TABLE {0}.task IN SHARE MODE")]
    [InlineData("LOCK TABLE {0}.fence")]
    public async Task Doctor_names_the_session_that_keeps_rows_from_everybody(string sql)
    {
        await LedAsync();
        await using (var stranger = await HoldAsync(sql))
        {
            var (check, _) = await WriterAsync();
            Assert.Equal("warning", check.GetProperty("result").GetString());
            Assert.Contains($"session {stranger.ProcessID} 'stranger' of 'postgres' from 127.0.0.1 (idle in transaction)",
                check.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Contains($"SELECT pg_terminate_backend({stranger.ProcessID})",
                check.GetProperty("hint").GetString(), StringComparison.Ordinal);
        }

        var (after, exit) = await WriterAsync();
        Assert.Equal(("ok", ExitCode.Ok), (after.GetProperty("result").GetString(), exit));
    }

    [Fact]
    public async Task Doctor_is_silent_of_a_lock_that_is_let_go_of()
    {
        await LedAsync();
        await using var stranger = await HoldAsync("SELECT 1 FROM {0}.fence FOR UPDATE");
        var looking = WriterAsync();
        await DoAsync(stranger, "DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            + $"WHERE NOT granted AND application_name = 'baton {_schema}') LOOP PERFORM pg_sleep(0.01); END LOOP; END $$");
        await DoAsync(stranger, "ROLLBACK");
        Assert.Equal("ok", (await looking).Check.GetProperty("result").GetString());
    }

    [Fact]
    public async Task A_life_that_ended_with_its_store_is_not_told_as_the_death_of_a_process()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var life = _playground.Start([], _playground.Root, _ => { }, said =>
        {
            if (said.Contains("nobody can lead", StringComparison.Ordinal))
            {
                lost.TrySetResult();
            }
        }, ["orchestrator", "run"]);
        var first = await _playground.LeaderAsync(0);
        _server.Do($"ALTER TABLE {_schema}.event RENAME TO event_x; ALTER TABLE {_schema}.lease RENAME TO lease_x");
        await lost.Task.WaitAsync(FailSafe, BootClock.Instance, Cancel);
        _server.Do($"ALTER TABLE {_schema}.event_x RENAME TO event; ALTER TABLE {_schema}.lease_x RENAME TO lease");
        var second = await _playground.LeaderAsync(first.Epoch);
        Assert.Equal(first.Pid, second.Pid);
        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        Played told;
        do
        {
            safe.Token.ThrowIfCancellationRequested();
            told = await _playground.RunAsync("events");
        }
        while (!told.Out.Contains("orchestrator.evicted", StringComparison.Ordinal));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"its life is over (process {first.Pid})"), told.Out,
            StringComparison.Ordinal);
        Assert.DoesNotContain("dead", told.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("died", told.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, await ServerPlayground.EndAsync(life));
    }

    private async Task LedAsync()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("task", "create", "--title", "one")).Exit);
        using var leader = _playground.Start("orchestrator", "run");
        await _playground.LeaderAsync(0);
        Assert.Equal(ExitCode.Ok, await ServerPlayground.EndAsync(leader));
    }

    private async Task<(JsonElement Check, int Exit)> WriterAsync()
    {
        var played = await _playground.RunAsync("doctor", "--json");
        return (Assert.Single(JsonDocument.Parse(played.Out).RootElement.GetProperty("data").GetProperty("checks")
            .EnumerateArray(), check => check.GetProperty("name").GetString() == "writer"), played.Exit);
    }

    private async Task<NpgsqlConnection> HoldAsync(string sql)
    {
        var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={_server.Port};Username=postgres;Database=postgres;"
            + "Pooling=false;Application Name=stranger");
        await connection.OpenAsync(Cancel);
        await DoAsync(connection, "BEGIN");
        await DoAsync(connection, string.Format(CultureInfo.InvariantCulture, sql, _schema));
        return connection;
    }

    private static async Task DoAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
