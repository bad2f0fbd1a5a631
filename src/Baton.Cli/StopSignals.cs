namespace Baton.Cli;

/// <summary>
/// Tells a first request to end, which stops the process in good order, from a second one, which ends it at once.
/// Requests that come together are one: <c>timeout</c> signals its command and then the whole group, and a terminal
/// that closes hangs up on a process and terminates it.
/// </summary>
/// <param name="clock">The clock.</param>
/// <param name="stop">Called with the first.</param>
internal sealed class StopSignals(TimeProvider clock, Action stop)
{
    /// <summary>How soon after the first another one still belongs to it.</summary>
    public static readonly TimeSpan Together = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private Instant? _first;

    /// <summary>Takes a request; says whether the process is to end at once. Any thread may call it.</summary>
    public bool EndsAtOnce()
    {
        lock (_gate)
        {
            if (_first is { } first)
            {
                return Instant.Of(clock) - first > Together;
            }

            _first = Instant.Of(clock);
        }

        stop();
        return false;
    }
}
