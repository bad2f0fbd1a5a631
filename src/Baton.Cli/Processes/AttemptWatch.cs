using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Watches that an attempt keeps within its time, and that its command does not live on in silence: what it prints
/// counts, and what it tells by <c>task progress</c>. That its process lives does not.
/// </summary>
/// <param name="work">The work store.</param>
/// <param name="task">The task as it was claimed.</param>
/// <param name="order">What the runner allows; the task may allow less.</param>
/// <param name="output">What the command says.</param>
/// <param name="clock">The clock.</param>
internal sealed class AttemptWatch(
    IWorkStore work, DurableTask task, RunOrder order, AttemptOutput output, TimeProvider clock)
{
    // How soon it is looked again where the store did not answer.
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    // A timer takes no more than some weeks; whoever waits longer looks in between.
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(12);

    private readonly TimeSpan? _stall = Tighter(task.Stall, order.Stall);
    private readonly TimeSpan? _limit = Tighter(task.TimeLimit, order.TimeLimit);
    private readonly Instant _began = Instant.Of(clock);
    private DateTimeOffset _updatedAt = task.UpdatedAt;

    /// <summary>Takes note of the task as someone has just read it.</summary>
    public void See(DurableTask seen)
    {
        if (seen.UpdatedAt != _updatedAt)
        {
            _updatedAt = seen.UpdatedAt;
            output.Said();
        }
    }

    /// <summary>Completes with the reason once the attempt must be ended; never where nothing limits it.</summary>
    public async Task<string> OverAsync(CancellationToken cancel)
    {
        while (true)
        {
            var now = Instant.Of(clock);
            if (_limit is { } limit && now >= _began + limit)
            {
                return $"out of time: it took longer than {Durations.Exact(limit)}";
            }

            var pause = LongestWait;
            if (_stall is { } stall)
            {
                var left = output.SaidAt + stall - now;
                if (left <= TimeSpan.Zero)
                {
                    if (await IsSilentAsync(cancel) && Instant.Of(clock) >= output.SaidAt + stall)
                    {
                        return $"stalled: nothing said for {Durations.Exact(stall)}";
                    }

                    left = Again;
                }

                pause = left < pause ? left : pause;
            }

            if (_limit is { } most && _began + most - now < pause)
            {
                pause = _began + most - now;
            }

            await Task.Delay(pause, clock, cancel);
        }
    }

    // Progress is told by another process: only the store knows of it.
    private async Task<bool> IsSilentAsync(CancellationToken cancel)
    {
        try
        {
            var found = await work.TasksAsync(new() { IdPrefix = task.Id.Value }, cancel);
            if (found.FirstOrDefault(other => other.Id == task.Id) is { } seen)
            {
                See(seen);
            }

            return true;
        }
        catch (StoreUnavailableException)
        {
            // It may have told, and nobody could hear it; a store that stays away loses it the claim.
            return false;
        }
    }

    private static TimeSpan? Tighter(TimeSpan? one, TimeSpan? other) =>
        one is { } a && other is { } b ? (a < b ? a : b) : one ?? other;
}
