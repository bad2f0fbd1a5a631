using Baton.Bench;

namespace Baton.Cli.Tests;

public sealed class NightTests
{
    // One of each kind of bad worker; more tasks are played by the bench.
    private const int Tasks = 24;

    [Fact]
    public async Task A_nights_work_survives_bad_workers_and_killed_leaders()
    {
        var said = new List<string>();
        var order = new NightOrder(Assert.Single(OwnProgram.Command), Tasks, TimeSpan.FromSeconds(8), "1s");
        var isGood = await Night.PlayAsync(order, said.Add, TestContext.Current.CancellationToken);
        var report = string.Join('\n', said);
        Assert.True(isGood, report);
        foreach (var kind in (string[])["crash ->", "hang ->", "decline ->", "late ->", "fail ->", "exit code 5"])
        {
            Assert.Contains(kind, report, StringComparison.Ordinal);
        }
    }
}
