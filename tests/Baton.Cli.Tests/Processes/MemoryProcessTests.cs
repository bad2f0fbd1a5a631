using System.Text.Json;

namespace Baton.Cli.Tests;

/// <summary>The working memory under several processes at once.</summary>
public sealed class MemoryProcessTests
{
    [Fact]
    public async Task Ten_processes_at_once_lose_and_tear_nothing()
    {
        using var ground = await Playground.MakeAsync();
        var body = string.Join('\n', Enumerable.Repeat("a line of its own", 2000));
        await ground.RunAsync("memory", "append", "--title", "before", "--body", "b");
        var archived = ground.RunAsync("memory", "archive", "--keep", "2");
        var played = await Task.WhenAll(Enumerable.Range(0, 10).Select(i =>
            ground.RunAsync("memory", "append", "--title", $"writer {i}", "--body", $"begin {i}\n{body}\nend {i}")));
        Assert.Equal(0, (await archived).Exit);

        Assert.All(played, one => Assert.Equal((0, ""), (one.Exit, one.Error)));
        var listed = await ground.RunAsync("memory", "search", "session", "--json");
        var shown = new List<(long Number, string Text)>();
        foreach (var section in JsonDocument.Parse(listed.Out).RootElement.GetProperty("data").EnumerateArray())
        {
            var number = section.GetProperty("number").GetInt64();
            var one = await ground.RunAsync("memory", "show", $"{number}", "--json");
            shown.Add((number, Assert.Single(JsonDocument.Parse(one.Out).RootElement.GetProperty("data").EnumerateArray())
                .GetProperty("text").GetString()!));
        }

        Assert.Equal(Enumerable.Range(1, 11).Select(number => (long)number), shown.Select(one => one.Number).Order());
        for (var i = 0; i < 10; i++)
        {
            Assert.Single(shown, one => one.Text.Contains($"- writer {i} (", StringComparison.Ordinal)
                && one.Text.Contains($")\n\nbegin {i}\n{body}\nend {i}\n", StringComparison.Ordinal));
        }
    }
}
