using System.Threading.Channels;
using Baton.Postgres;

namespace Baton.Tests;

/// <summary>One candidate with a real election on real clocks, and what happened to it.</summary>
internal sealed class PostgresCandidate : IAsyncDisposable
{
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);

    private readonly PostgresDatabase _database;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Leadership> _won = Channel.CreateUnbounded<Leadership>();
    private readonly Channel<LeaseView> _followed = Channel.CreateUnbounded<LeaseView>();
    private readonly Task _running;

    public PostgresCandidate(PostgresDatabase database, string name, TimeSpan ttl)
    {
        _database = database;
        var election = new LeaderElection(new PostgresLeaseStore(database), new()
        {
            Candidate = new(new($"{name}-1")),
            Ttl = ttl,
            DrainTimeout = ttl,
            Observer = told =>
            {
                if (told is ElectionEvent.Following { Standing: LeaseStanding.Held, View.Holder: { } holder }
                    && holder.Holder.Value != $"{name}-1")
                {
                    _followed.Writer.TryWrite(((ElectionEvent.Following)told).View);
                }
            },
        });
        _running = election.RunAsync(async leadership =>
        {
            await _won.Writer.WriteAsync(leadership);
            await Lost(leadership);
        }, _stop.Token);
    }

    public async Task<Leadership> LeadsAsync(long above)
    {
        while (true)
        {
            var leadership = await _won.Reader.ReadAsync().AsTask().WaitAsync(TooLong, BootClock.Instance);
            if (leadership.Epoch.Value > above)
            {
                return leadership;
            }
        }
    }

    /// <summary>Waits until it was told that another leads with an epoch.</summary>
    public async Task FollowsAsync(Epoch epoch)
    {
        while ((await _followed.Reader.ReadAsync().AsTask().WaitAsync(TooLong, BootClock.Instance)).Epoch != epoch)
        {
            // Of an earlier one.
        }
    }

    public static Task LosesAsync(Leadership leadership) => Lost(leadership).WaitAsync(TooLong, BootClock.Instance);

    /// <summary>Waits for the next renewals, seen from elsewhere.</summary>
    public static async Task<LeaseView> RenewsAsync(ILeaseStore elsewhere)
    {
        using var safe = new CancellationTokenSource(TooLong, BootClock.Instance);
        var before = await elsewhere.ReadAsync(ElectionName.Main, safe.Token);
        while (true)
        {
            var view = await elsewhere.ReadAsync(ElectionName.Main, safe.Token);
            if (view.Renewals > before.Renewals + 1 || view.Epoch > before.Epoch)
            {
                return view;
            }
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(TooLong, BootClock.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _database.Dispose();
        _stop.Dispose();
    }

    private static async Task Lost(Leadership leadership)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var told = leadership.Lost.Register(() => lost.TrySetResult());
        await lost.Task;
    }
}
