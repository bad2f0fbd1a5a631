using System.Text.Json;

namespace Baton.Cli.Tests;

/// <summary>The store deleted, cut off or put back under orchestrators that run, as real processes.</summary>
public sealed class LostStoreTests : IDisposable
{
    private readonly OrchestratorPack _pack = new();

    private string Store => _pack.PathOf(".baton/baton.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _pack.Dispose();

    [Fact]
    public async Task Deleted_under_a_leader_it_is_made_anew_above_the_known_epochs_and_the_alarm_stands()
    {
        await CreateAsync("lost");
        var first = await LeadAsync();

        File.Delete(Store);
        await _pack.HearAsync(said => said.Type == "leader.demoted" && said.Id == first.Id);
        var second = await _pack.HearLeaderAsync(above: first.Epoch!.Value);

        Assert.True(second.Epoch > first.Epoch);
        var status = await _pack.AskUntilAsync(data => Alarm(data) is not null, "status");
        Assert.Equal(0, status.GetProperty("tasks").GetProperty("ready").GetInt32());
        var events = (await _pack.RunAsync("doctor")).Data;
        Assert.Equal("failed", Check(events, "alarm"));
        await _pack.AskUntilAsync(data => Check(data, "alarm") == "ok", "doctor", "--ack");
        Assert.Null(Alarm((await _pack.RunAsync("status")).Data));
    }

    [Fact]
    public async Task Replaced_by_an_old_copy_it_shows_the_old_tasks_and_no_mixture()
    {
        await CreateAsync("old");
        await LeaveAsync(await LeadAsync());
        File.Copy(Store, _pack.PathOf("copy"));
        var first = await LeadAsync();
        for (var i = 0; i < 5; i++)
        {
            await CreateAsync($"new {i}");
        }

        File.Move(_pack.PathOf("copy"), Store, overwrite: true);
        var second = await _pack.HearLeaderAsync(above: first.Epoch!.Value);

        Assert.True(second.Epoch > first.Epoch);
        var status = await _pack.AskUntilAsync(data => Alarm(data) is not null, "status");
        Assert.Equal(1, status.GetProperty("tasks").GetProperty("ready").GetInt32());
        var task = Assert.Single((await _pack.RunAsync("task", "list")).Data.EnumerateArray());
        Assert.Equal("old", task.GetProperty("title").GetString());
    }

    [Fact]
    public async Task Cut_off_under_a_leader_nobody_leads_until_the_doctor_moved_it_aside()
    {
        var first = await LeadAsync();

        using (var file = new FileStream(Store, FileMode.Open))
        {
            file.SetLength(0);
        }

        await _pack.HearAsync(said => said.Type == "leader.demoted" && said.Id == first.Id);
        var (exit, error) = await _pack.RunAsync("status");
        Assert.Equal(ExitCode.Unavailable, exit);
        Assert.Equal("store_damaged", error.GetProperty("code").GetString());
        Assert.Equal("fixed", Check((await _pack.RunAsync("doctor", "--fix")).Data, "store"));
        var second = await _pack.HearLeaderAsync(above: first.Epoch!.Value);

        Assert.True(second.Epoch > first.Epoch);
        var aside = Directory.GetFiles(_pack.PathOf(".baton"), "baton.db.damaged-*")
            .OrderBy(name => name.Length).First();
        Assert.Equal(0, new FileInfo(aside).Length);
    }

    private async Task<OrchestratorPack.Said> LeadAsync()
    {
        var above = _pack.Heard.Max(said => said.Epoch) ?? 0;
        _pack.Start($"a{above}", "--ttl", "2s");
        _pack.Start($"b{above}", "--ttl", "2s");
        var leader = await _pack.HearLeaderAsync(above);
        await _pack.HearAsync(said => said.Type == "orchestrator.standby" && said.Name != leader.Name);
        return leader;
    }

    private async Task LeaveAsync(OrchestratorPack.Said leader)
    {
        var suffix = leader.Name[1..];
        foreach (var name in (string[])["a" + suffix, "b" + suffix])
        {
            _pack[name].Signal(SystemCalls.Terminate);
        }

        await _pack.ExitAsync("a" + suffix);
        await _pack.ExitAsync("b" + suffix);
        await _pack.HearAsync(said => said.Type == "orchestrator.exited" && said.Name == "a" + suffix);
        await _pack.HearAsync(said => said.Type == "orchestrator.exited" && said.Name == "b" + suffix);
        Cancel.ThrowIfCancellationRequested();
    }

    private async Task CreateAsync(string title) =>
        Assert.Equal(0, (await _pack.RunAsync("task", "create", "--title", title)).Exit);

    private static JsonElement? Alarm(JsonElement status) =>
        status.GetProperty("alarm") is { ValueKind: JsonValueKind.Object } alarm ? alarm : null;

    private static string? Check(JsonElement doctor, string name) => doctor.GetProperty("checks").EnumerateArray()
        .First(check => check.GetProperty("name").GetString() == name).GetProperty("result").GetString();
}
