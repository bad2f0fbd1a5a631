namespace Baton;

/// <summary>
/// Carries out what <see cref="ElectionMachine"/> decides. Owns no thread: whoever drives it calls
/// <see cref="Turn"/> when the alarm rings, so a simulator and a real thread run the same code.
/// </summary>
internal sealed class ElectionDriver : IDisposable
{
    private readonly ILeaseStore _store;
    private readonly LeaderElectionOptions _options;
    private readonly ElectionTimers _timers;
    private readonly Queue<ElectionInput> _inbox = new();
    private readonly Lock _gate = new();
    private ElectionState _state;
    private Pending? _pending;
    private Leadership? _leadership;

    public ElectionDriver(ILeaseStore store, LeaderElectionOptions options)
    {
        _store = store;
        _options = options;
        _timers = options.Settle(store.Traits);
        _state = ElectionState.Begin(Now);
        Alarm = new(options.Clock);
        Watch = new(options.Clock);
    }

    /// <summary>Rings when there is something to do for the thread that turns.</summary>
    public Alarm Alarm { get; }

    /// <summary>Rings when the deadlines have moved.</summary>
    public Alarm Watch { get; }

    public bool IsFinished => _state.Phase == ElectionPhase.Stopped;

    /// <summary>Called, on the turning thread, with each new leadership.</summary>
    public required Action<Leadership> Granted { get; init; }

    /// <summary>Takes the place of the host's witnesses where the world is simulated.</summary>
    public Func<Candidate, bool>? ProvesDead { get; init; }

    public Instant WakeAt => ElectionMachine.WakeAt(_timers, _state);

    internal ElectionState State => _state;

    private Instant Now => Instant.Of(_options.Clock);

    /// <summary>Adds an input. Any thread may.</summary>
    public void Post(ElectionInput input)
    {
        lock (_gate)
        {
            _inbox.Enqueue(input);
        }

        Alarm.Set();
    }

    /// <summary>Takes every input that waits, and a tick if one is due.</summary>
    public void Turn()
    {
        while (!IsFinished && Next() is { } input)
        {
            var step = ElectionMachine.Step(_timers, _state, input, Now);
            _state = step.State;
            foreach (var effect in step.Effects)
            {
                CarryOut(effect);
            }
        }
    }

    /// <summary>
    /// Looks at the deadlines without any I/O: ends trust, and the waiting for a request, in time even while
    /// the
    /// turning thread hangs in the store. Says when to look again.
    /// </summary>
    public Instant KeepDeadlines()
    {
        var next = Instant.Never;
        var now = Now;
        if (Volatile.Read(ref _leadership) is { LossReason: null } leadership)
        {
            if (leadership.IsValid)
            {
                next = leadership.TrustedUntil;
            }
            else if (leadership.Withdraw(LossReason.Expired))
            {
                CancelAttempt();
                // The turning thread may have taken up a renewal in the meantime and think that it leads on.
                Post(new ElectionInput.TrustEnded(leadership.Epoch));
            }
        }

        if (Volatile.Read(ref _pending) is { } pending)
        {
            if (now >= pending.Until)
            {
                GiveUp(pending);
            }
            else
            {
                next = Instant.Min(next, pending.Until);
            }
        }

        return next;
    }

    public void Dispose()
    {
        _leadership?.Withdraw(LossReason.Resigned);
        Alarm.Dispose();
        Watch.Dispose();
    }

    private ElectionInput? Next()
    {
        lock (_gate)
        {
            return _inbox.TryDequeue(out var input) ? input
                : Now >= WakeAt ? new ElectionInput.Tick() : null;
        }
    }

    private void CarryOut(ElectionEffect effect)
    {
        switch (effect)
        {
            case ElectionEffect.Look look:
                Request(look.Attempt, cancel => _store.ReadAsync(_options.Election, cancel),
                    view => new ElectionInput.Saw(look.Attempt, view, IsProvablyDead(view),
                        look.AsksMark ? MarkIfSound() : Epoch.None));
                break;
            case ElectionEffect.Acquire acquire:
                Request(acquire.Attempt, cancel => _store.TryAcquireAsync(Candidacy(acquire), cancel),
                    answer => new ElectionInput.AcquireAnswered(acquire.Attempt, answer));
                break;
            case ElectionEffect.Renew renew:
                Request(renew.Attempt, cancel => _store.RenewAsync(Witnessed(renew.Term), cancel),
                    answer => new ElectionInput.RenewAnswered(renew.Attempt, answer));
                break;
            case ElectionEffect.Release release:
                Request(release.Attempt, cancel => _store.ReleaseAsync(release.Term, release.Reason, cancel), answer =>
                {
                    _options.Witness?.Beckon();
                    return new ElectionInput.ReleaseAnswered(release.Attempt, answer);
                });
                break;
            case ElectionEffect.CancelAttempt:
                CancelAttempt();
                break;
            case ElectionEffect.RaiseMark raise:
                RaiseMark(raise);
                break;
            case ElectionEffect.Grant grant:
                var leadership = new Leadership(grant.Term, grant.KnownBefore, grant.TrustedUntil,
                    grant.AtRiskFrom, _options.Clock, Post);
                Volatile.Write(ref _leadership, leadership);
                Watch.Set();
                Tell(new ElectionEvent.Trusted(grant.Term, grant.TrustedUntil));
                Granted(leadership);
                break;
            case ElectionEffect.Extend extend:
                if (_leadership?.Extend(extend.TrustedUntil, extend.AtRiskFrom) == true)
                {
                    Tell(new ElectionEvent.Trusted(_leadership.Term, extend.TrustedUntil));
                }

                Watch.Set();
                break;
            case ElectionEffect.Withdraw withdraw:
                _leadership?.Withdraw(withdraw.Reason);
                break;
            case ElectionEffect.Tell tell:
                Tell(tell.Event);
                break;
            case ElectionEffect.Finish:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(effect));
        }
    }

    // Whoever campaigns reads it again, and is told of the damage then.
    private Epoch MarkIfSound()
    {
        try
        {
            return _options.Mark.Read(_options.Election);
        }
        catch (StoreUnavailableException)
        {
            return Epoch.None;
        }
    }

    private void Tell(ElectionEvent told) => _options.Observer?.Invoke(told);

    /// <summary>
    /// Sends one request. Where the store completes on this thread, so does the answer; else it is posted
    /// when it
    /// comes, on whatever thread brings it.
    /// </summary>
    private void Request<T>(long attempt, Func<CancellationToken, ValueTask<T>> send, Func<T, ElectionInput> answer)
    {
        var pending = new Pending(new(), Now + _timers.AttemptTimeout);
        Volatile.Write(ref _pending, pending);
        Watch.Set();
        _ = AnswerAsync(attempt, send, answer, pending);
    }

    private async Task AnswerAsync<T>(long attempt, Func<CancellationToken, ValueTask<T>> send,
        Func<T, ElectionInput> answer, Pending pending)
    {
        ElectionInput input;
        try
        {
            input = answer(await send(pending.Cancel.Token));
        }
        catch (StoreUnavailableException e)
        {
            var lost = e.Code is StoreFault.Replaced or StoreFault.Damaged or StoreFault.Missing;
            input = new ElectionInput.AttemptFailed(attempt, e.Code, e.Message, lost);
        }
        catch (OperationCanceledException)
        {
            input = new ElectionInput.AttemptFailed(attempt, StoreFault.Busy,
                $"the store did not answer within {_timers.AttemptTimeout.TotalMilliseconds} ms", false);
        }
        catch (Exception e)
        {
            // A bug in the store or the observer: end, and hand it to whoever runs the election.
            Failure = e;
            Post(new ElectionInput.Stop());
            input = new ElectionInput.AttemptFailed(attempt, StoreFault.Unreachable, e.Message, false);
        }

        Interlocked.CompareExchange(ref _pending, null, pending);
        Post(input);
    }

    /// <summary>A bug in a store or an observer: the election ends, and whoever runs it gets this.</summary>
    public Exception? Failure { get; private set; }

    private void CancelAttempt()
    {
        if (Volatile.Read(ref _pending) is { } pending)
        {
            GiveUp(pending);
        }
    }

    /// <summary>
    /// Ends the wait for this very request; the one after it, sent meanwhile, is not touched.
    /// </summary>
    private void GiveUp(Pending pending)
    {
        Interlocked.CompareExchange(ref _pending, null, pending);
        pending.Cancel.Cancel();
    }

    private Candidacy Candidacy(ElectionEffect.Acquire acquire)
    {
        var candidate = _options.Candidate with { Witness = Witness() ?? _options.Candidate.Witness };
        return new(_options.Election, candidate, _timers.Ttl, _options.Mark.Read(_options.Election),
            acquire.Attempt, acquire.Seen);
    }

    private Term Witnessed(Term term) => term with { Witness = Witness() ?? term.Witness };

    /// <summary>The own witness as it stands now; the heartbeat may have made it anew just as well.</summary>
    private FileIdentity? Witness()
    {
        _options.Witness?.Restore();
        return _options.Witness?.Mark;
    }

    private bool IsProvablyDead(LeaseView view) => view.Holder is { } holder && (ProvesDead?.Invoke(holder)
        ?? _options.Witnesses?.IsProvablyDead(holder.Holder, holder.Witness) == true);

    private void RaiseMark(ElectionEffect.RaiseMark raise)
    {
        ElectionInput input = new ElectionInput.MarkRaised();
        try
        {
            // Won epochs are above the mark as it stood when they were asked for. One that no longer is was handed
            // out a second time: the request was under way while the store was put back.
            if (_options.Mark.Raise(_options.Election, raise.Epoch) >= raise.Epoch)
            {
                input = new ElectionInput.MarkFailed($"epoch {raise.Epoch} was handed out before");
            }
        }
        catch (StoreUnavailableException e)
        {
            input = new ElectionInput.MarkFailed(e.Message);
        }

        if (raise.Reports)
        {
            Post(input);
        }
    }

    /// <summary>The request under way: how to end the wait for it, and when.</summary>
    private sealed record Pending(CancellationTokenSource Cancel, Instant Until);
}
