using Baton.Validation;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>A process life that takes part: on the roster, with stores that may fail it.</summary>
internal abstract class Participant : SimulatedProcess
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    protected Participant(Arena arena, Host host, string name, string id) : base(arena, host, id)
    {
        Name = name;
        Clock = new(arena.Timeline, host.Clock, this);
        Leases = new NetworkedLeases(arena, this);
        Work = new NetworkedWork(arena, this, Clock);
        Chance = arena.Chance.Fork();
        Pid = arena.NextPid();
    }

    public string Name { get; }

    public int Pid { get; }

    protected ProcessClock Clock { get; }

    protected ILeaseStore Leases { get; init; }

    protected IWorkStore Work { get; }

    protected Chance Chance { get; }

    protected Instant Now => Instant.Of(Clock);

    protected AgentId AgentId => new(Id);

    protected Task WaitAsync(TimeSpan span) => Task.Delay(span, Clock, CancellationToken.None);

    /// <summary>Asks until it is answered.</summary>
    protected async Task<T> InsistAsync<T>(Func<ValueTask<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (StoreUnavailableException)
            {
                await WaitAsync(Pause);
            }
        }
    }

    /// <summary>Asks a few times.</summary>
    protected async Task<T?> TryAsync<T>(Func<ValueTask<T?>> ask, int times) where T : class
    {
        for (; times > 0; times--)
        {
            try
            {
                return await ask();
            }
            catch (StoreUnavailableException)
            {
                await WaitAsync(Pause);
            }
        }

        return null;
    }

    protected Task<Agent> RegisterAsync(string role, TimeSpan ttl, bool isPooled) => InsistAsync(() =>
        Work.RegisterAsync(new(AgentId, Name, role)
        {
            Host = Host.Name,
            Pid = Pid,
            ProcessStart = Pid,
            Ttl = ttl,
            IsPooled = isPooled,
        }, CancellationToken.None));

    /// <summary>Beats until the roster knows this life no more.</summary>
    protected async Task BeatAsync(TimeSpan ttl)
    {
        while (true)
        {
            await WaitAsync(ttl / Agent.BeatsPerTtl);
            try
            {
                var told = await Work.ReportAsync(new(AgentId), CancellationToken.None);
                if (told is null)
                {
                    WasEvicted();
                    return;
                }

                Heard(told);
            }
            catch (StoreUnavailableException)
            {
                // Silence is the message.
            }
        }
    }

    protected virtual void Heard(Agent told) { }

    protected abstract void WasEvicted();

    /// <summary>Takes its leave, and is no more.</summary>
    protected async Task ExitAsync()
    {
        await TryAsync(() => Work.ReportAsync(new(AgentId) { Status = AgentStatus.Stopped }, CancellationToken.None), 3);
        Kill(OperationKind.Exit);
    }
}
