using System.Text.Json;

namespace Baton.Cli.Tests;

/// <summary>The election among real processes, under real faults.</summary>
public sealed class ElectionProcessTests : IDisposable
{
    private readonly OrchestratorPack _pack = new();

    public void Dispose() => _pack.Dispose();

    [Fact]
    public async Task When_the_leader_is_killed_another_leads_and_evicts_it()
    {
        StartThree();
        var first = await _pack.HearLeaderAsync();

        _pack[first.Name].Signal(SystemCalls.Kill);
        var second = await _pack.HearLeaderAsync(above: first.Epoch!.Value);

        Assert.NotEqual(first.Name, second.Name);
        Assert.Equal(first.Epoch + 1, second.Epoch);
        var status = await _pack.AskUntilAsync(
            data => data.GetProperty("cleanup").GetProperty("orchestrators_evicted").GetInt32() == 1, "status");
        var leader = status.GetProperty("leader");
        Assert.Equal((second.Id, second.Epoch), (Text(leader, "id"), leader.GetProperty("epoch").GetInt64()));
        Assert.Equal("leading", Text(leader, "state"));
        var terms = (await _pack.RunAsync("leader", "history")).Data.EnumerateArray().ToArray();
        Assert.Equal([null, "died"], terms.Select(term => Text(term, "ended_by")));
        var agents = (await _pack.RunAsync("agent", "list")).Data.EnumerateArray();
        Assert.Equal("evicted", Text(agents.Single(agent => Text(agent, "id") == first.Id), "state"));
    }

    [Fact]
    public async Task A_frozen_leader_is_followed_after_its_ttl_and_does_nothing_when_it_wakes()
    {
        // Whether its work is back within half a margin of waking is a matter of the machine's load.
        StartThree("--ttl", "1s", "--on-overrun", "wait");
        var first = await _pack.HearLeaderAsync();

        await _pack.FreezeAsync(first.Name);
        var second = await _pack.HearLeaderAsync(above: first.Epoch!.Value);
        await _pack.AskUntilAsync(
            data => data.GetProperty("cleanup").GetProperty("orchestrators_evicted").GetInt32() == 1, "status");
        _pack[first.Name].Signal(SystemCalls.Continue);
        await _pack.HearAsync(said => said.Type == "leader.demoted" && said.Id == first.Id);
        // The evicted life is over; the process takes part again under a new id.
        var again = await _pack.HearAsync(said =>
            said.Type == "orchestrator.joined" && said.Name == first.Name && said.Id != first.Id);

        Assert.NotEqual(first.Id, again.Id);
        Assert.True(File.Exists(_pack.PathOf($".baton/witness/{again.Id}")));
        Assert.False(File.Exists(_pack.PathOf($".baton/witness/{first.Id}")), "the witness of an evicted life is left");
        var terms = (await _pack.RunAsync("leader", "history")).Data.EnumerateArray().ToArray();
        Assert.Equal("expired", Text(terms.Single(Is(first)), "ended_by"));
        Assert.Equal(1, terms.Count(Is(second)));
    }

    [Fact]
    public async Task A_leader_that_is_told_to_stop_releases_and_exits_with_0()
    {
        StartThree();
        var first = await _pack.HearLeaderAsync();

        _pack[first.Name].Signal(SystemCalls.Terminate);
        var exit = await _pack.ExitAsync(first.Name);
        var second = await _pack.HearLeaderAsync(above: first.Epoch!.Value);

        Assert.Equal(0, exit.ShellCode);
        Assert.Equal(first.Epoch + 1, second.Epoch);
        var terms = (await _pack.RunAsync("leader", "history")).Data.EnumerateArray().ToArray();
        Assert.Equal("released", Text(terms.Single(Is(first)), "ended_by"));
    }

    [Fact]
    public async Task Signals_that_come_together_are_one_request_to_stop()
    {
        _pack.Start("one");
        var first = await _pack.HearLeaderAsync();

        // As `timeout` does it, and a terminal that closes.
        _pack["one"].Signal(SystemCalls.Terminate);
        _pack["one"].Signal(SystemCalls.Interrupt);
        var exit = await _pack.ExitAsync("one");

        Assert.Equal(0, exit.ShellCode);
        var terms = (await _pack.RunAsync("leader", "history")).Data.EnumerateArray().ToArray();
        Assert.Equal("released", Text(terms.Single(Is(first)), "ended_by"));
    }

    [Fact]
    public async Task Resign_hands_over_to_another_and_is_refused_to_who_is_alone()
    {
        _pack.Start("one");
        var first = await _pack.HearLeaderAsync();
        Assert.Equal(ExitCode.Conflict, (await _pack.RunAsync("leader", "resign")).Exit);

        _pack.Start("two");
        await _pack.HearAsync(said => said.Type == "orchestrator.standby" && said.Name == "two");
        var (exit, _) = await _pack.RunAsync("leader", "resign");
        var second = await _pack.HearLeaderAsync(above: first.Epoch!.Value);

        Assert.Equal(ExitCode.Ok, exit);
        Assert.Equal("two", second.Name);
        var terms = (await _pack.RunAsync("leader", "history")).Data.EnumerateArray().ToArray();
        Assert.Equal("handed_over", Text(terms.Single(Is(first)), "ended_by"));
    }

    [Fact]
    public async Task Who_is_told_to_exit_on_follow_leaves_with_0()
    {
        _pack.Start("one");
        var first = await _pack.HearLeaderAsync();

        _pack.Start("two", "--on-follow", "exit");
        var exit = await _pack.ExitAsync("two");

        Assert.Equal(0, exit.ShellCode);
        var (_, leader) = await _pack.RunAsync("leader");
        Assert.Equal(first.Id, Text(leader, "id"));
    }

    [Fact]
    public async Task Two_workspaces_side_by_side_know_nothing_of_each_other()
    {
        using var other = new OrchestratorPack();
        _pack.Start("one");
        other.Start("one");
        var here = await _pack.HearLeaderAsync();
        var there = await other.HearLeaderAsync();

        _pack["one"].Signal(SystemCalls.Kill);
        await _pack.ExitAsync("one");
        _pack.Start("two");
        var next = await _pack.HearLeaderAsync(above: here.Epoch!.Value);

        Assert.Equal((1L, 2L, 1L), (here.Epoch!.Value, next.Epoch!.Value, there.Epoch!.Value));
        var (_, leader) = await other.RunAsync("leader");
        Assert.Equal((there.Id, "leading"), (Text(leader, "id"), Text(leader, "state")));
        Assert.Single((await other.RunAsync("leader", "history")).Data.EnumerateArray());
    }

    private void StartThree(params string[] options)
    {
        foreach (var name in (string[])["one", "two", "three"])
        {
            _pack.Start(name, options);
        }
    }

    private static Func<JsonElement, bool> Is(OrchestratorPack.Said leader) =>
        term => term.GetProperty("epoch").GetInt64() == leader.Epoch;

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
