using System.Text.Json;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>The program with its leases in etcd, beside work in the embedded store and on a server.</summary>
public sealed class EtcdTests : IDisposable
{
    private readonly ServerPlayground _place;

    public EtcdTests()
    {
        EtcdServers.Require();
        // Nothing of a server: the folder's own store.
        _place = new("");
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Leases => EtcdServers.Shared.Address;

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Does_the_tasks_under_up_and_ends_when_idle(bool onServer)
    {
        using var server = onServer ? new ServerPlayground(PostgresServer.Shared.Address(PostgresServer.NewSchema())) : null;
        var place = server ?? _place;
        (string, string?)[] variables = onServer ? [("BATON_LEASES", Leases)] : [];
        await OkAsync(place, variables, onServer ? ["init"] : ["init", "--leases", Leases]);
        await OkAsync(place, variables, "task", "create", "--title", "one");
        await OkAsync(place, variables, "up", "--orchestrators", "3", "--workers", "2", "--worker",
            "baton=$BATON_TASK_ID; echo $baton > did", "--until-idle", "--no-monitor");
        Assert.StartsWith("task_", await File.ReadAllTextAsync(place.PathOf("did"), Cancel), StringComparison.Ordinal);
        var term = Data(await OkAsync(place, variables, "leader", "history", "--json"))[0];
        Assert.Equal("released", term.GetProperty("ended_by").GetString());
        var status = Data(await OkAsync(place, variables, "status", "--json"));
        Assert.Equal((onServer ? "postgres" : "sqlite", "etcd"),
            (status.GetProperty("store").GetString(), status.GetProperty("leases").GetString()));
        Assert.Equal(term.GetProperty("epoch").GetInt64(), status.GetProperty("leader").GetProperty("epoch").GetInt64());
        Assert.Contains("ok       leases", await OkAsync(place, variables, "doctor"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_leader_is_followed_long_before_its_lease_runs_out()
    {
        await OkAsync("init", "--leases", Leases);
        using var up = _place.Start("up", "--orchestrators", "3", "--ttl", "1h", "--no-monitor");
        var first = await _place.LeaderAsync(0);
        Assert.Equal(0, SystemCalls.kill(first.Pid, SystemCalls.Kill));
        Assert.Equal(first.Epoch + 1, (await _place.LeaderAsync(first.Epoch)).Epoch);
        Assert.Equal(130, await ServerPlayground.EndAsync(up));
        Assert.Equal(["released", "died"], await EndsAsync());
    }

    [Fact]
    public async Task A_frozen_leader_is_followed_and_leads_no_more_when_it_wakes()
    {
        await OkAsync("init", "--leases", Leases);
        using var one = _place.Start("orchestrator", "run", "--ttl", "2s");
        var first = await _place.LeaderAsync(0);
        using var two = _place.Start("orchestrator", "run", "--ttl", "2s");
        one.Signal(SystemCalls.Stop);
        var second = await _place.LeaderAsync(first.Epoch);
        one.Signal(SystemCalls.Continue);
        Assert.NotEqual(first.Pid, second.Pid);
        Assert.Equal(0, await ServerPlayground.EndAsync(one));
        Assert.Equal(second, await _place.LeaderAsync(0));
        Assert.Equal(0, await ServerPlayground.EndAsync(two));
        Assert.Equal(["released", "expired"], await EndsAsync());
    }

    [Fact]
    public async Task Work_goes_on_while_nobody_can_be_asked_who_leads()
    {
        using var servers = EtcdServers.Start(1);
        await OkAsync("init", "--leases", servers.Address);
        servers.Members[0].Kill();
        await OkAsync("task", "create", "--title", "one");
        await OkAsync("run", "--next", "--", "true");
        var status = await _place.RunAsync("status");
        Assert.Equal(6, status.Exit);
        Assert.Contains("can't be reached", status.Error, StringComparison.Ordinal);
        Assert.Contains("failed   leases", (await _place.RunAsync("doctor")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leases_that_are_lost_are_made_anew_above_the_known_epochs_by_an_orchestrator_alone()
    {
        using var servers = EtcdServers.Start(1);
        await OkAsync("init", "--leases", servers.Address);
        using var one = _place.Start("orchestrator", "run", "--ttl", "2s");
        var first = await _place.LeaderAsync(0);
        servers.Do("del", "--prefix", "/baton/");
        var second = await _place.LeaderAsync(first.Epoch);
        Assert.Equal(first.Pid, second.Pid);
        Assert.Contains("store.rolled_back", await OkAsync("events"), StringComparison.Ordinal);
        Assert.Equal(0, await ServerPlayground.EndAsync(one));

        servers.Do("del", "--prefix", "/baton/");
        var status = await _place.RunAsync("status");
        Assert.Equal(6, status.Exit);
        Assert.Contains("any more", status.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leases_move_by_a_command_and_by_nothing_else()
    {
        await OkAsync("init");
        using var one = _place.Start("orchestrator", "run", "--ttl", "2s");
        var first = await _place.LeaderAsync(0);
        var refused = await _place.RunAsync("init", "--leases", Leases);
        Assert.Equal(4, refused.Exit);
        Assert.Contains($"epoch {first.Epoch}) leads", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, await ServerPlayground.EndAsync(one));

        Assert.Equal(2, (await _place.RunAsync("status", "--leases", Leases)).Exit);
        await OkAsync("init", "--leases", Leases);
        await OkAsync("init", "--leases", Leases);
        Assert.Equal("etcd", Data(await OkAsync("status", "--json")).GetProperty("leases").GetString());
        using var two = _place.Start("orchestrator", "run", "--ttl", "2s");
        var second = await _place.LeaderAsync(0);
        Assert.Equal(first.Epoch + 2, second.Epoch);
        Assert.Equal(0, await ServerPlayground.EndAsync(two));
        Assert.DoesNotContain("rolled_back", await OkAsync("events"), StringComparison.Ordinal);

        // The file that says where they are is changed by hand: the fence knows better.
        var config = _place.PathOf(".baton/config.json");
        await File.WriteAllTextAsync(config, "{\"version\":1,\"leases\":\"store\"}", Cancel);
        var foreign = await _place.RunAsync("status");
        Assert.Equal(6, foreign.Exit);
        Assert.Contains("takes its epochs from another lease store", foreign.Error, StringComparison.Ordinal);

        await File.WriteAllTextAsync(config, $$"""{"version":1,"leases":"{{Leases}}"}""", Cancel);
        await OkAsync("init", "--leases", "store");
        Assert.Equal("sqlite", Data(await OkAsync("status", "--json")).GetProperty("leases").GetString());
        using var three = _place.Start("orchestrator", "run", "--ttl", "2s");
        Assert.Equal(second.Epoch + 2, (await _place.LeaderAsync(0)).Epoch);
        Assert.Equal(0, await ServerPlayground.EndAsync(three));
    }

    [Theory]
    [InlineData("--store", "etcd://127.0.0.1:2379", 2, "keeps leases, and no work")]
    [InlineData("--leases", "etcd://127.0.0.1:nowhere", 2, "no host:port")]
    [InlineData("--leases", "etcd://u:secret@127.0.0.1?color=red", 2, "parameter 'color'")]
    [InlineData("--leases", "sqlite:other.db", 2, "neither in the store")]
    [InlineData("--leases", "etcd://u:secret@127.0.0.1:1", 6, "can't be reached")]
    public async Task A_wrong_address_is_one_clear_line(string option, string address, int exit, string what)
    {
        var played = await _place.RunAsync("init", option, address);
        Assert.True(played.Exit == exit, played.Error);
        Assert.Contains(what, played.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", played.Error, StringComparison.Ordinal);
        Assert.InRange(played.Error.Split('\n').Length, 1, 2);
    }

    [Fact]
    public async Task A_ttl_that_etcd_can_not_count_is_refused()
    {
        await OkAsync("init", "--leases", Leases);
        var odd = await _place.RunAsync("orchestrator", "run", "--ttl", "2500ms");
        Assert.Equal(2, odd.Exit);
        Assert.Contains("no whole number", odd.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await _place.RunAsync("up", "--ttl", "1s")).Exit);
    }

    private async Task<IEnumerable<string?>> EndsAsync() => Data(await OkAsync("leader", "history", "--json"))
        .EnumerateArray().Select(term => term.GetProperty("ended_by").GetString());

    private Task<string> OkAsync(params string[] words) => OkAsync(_place, [], words);

    private static async Task<string> OkAsync(
        ServerPlayground place, (string, string?)[] variables, params string[] words)
    {
        var played = await place.RunAsync(variables, place.Root, words);
        Assert.True(played.Exit == 0, $"{string.Join(' ', words)}: {played.Error}");
        return played.Out;
    }

    private static JsonElement Data(string printed) => JsonDocument.Parse(printed).RootElement.GetProperty("data");
}
