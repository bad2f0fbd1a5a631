using System.Threading.Channels;

namespace Baton.Tests;

/// <summary>One candidate with a real election on real clocks, on any store, and what happened to it.</summary>
internal sealed class StoreCandidate : IAsyncDisposable
{
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);

    private readonly IDisposable? _owned;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<Leadership> _won = Channel.CreateUnbounded<Leadership>();
    private readonly Channel<LeaseView> _followed = Channel.CreateUnbounded<LeaseView>();
    private readonly Channel<ElectionEvent.StoreFailing> _failed = Channel.CreateUnbounded<ElectionEvent.StoreFailing>();
    private readonly Task _running;

    /// <summary>Begins to stand.</summary>
    /// <param name="leases">Where.</param>
    /// <param name="name">The name; its only life is the first.</param>
    /// <param name="ttl">The ttl of its terms, and how long it drains.</param>
    /// <param name="owned">What is closed after it.</param>
    /// <param name="observer">Told of each event too.</param>
    public StoreCandidate(ILeaseStore leases, string name, TimeSpan ttl, IDisposable? owned = null,
        Action<ElectionEvent>? observer = null)
    {
        _owned = owned;
        Id = new($"{name}-1");
        var election = new LeaderElection(leases, new()
        {
            Candidate = new(Id),
            Ttl = ttl,
            DrainTimeout = ttl,
            Observer = told =>
            {
                observer?.Invoke(told);
                Note(told);
            },
        });
        _running = election.RunAsync(async leadership =>
        {
            await _won.Writer.WriteAsync(leadership);
            await Lost(leadership);
        }, _stop.Token);
    }

    public HolderId Id { get; }

    public async Task<Leadership> LeadsAsync(long above)
    {
        while (true)
        {
            var leadership = await Next(_won);
            if (leadership.Epoch.Value > above)
            {
                return leadership;
            }
        }
    }

    /// <summary>Waits until it was told that another leads with an epoch.</summary>
    public async Task FollowsAsync(Epoch epoch)
    {
        while ((await Next(_followed)).Epoch != epoch)
        {
            // Of an earlier one.
        }
    }

    /// <summary>Waits until it was told that the store fails in this way (<see cref="StoreFault"/>).</summary>
    public async Task<ElectionEvent.StoreFailing> FailsAsync(string code)
    {
        while (true)
        {
            var failing = await Next(_failed);
            if (failing.Code == code)
            {
                return failing;
            }
        }
    }

    public static Task LosesAsync(Leadership leadership) => Lost(leadership).WaitAsync(TooLong, BootClock.Instance);

    /// <summary>Waits for the next renewals, seen from elsewhere.</summary>
    /// <param name="elsewhere">From where.</param>
    /// <param name="since">The lease after whose renewals the next one is waited for; default two after now.</param>
    public static async Task<LeaseView> RenewsAsync(ILeaseStore elsewhere, LeaseView? since = null)
    {
        using var safe = new CancellationTokenSource(TooLong, BootClock.Instance);
        var from = since ?? await elsewhere.ReadAsync(ElectionName.Main, safe.Token);
        while (true)
        {
            var view = await elsewhere.ReadAsync(ElectionName.Main, safe.Token);
            if (view.Renewals > from.Renewals + (since is null ? 1 : 0) || view.Epoch > from.Epoch)
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
        _owned?.Dispose();
        _stop.Dispose();
    }

    private void Note(ElectionEvent told)
    {
        switch (told)
        {
            case ElectionEvent.Following { Standing: LeaseStanding.Held, View: { Holder: { } holder } view }
                when holder.Holder != Id:
                _followed.Writer.TryWrite(view);
                break;
            case ElectionEvent.StoreFailing failing:
                _failed.Writer.TryWrite(failing);
                break;
            default:
                break;
        }
    }

    private static Task<T> Next<T>(Channel<T> channel) =>
        channel.Reader.ReadAsync().AsTask().WaitAsync(TooLong, BootClock.Instance);

    private static async Task Lost(Leadership leadership)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var told = leadership.Lost.Register(() => lost.TrySetResult());
        await lost.Task;
    }
}
