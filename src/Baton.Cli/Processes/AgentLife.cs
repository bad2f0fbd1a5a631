using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// A worker's life on the roster: registered, witnessed by the kernel, and heard of for as long as this
/// process lives.
/// </summary>
internal sealed class AgentLife : IAsyncDisposable
{
    private readonly IWorkStore _work;
    private readonly Witness? _witness;
    private readonly Heartbeat _heartbeat;

    private AgentLife(IWorkStore work, Agent agent, Witness? witness, TimeProvider clock)
    {
        _work = work;
        _witness = witness;
        Id = agent.Id;
        _heartbeat = new(work, agent, witness, clock);
    }

    /// <summary>The id of this life.</summary>
    public AgentId Id { get; }

    /// <summary>Whether the roster knows it no longer: it was evicted, and its id never comes back.</summary>
    public bool IsGone => _heartbeat.Gone.IsCancellationRequested;

    /// <summary>Whether it was asked to take no more.</summary>
    public bool IsDraining => _heartbeat.Last?.Status == AgentStatus.Draining;

    /// <summary>Begins a life.</summary>
    /// <exception cref="StoreUnavailableException">The roster can't be reached, or no witness can be
    /// had.</exception>
    public static async Task<AgentLife> BeginAsync(
        RunStores stores, RunOrder order, RunTools tools, CancellationToken cancel)
    {
        var id = tools.Ids.NewLife(order.Agent);
        var witness = stores.Witnesses?.Hold(id.AsHolder());
        try
        {
            var self = ProcessIdentity.Current;
            var agent = await stores.Work.RegisterAsync(
                new(id, order.Agent, order.Role ?? Agent.WorkerRole)
                {
                    Can = order.Can,
                    Host = Environment.MachineName,
                    Pid = self.Pid,
                    ProcessStart = self.Start,
                    Ttl = order.AgentTtl,
                    Witness = witness?.Mark,
                    IsPooled = order.IsPooled,
                },
                cancel);
            return new(stores.Work, agent, witness, tools.Clock);
        }
        catch
        {
            witness?.Remove();
            throw;
        }
    }

    /// <summary>
    /// Ends it: in good order where the store can be told, else the freed witness tells the leader.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        var gone = IsGone;
        _heartbeat.Dispose();
        try
        {
            if (!gone)
            {
                await _work.ReportAsync(new(Id) { Status = AgentStatus.Stopped }, CancellationToken.None);
            }

            _witness?.Remove();
        }
        catch (StoreUnavailableException)
        {
            // The file stays, no longer locked: by that the leader knows that this life is over.
            _witness?.Dispose();
        }
    }
}
