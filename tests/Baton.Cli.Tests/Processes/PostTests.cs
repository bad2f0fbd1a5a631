using System.Collections.Concurrent;

namespace Baton.Cli.Tests;

public sealed class PostTests
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("""echo '{"schema_version":1,"error":{"code":"usage","message":"no such thing"}}'; exit 2""")]
    [InlineData("echo 'no such thing'; exit 2")]
    [InlineData("echo 'no such thing' >&2; exit 2")]
    public async Task Tells_why_its_process_refuses_to_run_wherever_that_was_said(string script)
    {
        var said = new ConcurrentQueue<string>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var post = new Post("orc-1", new(["/bin/sh", "-c", script]), null!, BootClock.Instance, said.Enqueue);
        var keeping = post.KeepAsync(stop.Token);

        await post.Hopeless.WaitAsync(FailSafe, BootClock.Instance, stop.Token);
        await stop.CancelAsync();
        await keeping;

        Assert.Contains("no such thing", said);
        Assert.Contains("no such thing", post.LastErrors);
    }
}
