using System.Text.Json;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary><c>validate --live</c> on a system whose store lies on a server.</summary>
public sealed class ServerLiveTests : IDisposable
{
    private readonly string _schema = PostgresServer.NewSchema();
    private readonly ServerPlayground _playground;

    public ServerLiveTests() => _playground = new(PostgresServer.Shared.Address(_schema));

    public void Dispose() => _playground.Dispose();

    [Fact]
    public async Task What_is_healthy_passes_and_what_was_written_wrongly_is_found()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        using var up = _playground.Start("up", "--orchestrators", "2", "--ttl", "3s", "--no-monitor");
        await _playground.LeaderAsync(0);

        var (exit, data) = await LookAsync();

        Assert.True(exit == ExitCode.Ok, data.ToString());
        Assert.Contains(_schema, data.GetProperty("store").GetString(), StringComparison.Ordinal);
        PostgresServer.Shared.Do($"UPDATE {_schema}.event SET epoch = 7 WHERE type = 'leader.elected'");
        (exit, data) = await LookAsync();
        Assert.True(exit == ExitCode.ValidationFailed, data.ToString());
        Assert.Contains("epochs-grow", LiveTests.Failed(data));
        Assert.Equal(ExitCode.Interrupted, await ServerPlayground.EndAsync(up));
    }

    [Fact]
    public async Task A_frozen_leader_without_a_successor_is_found()
    {
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        using var life = _playground.Start("orchestrator", "run", "--ttl", "2s");
        await _playground.LeaderAsync(0);
        life.Signal(SystemCalls.Stop);

        var (exit, data) = await LookAsync();

        Assert.True(exit == ExitCode.ValidationFailed, data.ToString());
        Assert.Contains("leader-heartbeat", LiveTests.Failed(data));
    }

    [Fact]
    public async Task A_system_that_nobody_leads_and_a_store_that_is_not_there_are_found()
    {
        Playground.Refuses(await _playground.RunAsync("validate", "--live", "--report", ""), ExitCode.Usage,
            "there is no store in the schema");
        Assert.Equal(ExitCode.Ok, (await _playground.RunAsync("init")).Exit);
        var played = await _playground.RunAsync("validate", "--live", "--ttl", "1s", "--report", "", "--json");
        Assert.True(played.Exit == ExitCode.ValidationFailed, played.Out + played.Error);
    }

    private async Task<(int Exit, JsonElement Data)> LookAsync()
    {
        var played = await _playground.RunAsync("validate", "--live", "--report", "", "--json");
        return (played.Exit, JsonDocument.Parse(played.Out).RootElement.GetProperty("data"));
    }
}
