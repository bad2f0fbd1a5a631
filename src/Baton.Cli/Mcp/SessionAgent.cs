using System.Text.Json;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// The agent behind a session of tools: on the roster from its first act on, witnessed by this process, and the keeper of
/// what it claims. When the session ends its claims are given back; when this process dies they run out.
/// </summary>
/// <param name="session">The run.</param>
/// <param name="order">Its name, what it can do, and for how long it may call nothing while it holds a task.</param>
internal sealed class SessionAgent(Session session, RunOrder order) : IAsyncDisposable
{
    private readonly SemaphoreSlim _beginning = new(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<TaskId, HeldTask> _held = [];
    private AgentLife? _life;
    private Instant _calledAt;
    private int _callsUnderWay;

    private TimeProvider Clock => session.Around.Clock;

    /// <summary>The id of its life; begins one where there is none, or none any more.</summary>
    /// <exception cref="StoreUnavailableException">The roster can't be reached.</exception>
    public async Task<string> IdAsync(CancellationToken cancel)
    {
        await _beginning.WaitAsync(cancel);
        try
        {
            try
            {
                return await LiveAsync(cancel);
            }
            catch (StoreUnavailableException e) when (!e.IsTransient)
            {
                // Another store may lie there now; this one's life is over.
                await LeaveAsync();
                session.Doubt();
                return await LiveAsync(cancel);
            }
        }
        finally
        {
            _beginning.Release();
        }
    }

    /// <summary>A tool is called. Who waits for an answer does something.</summary>
    public void CallBegins()
    {
        lock (_gate)
        {
            _callsUnderWay++;
        }
    }

    /// <summary>It has answered.</summary>
    public void CallEnds()
    {
        lock (_gate)
        {
            _callsUnderWay--;
            _calledAt = Instant.Of(Clock);
        }
    }

    /// <summary>
    /// The token of its claim on a task, that of a lost one too: the store says best why it counts no more. Null where
    /// it has none.
    /// </summary>
    public string? TokenOf(string task)
    {
        lock (_gate)
        {
            var found = task.Length == 0 ? []
                : _held.Where(held => held.Key.Value.StartsWith(task, StringComparison.Ordinal)).ToArray();
            return found.Length == 1 ? found[0].Value.Claim.Token : null;
        }
    }

    /// <summary>Keeps what was claimed.</summary>
    /// <param name="claimed">What <c>task claim</c> printed.</param>
    /// <param name="sentAt">When it was asked for.</param>
    public void Keep(JsonElement claimed, Instant sentAt)
    {
        var id = new TaskId(claimed.GetProperty("task").GetProperty("id").GetString()!);
        var claim = Claim.Parse(id, claimed.GetProperty("claim").GetString()!)
            ?? throw new FormatException($"the claim on {id} is no token");
        var held = new HeldTask(claim);
        HeldTask? former;
        lock (_gate)
        {
            // One that was lost before makes room.
            _held.Remove(id, out former);
            _held[id] = held;
            held.Keeper = new(session.Work, claim, sentAt, TaskRules.ClaimTtl, order.Grace, Clock, task => Seen(held, task));
        }

        // It waits for the former keeper's thread, which may wait for the gate.
        former?.Keeper?.Dispose();
    }

    /// <summary>It has settled a task.</summary>
    public void Settled(TaskId task)
    {
        HeldTask? held;
        lock (_gate)
        {
            if (_held.TryGetValue(task, out held))
            {
                held.IsSettled = true;
            }
        }

        held?.Keeper?.Dispose();
    }

    /// <summary>Which claims are lost, and why; each is told once.</summary>
    public IReadOnlyList<string> News()
    {
        lock (_gate)
        {
            var news = new List<string>();
            foreach (var (id, held) in _held)
            {
                if (held is { IsSettled: false, IsTold: false, Keeper.Lost: { } reason })
                {
                    held.IsTold = true;
                    news.Add($"the claim on {id} is lost, stop working on it: {held.Stalled ?? reason}");
                }
            }

            return news;
        }
    }

    /// <summary>Gives back what is held, and leaves the roster.</summary>
    public async ValueTask DisposeAsync()
    {
        HeldTask[] all;
        lock (_gate)
        {
            all = [.. _held.Values];
        }

        foreach (var held in all)
        {
            held.Keeper?.Dispose();
            if (held is { IsSettled: false, Keeper.Lost: null })
            {
                await ReleaseAsync(held.Claim);
            }
        }

        await LeaveAsync();
        _beginning.Dispose();
    }

    private async Task<string> LiveAsync(CancellationToken cancel)
    {
        if (_life is { } life && (life.IsGone || await session.Work.ReportAsync(new(life.Id), cancel) is null))
        {
            await LeaveAsync();
        }

        var stores = session.Stores;
        _life ??= await AgentLife.BeginAsync(new(stores.Work, stores.Witnesses), order,
            new(session.Around.Ids, Clock, static task => task.Id.Value, session.Output.Remark), cancel);
        return _life.Id.Value;
    }

    private async Task LeaveAsync()
    {
        if (_life is { } life)
        {
            _life = null;
            await life.DisposeAsync();
        }
    }

    private async Task ReleaseAsync(Claim claim)
    {
        try
        {
            await session.Work.SettleAsync(claim, new Settlement.Release("its session ended"), CancellationToken.None);
        }
        catch (StoreUnavailableException e)
        {
            session.Output.Remark($"{claim.Task} could not be given back, its claim runs out: {e.Message}");
        }
    }

    // On the keeper's thread, at each extension.
    private void Seen(HeldTask held, DurableTask task)
    {
        TimeSpan silent;
        lock (_gate)
        {
            silent = _callsUnderWay > 0 ? TimeSpan.Zero : Instant.Of(Clock) - _calledAt;
        }

        var stall = task.Stall is { } own && own < order.Stall ? own : order.Stall;
        if (stall is { } longest && silent >= longest)
        {
            held.Stalled = $"stalled: no tool was called for {Durations.Exact(longest)}";
            // The next extension is refused, and by that the keeper ends.
            session.Work.SettleAsync(held.Claim, new Settlement.Fail(held.Stalled, null), CancellationToken.None)
                .AsTask().GetAwaiter().GetResult();
        }
    }

    private sealed class HeldTask(Claim claim)
    {
        public Claim Claim { get; } = claim;

        public ClaimKeeper? Keeper { get; set; }

        public bool IsSettled { get; set; }

        public bool IsTold { get; set; }

        public string? Stalled { get; set; }
    }
}
