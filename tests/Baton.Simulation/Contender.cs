using Baton.Validation;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>
/// One life of an orchestrator, around the real work of a leader; how it comes to lead is said by those who inherit.
/// </summary>
internal abstract class Contender : Participant
{
    private readonly LeaderLoop _loop;

    protected Contender(Arena arena, Host host, string name, string id) : base(arena, host, name, id)
    {
        Ttl = arena.Plan.Ttl;
        var pool = arena.Plan.PoolSize == 0 ? null
            : new WorkerPool([new(Arena.PooledName, arena.Plan.PoolSize, StartWorker)], Clock);
        _loop = new(Leases, arena.Beast?.Leader?.Invoke(Work) ?? Work, host.Mark, new(null, Clock, host.Domain), pool,
            Clock);
    }

    public TimeSpan Ttl { get; }

    /// <summary>What it was last granted.</summary>
    public Leadership? Leadership { get; private set; }

    public bool Leads => IsAlive && Leadership?.IsValid == true;

    protected HolderId Holder => new(Id);

    public void Start() => Run(async () =>
    {
        await RegisterAsync(Agent.OrchestratorRole, Ttl, isPooled: false);
        Run(() => BeatAsync(Ttl));
        await ElectAsync();
        await ExitAsync();
    });

    /// <summary>Hangs the thread that talks to the lease store, and only that one.</summary>
    public virtual void HangUntil(Instant until) { }

    /// <summary>Is told of something that may be true.</summary>
    public abstract void Hear(ElectionInput hint);

    /// <summary>Campaigns, and leads, until asked to stop.</summary>
    protected abstract Task ElectAsync();

    /// <summary>The leader's work ran against a later leader's fence.</summary>
    protected abstract void WasFenced(FencedException refusal);

    protected abstract void WorkReturned();

    protected override void WasEvicted() => AskToStop();

    protected override void Gone() => Arena.LifeEnded(this);

    /// <summary>Does a leader's work as <see cref="LeaderElection"/> runs it.</summary>
    protected async Task LeadAsync(Leadership leadership)
    {
        Leadership = leadership;
        using var over = leadership.Lost.UnsafeRegister(
            (_, _) => Believe(leadership.Term, OperationKind.Yield, Instant.Never), null);
        try
        {
            await _loop.RunAsync(leadership);
        }
        catch (OperationCanceledException) when (leadership.Lost.IsCancellationRequested)
        {
            // The usual end.
        }
        catch (FencedException e)
        {
            WasFenced(e);
        }
        catch (StoreUnavailableException)
        {
            AskToStop();
        }

        WorkReturned();
    }

    /// <summary>Records a belief in true time: trust ends when the process's own clock says so.</summary>
    protected void Believe(Term term, OperationKind kind, Instant until) => Arena.Record(
        new(Id, kind, Timeline.Now, Outcome.Ok)
        {
            Ended = Timeline.Now,
            Epoch = term.Epoch,
            Until = kind == OperationKind.Yield ? null : Host.Clock.TrueOf(until),
        });

    private StartedWorker StartWorker()
    {
        Arena.Record(new(Id, OperationKind.Effect, Timeline.Now, Outcome.Ok)
        {
            Ended = Timeline.Now,
            Epoch = Leadership!.Epoch,
            Note = "starts a worker",
        });
        return Arena.StartPooledWorker(Host);
    }
}

/// <summary>An orchestrator that runs the real election: its machine and its driver, turned by hand.</summary>
#pragma warning disable CA1001 // The driver is disposed of when it has finished; a killed process disposes of nothing.
internal sealed class DrivenContender : Contender
#pragma warning restore CA1001
{
    private readonly ElectionDriver _driver;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Bell _turn;
    private readonly Bell _watch;
    private Instant _hungUntil;
    private bool _isBell;

    public DrivenContender(Arena arena, Host host, string name, string id) : base(arena, host, name, id)
    {
        Leases = arena.Beast?.Client?.Invoke(Leases) ?? Leases;
        _driver = new(Leases, new()
        {
            Candidate = new(Holder) { Host = host.Name, Pid = Pid, ProcessStart = Pid },
            Ttl = Ttl,
            DrainTimeout = Ttl * 2,
            Mark = host.Mark,
            Clock = Clock,
            ClockDomain = host.Domain,
            Observer = Observe,
        })
        {
            Granted = leadership => Run(() => LeadAsync(leadership)),
            ProvesDead = arena.Plan.HasWitnesses ? IsDead : null,
        };
        _turn = new(this, Turn);
        _watch = new(this, KeepDeadlines);
    }

    public override void AskToStop() => Do(() => _driver.Post(new ElectionInput.Stop()));

    public override void HangUntil(Instant until) => _hungUntil = until;

    public override void Hear(ElectionInput hint) => Do(() => _driver.Post(hint));

    protected override async Task ElectAsync()
    {
        _turn.RingAt(Timeline.Now);
        await _finished.Task;
    }

    protected override void WasFenced(FencedException refusal) => Leadership!.ReportFenced(refusal);

    protected override void WorkReturned() => _driver.Post(new ElectionInput.WorkReturned());

    protected override void AfterStep()
    {
        if (!_isBell)
        {
            // Whatever was done may have posted something.
            _turn.RingAt(Timeline.Now + (Chance.Of(0.2) ? Chance.Between(default, Ttl / 200) : default));
        }

        _isBell = false;
    }

    private bool IsDead(Candidate holder) =>
        Arena.Contenders.Find(each => each.Id == holder.Holder.Value) is not { } life
        || Arena.Beast?.TakesForDead?.Invoke(life) == true;

    // What runs on the thread that renews.
    private void Turn()
    {
        _isBell = true;
        if (Timeline.Now < _hungUntil)
        {
            _turn.RingAt(_hungUntil);
            return;
        }

        _driver.Turn();
        if (_driver.Failure is { } bug)
        {
            throw new InvalidOperationException("the election's driver met a bug", bug);
        }

        if (_driver.IsFinished)
        {
            _driver.Dispose();
            _finished.TrySetResult();
            return;
        }

        _turn.RingAt(Host.Clock.TrueOf(_driver.WakeAt));
        _watch.RingAt(Timeline.Now);
    }

    // What runs on the thread that does no I/O.
    private void KeepDeadlines()
    {
        _isBell = true;
        var before = Leadership?.LossReason;
        _watch.RingAt(Host.Clock.TrueOf(_driver.KeepDeadlines()));
        if (Leadership?.LossReason != before)
        {
            _turn.RingAt(Timeline.Now);
        }
    }

    private void Observe(ElectionEvent told)
    {
        switch (told)
        {
            case ElectionEvent.Trusted trusted:
                Believe(trusted.Term, OperationKind.Trust, trusted.Until);
                break;
            case ElectionEvent.Overstayed:
                // As the program does by default.
                Do(() => Kill(OperationKind.Kill));
                break;
            case ElectionEvent.StoreFailing { Code: StoreFault.Replaced }:
                AskToStop();
                break;
            default:
                break;
        }
    }

    /// <summary>Rings once, at the earliest instant that was asked for; then it must be asked again.</summary>
    private sealed class Bell(DrivenContender contender, Action ring)
    {
        private Instant _at = Instant.Never;
        private int _number;

        public void RingAt(Instant at)
        {
            if (at >= _at)
            {
                return;
            }

            _at = at;
            var number = ++_number;
            contender.Timeline.At(at, () => contender.Do(() =>
            {
                if (number == _number)
                {
                    _at = Instant.Never;
                    ring();
                }
                else
                {
                    contender._isBell = true;
                }
            }));
        }
    }
}
