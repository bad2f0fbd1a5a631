namespace Baton.Cli.Tests;

/// <summary>Streams: they go on as it happens, and end in good order.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task Following_prints_what_happens_next_until_the_limit()
    {
        var stage = new Stage();
        await stage.CreateAsync("--title", "one");
        var following = stage.PlayAsync("events", "--follow", "--json", "--limit", "2");
        Assert.False(following.IsCompleted);

        await stage.CreateAsync("--title", "two");

        var played = await following;
        Assert.Equal(ExitCode.Ok, played.Exit);
        Assert.Equal(2, played.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("\"seq\":2", played.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_stream_ends_with_its_last_item()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var stage = new Stage { Stop = stop.Token };
        await stage.CreateAsync("--title", "one");
        var following = stage.PlayAsync("events", "--follow", "--json");

        await stop.CancelAsync();

        var played = await following;
        Assert.Equal(ExitCode.Interrupted, played.Exit);
        Assert.Single(played.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_type_that_is_none_is_refused_with_the_list()
    {
        var played = await new Stage().PlayAsync("events", "--type", "task.lost");

        Assert.Equal(ExitCode.Usage, played.Exit);
        Assert.Contains("task.requeued", played.Error, StringComparison.Ordinal);
    }
}
