namespace Baton.Cli;

/// <summary>Waits for the store to say something.</summary>
internal static class Waiting
{
    // A change that gives no hint, a lease that runs out for one, is seen this late at the most.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Looks at each change until there is an answer; null once the time is up.</summary>
    public static async Task<T?> UntilAsync<T>(Session session, TimeSpan? timeout, Func<Task<T?>> look)
        where T : class
    {
        var clock = session.Around.Clock;
        var until = timeout is { } span ? Instant.Of(clock) + span : Instant.Never;
        var mark = await session.Work.ChangedAsync(0, TimeSpan.Zero, session.Stop);
        while (true)
        {
            if (await look() is { } answer)
            {
                return answer;
            }

            if (Instant.Of(clock) >= until)
            {
                return null;
            }

            mark = await session.Work.ChangedAsync(mark, LookEvery, session.Stop);
        }
    }
}
