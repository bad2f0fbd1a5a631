using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Baton.Cli.Tests;

/// <summary>A system of real processes that every test of <see cref="LiveTests"/> looks at.</summary>
public sealed class HealthySystem : IAsyncLifetime
{
    internal OrchestratorPack Pack { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Pack.Start("first", "--ttl", "1s");
        await Pack.HearLeaderAsync();
        Pack["first"].Signal(SystemCalls.Terminate);
        await Pack.ExitAsync("first");
        Pack.Start("second", "--ttl", "1s");
        await Pack.HearLeaderAsync(above: 1);
        Pack.Start("third", "--ttl", "1s");
        await Pack.AskUntilAsync(status => status.GetProperty("orchestrators").GetProperty("total").GetInt32() == 2
            && status.GetProperty("leader").GetProperty("state").GetString() == "leading", "status");
    }

    public ValueTask DisposeAsync()
    {
        Pack.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary><c>validate --live</c> on real processes: what is healthy passes, what was written wrongly is found.</summary>
public sealed class LiveTests(HealthySystem system) : IClassFixture<HealthySystem>
{
    private const string Ghost = """
        INSERT INTO agent (election, id, name, role, status, host, pid, process_start, started_at, last_seen_at, beats,
            ttl_ms, clock_domain, expires_ns, self_reported, is_pooled)
        SELECT election, 'ghost-1', 'ghost', role, status, host, 4194304, 1, started_at, last_seen_at, beats,
            86400000, clock_domain, expires_ns + 86400000000000, 0, 0
        FROM agent WHERE left_as IS NULL LIMIT 1
        """;

    [Fact]
    public async Task What_is_healthy_passes()
    {
        var (exit, data) = await LookAsync(system.Pack);
        Assert.True(exit == ExitCode.Ok, data.ToString());
        Assert.Equal("live", data.GetProperty("mode").GetString());
        Assert.Equal(2, data.GetProperty("leader").GetProperty("epoch").GetInt64());
        Assert.Equal("needs faults: baton validate", Of(data, "crash-failover").GetProperty("evidence")[0].GetString());
    }

    [Theory]
    [InlineData("single-leader", "UPDATE term SET ended_at = NULL, ended_by = NULL WHERE epoch = 1",
        "UPDATE term SET ended_at = began_at, ended_by = 'released' WHERE epoch = 1")]
    // The last election is the one that the log of events shows, so that it names another leader than the store.
    [InlineData("epochs-grow,views-agree", "INSERT INTO event (seq, election, at, type, actor, subject, message, epoch) "
        + "SELECT 900000, election, at, type, actor, subject, message, 1 FROM event WHERE type = 'leader.elected' LIMIT 1",
        "DELETE FROM event WHERE seq = 900000")]
    [InlineData("stale-orchestrators", Ghost, "DELETE FROM agent WHERE id = 'ghost-1'")]
    [InlineData("views-agree", "UPDATE event SET type = 'validation.passed' WHERE type = 'leader.elected' AND epoch = 2",
        "UPDATE event SET type = 'leader.elected' WHERE type = 'validation.passed' AND epoch = 2")]
    [InlineData("views-agree", "INSERT OR REPLACE INTO tally (election, name, count) VALUES ('main', 'agent.evicted', 5)",
        "DELETE FROM tally WHERE name = 'agent.evicted'")]
    public async Task What_was_written_wrongly_is_found(string criteria, string wrong, string right)
    {
        Write(system.Pack, wrong);
        var (exit, data) = await LookAsync(system.Pack);
        Write(system.Pack, right);
        Assert.True(exit == ExitCode.ValidationFailed, data.ToString());
        Assert.Equal(criteria, string.Join(',', Failed(data)));
    }

    internal static async Task<(int Exit, JsonElement Data)> LookAsync(OrchestratorPack pack) =>
        await pack.RunAsync("validate", "--live", "--report", "");

    internal static string[] Failed(JsonElement data) => [.. data.GetProperty("criteria").EnumerateArray()
        .Where(criterion => criterion.GetProperty("result").GetString() == "fail")
        .Select(criterion => criterion.GetProperty("id").GetString()!)];

    internal static JsonElement Of(JsonElement data, string id) => data.GetProperty("criteria").EnumerateArray()
        .Single(criterion => criterion.GetProperty("id").GetString() == id);

    private static void Write(OrchestratorPack pack, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={pack.PathOf(".baton/baton.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.Equal(1, command.ExecuteNonQuery());
    }
}

/// <summary><c>validate --live</c> while processes die, freeze, or are not there.</summary>
public sealed class LiveFaultTests : IDisposable
{
    private readonly OrchestratorPack _pack = new();

    public void Dispose() => _pack.Dispose();

    [Fact]
    public async Task A_takeover_while_it_looks_is_no_alarm()
    {
        _pack.Start("a", "--ttl", "1s");
        var first = await _pack.HearLeaderAsync();
        _pack.Start("b", "--ttl", "1s");
        await _pack.HearAsync(said => said.Name == "b");
        var looking = LiveTests.LookAsync(_pack);
        Assert.False(looking.IsCompleted);
        _pack["a"].Signal(SystemCalls.Kill);
        await _pack.HearLeaderAsync(first.Epoch!.Value);

        var (exit, data) = await looking;

        Assert.True(exit == ExitCode.Ok, data.ToString());
        Assert.Equal(2, data.GetProperty("leader").GetProperty("epoch").GetInt64());
    }

    [Fact]
    public async Task A_frozen_leader_without_a_successor_is_found()
    {
        _pack.Start("a", "--ttl", "1s");
        await _pack.HearLeaderAsync();
        _pack["a"].Signal(SystemCalls.Stop);

        var (exit, data) = await LiveTests.LookAsync(_pack);

        Assert.Equal(ExitCode.ValidationFailed, exit);
        Assert.Contains("leader-heartbeat", LiveTests.Failed(data));
        Assert.Contains("single-leader", LiveTests.Failed(data));
    }

    [Fact]
    public async Task A_killed_leader_without_a_successor_is_found()
    {
        _pack.Start("a", "--ttl", "500ms");
        await _pack.HearLeaderAsync();
        _pack["a"].Signal(SystemCalls.Kill);
        await _pack.ExitAsync("a");

        var (exit, data) = await LiveTests.LookAsync(_pack);

        Assert.Equal(ExitCode.ValidationFailed, exit);
        Assert.Contains("is a dead process's and nobody took over",
            LiveTests.Of(data, "leader-heartbeat").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_runs_it_says_what_to_do_and_writes_nothing()
    {
        _pack.Start("a", "--ttl", "500ms");
        await _pack.HearLeaderAsync();
        _pack["a"].Signal(SystemCalls.Terminate);
        await _pack.ExitAsync("a");
        var before = Dump();

        var (exit, data) = await LiveTests.LookAsync(_pack);

        Assert.Equal(ExitCode.ValidationFailed, exit);
        Assert.Contains("baton up starts some", LiveTests.Of(data, "single-leader").ToString(), StringComparison.Ordinal);
        Assert.Equal(before, Dump());
    }

    [Fact]
    public async Task A_look_at_a_leader_writes_nothing_of_its_own()
    {
        _pack.Start("a", "--ttl", "1s");
        await _pack.HearLeaderAsync();
        await _pack.AskUntilAsync(agents => agents.GetArrayLength() == 1, "agent", "list");
        var before = Dump("event", "term", "task", "request", "fence", "tally", "revoked", "meta", "alarm");

        Assert.Equal(ExitCode.Ok, (await LiveTests.LookAsync(_pack)).Exit);

        Assert.Equal(before, Dump("event", "term", "task", "request", "fence", "tally", "revoked", "meta", "alarm"));
    }

    private string Dump(params string[] tables)
    {
        using var connection = new SqliteConnection(
            $"Data Source={_pack.PathOf(".baton/baton.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        var text = new System.Text.StringBuilder();
        foreach (var table in tables.Length > 0 ? tables : [.. Rows("SELECT name FROM sqlite_master WHERE type = 'table'")])
        {
            text.AppendJoin('\n', Rows($"SELECT * FROM {table}")).Append('\n');
        }

        return text.ToString();

        List<string> Rows(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            var rows = new List<string>();
            while (reader.Read())
            {
                rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)));
            }

            return rows;
        }
    }
}
