using System.Threading.Channels;

namespace Baton.Work;

/// <summary>Why one life of an orchestrator ended.</summary>
public enum OrchestratorEnd
{
    /// <summary>It was stopped, and left in good order.</summary>
    Stopped,

    /// <summary>A healthy leader exists, and it was told to leave then.</summary>
    Followed,

    /// <summary>It was evicted or revoked; the process may begin a new life under a new id.</summary>
    Evicted,

    /// <summary>The store was replaced, deleted or damaged; it must be opened anew.</summary>
    StoreLost,

    /// <summary>
    /// Its leader's work did not come back when the leadership was over. It is out still: the process must
    /// end.
    /// </summary>
    Overstayed,
}

/// <summary>What an orchestrator works with.</summary>
/// <param name="Leases">The lease store.</param>
/// <param name="Work">The work store.</param>
/// <param name="Mark">The high-water mark of this host.</param>
/// <param name="Witnesses">The witnesses of this host.</param>
public sealed record OrchestratorStores(
    ILeaseStore Leases, IWorkStore Work, HighWaterMark Mark, WitnessFolder? Witnesses);

/// <summary>How an orchestrator takes part.</summary>
public sealed record OrchestratorOptions
{
    /// <summary>The stable name; its life's id is this and a suffix.</summary>
    public required string Name { get; init; }

    /// <summary>The election.</summary>
    public ElectionName Election { get; init; } = ElectionName.Main;

    /// <summary>How long its lease lives without a renewal; default 6 s.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Leave when a healthy leader exists, instead of standing by.</summary>
    public bool ExitOnFollow { get; init; }

    /// <summary>
    /// End as <see cref="OrchestratorEnd.Overstayed"/> when the leader's work outlasts its leadership;
    /// default.
    /// Otherwise this life waits for the work, and does not campaign before it is back.
    /// </summary>
    public bool ExitOnOverrun { get; init; } = true;

    /// <summary>The worker pool of the leader; null for none.</summary>
    public WorkerPool? Pool { get; init; }

    /// <summary>The host's name.</summary>
    public string Host { get; init; } = "";

    /// <summary>This process.</summary>
    public ProcessIdentity? Process { get; init; }

    /// <summary>Makes the ids.</summary>
    public required IdSource Ids { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = BootClock.Instance;

    /// <summary>Which clock that is.</summary>
    public ClockDomain ClockDomain { get; init; } = ClockDomain.Current;

    /// <summary>Told of what this orchestrator goes through; called by one thread at a time.</summary>
    public Action<EventDraft>? Observer { get; init; }

    /// <summary>
    /// Told of everything that the election goes through, on the election's own thread: it must not block.
    /// </summary>
    public Action<ElectionEvent>? ElectionObserver { get; init; }

    /// <summary>Given each leadership as its work begins; it must not block.</summary>
    public Action<Leadership>? Leads { get; init; }

    /// <summary>Told, in a sentence, of trouble with the store. Any thread may call it.</summary>
    public Action<string>? Trouble { get; init; }
}

/// <summary>
/// One life of an orchestrator: on the roster, in the election, and at the work while it leads.
/// </summary>
#pragma warning disable CA1001 // The source has no timer and no linked token: there is nothing to dispose of.
public sealed class Orchestrator
#pragma warning restore CA1001
{
    private readonly OrchestratorOptions _options;
    private readonly OrchestratorStores _stores;
    private readonly Channel<ElectionEvent> _told = Channel.CreateUnbounded<ElectionEvent>();
    private readonly Channel<EventDraft> _unwritten = Channel.CreateUnbounded<EventDraft>();
    private readonly CancellationTokenSource _leave = new();
    private readonly TaskCompletionSource _overstayed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OrchestratorEnd _end = OrchestratorEnd.Stopped;

    /// <summary>A new life, with an id of its own.</summary>
    public Orchestrator(OrchestratorOptions options, OrchestratorStores stores)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(stores);
        _options = options;
        _stores = stores;
        Id = options.Ids.NewLife(options.Name);
    }

    /// <summary>The id of this life; as a holder and as an agent.</summary>
    public AgentId Id { get; }

    /// <summary>Takes part until stopped, or until this life ends by itself.</summary>
    /// <exception cref="StoreUnavailableException">The store refuses this life for good.</exception>
    public async Task<OrchestratorEnd> RunAsync(CancellationToken stop)
    {
        using var witness = _stores.Witnesses?.Hold(Id.AsHolder());
        // Options that can't work are refused before anyone hears of this life.
        var election = new LeaderElection(_stores.Leases, ElectionOptions(witness));
        var agent = await JoinAsync(witness, stop);
        Observe(new(EventType.OrchestratorJoined, Id.Value, Id.Value, $"{Id} joined"));
        using var heartbeat = new Heartbeat(_stores.Work, agent, witness, _options.Clock);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(stop, _leave.Token);
        using var gone = heartbeat.Gone.Register(() => Leave(OrchestratorEnd.Evicted));

        var loop = new LeaderLoop(_stores.Leases, _stores.Work, _stores.Mark,
            new(_stores.Witnesses, _options.Clock, _options.ClockDomain), _options.Pool, _options.Clock);
        var telling = Task.WhenAll(TellAllAsync(election), WriteAllAsync());
        var running = election.RunAsync(leadership =>
        {
            _options.Leads?.Invoke(leadership);
            return loop.RunAsync(leadership);
        }, leave.Token);
        if (await Task.WhenAny(running, _overstayed.Task, telling) == telling)
        {
            // It ended before its time, by a fault: nobody would see any more what the election goes through.
            await _leave.CancelAsync();
        }

        if (await Task.WhenAny(running, _overstayed.Task) == _overstayed.Task)
        {
            return OrchestratorEnd.Overstayed;
        }

        _told.Writer.TryComplete();
        try
        {
            await running;
        }
        finally
        {
            await telling;
        }

        // A beat after the farewell would find this life off the roster, and make its witness anew.
        heartbeat.Dispose();
        if (_end is OrchestratorEnd.Stopped or OrchestratorEnd.Followed)
        {
            await ExitAsync(witness);
        }
        else if (_end is OrchestratorEnd.Evicted)
        {
            // Who is off the roster is evicted by nobody again: its witness would lie there for ever.
            witness?.Remove();
        }

        return _end;
    }

    private LeaderElectionOptions ElectionOptions(Witness? witness) => new()
    {
        Election = _options.Election,
        Candidate = new(Id.AsHolder())
        {
            Host = _options.Host,
            Pid = _options.Process?.Pid ?? 0,
            ProcessStart = _options.Process?.Start ?? 0,
            Witness = witness?.Mark,
        },
        Ttl = _options.Ttl,
        Mark = _stores.Mark,
        Witnesses = _stores.Witnesses,
        Witness = witness,
        Clock = _options.Clock,
        ClockDomain = _options.ClockDomain,
        Observer = told =>
        {
            _options.ElectionObserver?.Invoke(told);
            _told.Writer.TryWrite(told);
        },
    };

    private async Task<Agent> JoinAsync(Witness? witness, CancellationToken stop)
    {
        try
        {
            return await RegisterAsync(witness, stop);
        }
        catch
        {
            // Who is on no roster is evicted by nobody: its witness would lie there for ever.
            witness?.Remove();
            throw;
        }
    }

    private async Task<Agent> RegisterAsync(Witness? witness, CancellationToken stop) =>
        await _stores.Work.RegisterAsync(
            new(Id, _options.Name, Agent.OrchestratorRole)
            {
                Host = _options.Host,
                Pid = _options.Process?.Pid ?? 0,
                ProcessStart = _options.Process?.Start ?? 0,
                Ttl = _options.Ttl,
                Witness = witness?.Mark,
            },
            stop);

    private async Task ExitAsync(Witness? witness)
    {
        try
        {
            await _stores.Work.ReportAsync(new(Id) { Status = AgentStatus.Stopped }, CancellationToken.None);
            witness?.Remove();
        }
        catch (StoreUnavailableException e)
        {
            // The next leader finds the witness free and evicts this life.
            _options.Trouble?.Invoke($"left without a word on the roster: {e.Message}");
        }

        Observe(new(EventType.OrchestratorExited, Id.Value, Id.Value, $"{Id} left"));
    }

    private void Leave(OrchestratorEnd end)
    {
        _end = end;
        _leave.Cancel();
    }

    private async Task TellAllAsync(LeaderElection election)
    {
        try
        {
            await TellEachAsync(election);
        }
        finally
        {
            // Even when an observer throws: who writes would wait for more for ever.
            _unwritten.Writer.TryComplete();
        }
    }

    /// <summary>
    /// Takes the election's events off its thread, tells them, and writes those that the log should keep.
    /// </summary>
    private async Task TellEachAsync(LeaderElection election)
    {
        await foreach (var told in _told.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (Draft(told) is { } draft)
            {
                Observe(draft);
                if (draft.Type is EventType.OrchestratorStandby or EventType.LeaderAtRisk or EventType.LeaderDemoted)
                {
                    _unwritten.Writer.TryWrite(draft);
                }
            }

            switch (told)
            {
                case ElectionEvent.Following { Standing: LeaseStanding.Held } held
                    when _options.ExitOnFollow && held.View.Holder!.Holder != Id.AsHolder():
                    Leave(OrchestratorEnd.Followed);
                    break;
                case ElectionEvent.Released { Reason: TermEnd.HandedOver }:
                    await CampaignIfAloneAsync(election);
                    break;
                case ElectionEvent.Revoked:
                    Leave(OrchestratorEnd.Evicted);
                    break;
                case ElectionEvent.Overstayed when !_options.ExitOnOverrun:
                    _options.Trouble?.Invoke("its work outlasts its leadership; it stands again once that is back");
                    break;
                case ElectionEvent.Overstayed:
                    // Whatever the host does now, this life must not lead again when its work comes back.
                    Leave(OrchestratorEnd.Overstayed);
                    _overstayed.TrySetResult();
                    break;
                case ElectionEvent.StoreFailing failing:
                    _options.Trouble?.Invoke(failing.Message);
                    if (failing.Code is StoreFault.Replaced or StoreFault.Damaged or StoreFault.Missing)
                    {
                        Leave(OrchestratorEnd.StoreLost);
                    }

                    break;
                case ElectionEvent.StoreAnswers:
                    _options.Trouble?.Invoke("the store answers again");
                    break;
                default:
                    break;
            }
        }
    }

    private EventDraft? Draft(ElectionEvent told) => told switch
    {
        ElectionEvent.Following { Standing: LeaseStanding.Held } held when held.View.Holder!.Holder != Id.AsHolder() =>
            new(EventType.OrchestratorStandby, Id.Value, Id.Value,
                $"{Id} stands by: {held.View.Holder!.Holder} leads, epoch {held.View.Epoch}"),
        ElectionEvent.Elected elected => new(EventType.LeaderElected, Id.Value, Id.Value,
            $"{Id} leads, epoch {elected.Term.Epoch}", elected.Term.Epoch),
        ElectionEvent.AtRisk risk => new(EventType.LeaderAtRisk, Id.Value, Id.Value,
            $"{Id} had no renewal for half its ttl, epoch {risk.Term.Epoch}", risk.Term.Epoch),
        ElectionEvent.Demoted demoted => new(EventType.LeaderDemoted, Id.Value, Id.Value,
            $"{Id} no longer leads, epoch {demoted.Term.Epoch}: {Reason(demoted.Reason)}", demoted.Term.Epoch),
        ElectionEvent.Released released => new(EventType.LeaderReleased, Id.Value, Id.Value,
            $"{Id} gave the lease back, epoch {released.Term.Epoch}", released.Term.Epoch),
        _ => null,
    };

    private static string Reason(LossReason reason) => reason switch
    {
        LossReason.Resigned => "it resigned",
        LossReason.Expired => "no renewal was acknowledged in time",
        LossReason.Replaced => "the store names another leader, or none",
        LossReason.Fenced => "a later leader has begun",
        LossReason.StoreLost => "its store was replaced or damaged",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    private void Observe(EventDraft draft) => _options.Observer?.Invoke(draft);

    // A store in trouble makes a write wait for seconds: what is told here and now must not wait behind it.
    private async Task WriteAllAsync()
    {
        await foreach (var draft in _unwritten.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await _stores.Work.ReportAsync(new(Id) { Event = draft }, CancellationToken.None);
            }
            catch (StoreUnavailableException e)
            {
                _options.Trouble?.Invoke($"not written to the log: {draft.Message} ({e.Message})");
            }
        }
    }

    /// <summary>Who handed over stands back for a ttl, unless nobody else could lead.</summary>
    private async Task CampaignIfAloneAsync(LeaderElection election)
    {
        try
        {
            var snapshot = await _stores.Work.SnapshotAsync(CancellationToken.None);
            var sight = new Sweeper(_stores.Witnesses, _options.Clock, _options.ClockDomain).Look(snapshot);
            if (!snapshot.Agents.Any(agent => agent.IsOrchestrator && agent.Id != Id
                && SweepRules.WhyStale(agent, sight) is null))
            {
                election.Campaign();
            }
        }
        catch (StoreUnavailableException e)
        {
            _options.Trouble?.Invoke($"stands back for a ttl: {e.Message}");
        }
    }
}
