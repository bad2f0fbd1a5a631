using Baton.Work;

namespace Baton.Cli;

/// <summary>Tells the events of a store as they happen, each once and in their order.</summary>
/// <param name="session">Where the store is, opened anew when it is lost.</param>
/// <param name="after">The number of the last event that is known already.</param>
/// <param name="tell">Told of each.</param>
internal sealed class EventFeed(Session session, long after, Action<WorkEvent> tell)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long _after = after;

    /// <summary>Tells until stopped; waits out passing trouble of the store.</summary>
    public async Task FollowAsync(CancellationToken stop)
    {
        long mark = 0;
        var pause = AfterTrouble;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                mark = await session.Work.ChangedAsync(mark, LongestWait, stop);
                await TellNewAsync(stop);
                pause = AfterTrouble;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (StoreUnavailableException e)
            {
                if (!e.IsTransient)
                {
                    session.Doubt();
                }

                await Task.Delay(pause, session.Around.Clock, stop)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Tells what is new by now.</summary>
    public async Task TellNewAsync(CancellationToken cancel)
    {
        if ((await session.Work.SnapshotAsync(cancel)).Seq < _after)
        {
            // A new store counts from the beginning.
            _after = 0;
        }

        foreach (var told in await session.Work.EventsAsync(new() { After = _after }, cancel))
        {
            tell(told);
            _after = told.Seq;
        }
    }
}
