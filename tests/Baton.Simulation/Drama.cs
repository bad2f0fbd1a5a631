using Baton.Validation;

namespace Baton.Simulation;

/// <summary>What goes wrong, and when. Leaders are its favourite victims.</summary>
internal sealed class Drama
{
    private readonly Arena _arena;
    private readonly Chance _chance;
    private readonly Instant _end;
    private readonly List<Action> _mending = [];

    public Drama(Arena arena)
    {
        _arena = arena;
        _chance = arena.Chance.Fork();
        _end = arena.Timeline.Now + arena.Plan.Chaos;
        arena.Network.Weather = arena.Plan.Weather;
        Next();
    }

    private Timeline Timeline => _arena.Timeline;

    private TimeSpan Ttl => _arena.Plan.Ttl;

    /// <summary>Ends every fault, and says by when a leader must be there.</summary>
    public void Heal()
    {
        _arena.Network.Heal();
        foreach (var mend in _mending.ToArray())
        {
            mend();
        }

        _arena.Record(new("world", OperationKind.Heal, Timeline.Now, Outcome.Ok)
        {
            Ended = Timeline.Now,
            Until = Timeline.Now + _arena.Plan.Bound,
        });
    }

    private void Next()
    {
        var at = Timeline.Now + _chance.Between(default, _arena.Plan.FaultEvery * 2);
        if (at >= _end)
        {
            return;
        }

        Timeline.At(at, () =>
        {
            Strike();
            Next();
        });
    }

    private void Strike()
    {
        switch (_chance.Below(16))
        {
            case < 4:
                Freeze(_chance.Of(0.7) ? Victim() : Agent(), Long());
                break;
            case 4 or 5:
                Crash();
                break;
            case 6:
                Agent()?.Kill(OperationKind.Kill);
                break;
            case 7:
                Victim()?.HangUntil(Timeline.Now + Long());
                break;
            case 8:
                CutOff();
                break;
            case 9:
                _arena.Network.StalledUntil = Timeline.Now + Long();
                break;
            case 10:
                (_chance.Of(0.7) ? Victim() : (Participant?)Agent())?.AskToStop();
                break;
            case 11:
                AskTheLeader();
                break;
            case 12:
                Jump();
                break;
            case 13:
                LoseLeases();
                break;
            case 14:
                FillDisk();
                break;
            default:
                _arena.Network.Weather = Plan.DrawWeather(_chance, Ttl);
                break;
        }
    }

    private TimeSpan Long() => _chance.Between(Ttl / 20, _chance.Of(0.5) ? Ttl / 2 : Ttl * 2.5);

    private Contender? Victim()
    {
        var all = _arena.Contenders;
        return all.Count == 0 ? null
            : _chance.Of(0.6) && all.Find(each => each.Leads) is { } leader ? leader
            : _chance.Pick(all);
    }

    private Worker? Agent() => _arena.Workers.Count == 0 ? null : _chance.Pick(_arena.Workers);

    private void Freeze(SimulatedProcess? process, TimeSpan span)
    {
        if (process is null)
        {
            return;
        }

        process.Freeze();
        Until(span, process.Thaw);
    }

    private void Crash()
    {
        if (Victim() is not { } victim)
        {
            return;
        }

        victim.Kill(OperationKind.Kill);
        if (_chance.Of(0.5))
        {
            // Who saw it die says so.
            var supervisor = new Supervisor(_arena, victim.Host);
            Timeline.After(_chance.Between(default, Ttl / 10), () => supervisor.Revoke(new(victim.Id)));
        }
    }

    private void CutOff()
    {
        var host = _chance.Pick(_arena.Hosts);
        if (host.IsCutOff)
        {
            return;
        }

        if (_chance.Of(0.5))
        {
            host.IsCutOff = true;
            Until(Long(), () => host.IsCutOff = false);
            return;
        }

        // A closed lid: nothing of the host runs, its boot clock does.
        var span = Long();
        foreach (var process in _arena.Contenders.Concat<Participant>(_arena.Workers))
        {
            if (process.Host == host)
            {
                Freeze(process, span);
            }
        }
    }

    private void AskTheLeader()
    {
        var supervisor = new Supervisor(_arena, _chance.Pick(_arena.Hosts));
        if (_arena.Contenders.Find(each => each.Leads)?.Leadership is { } leadership)
        {
            if (_chance.Of(0.7))
            {
                supervisor.AskToHandOver(leadership.Epoch);
            }
            else if ((_chance.Of(0.5) ? Victim() : (Participant?)Agent()) is { } victim)
            {
                supervisor.AskToEvict(new(victim.Id));
            }
        }
    }

    private void Jump()
    {
        var clock = _chance.Pick(_arena.Hosts).Clock;
        clock.WallError += _chance.Between(TimeSpan.FromHours(-30), TimeSpan.FromHours(30));
    }

    private void LoseLeases()
    {
        if (_arena.Plan.LeaseLoss == LeaseLoss.None)
        {
            return;
        }

        if (_chance.Of(0.5))
        {
            _arena.Stores.Keep();
            return;
        }

        if (_arena.Plan.LeaseLoss == LeaseLoss.WhileDown)
        {
            foreach (var contender in _arena.Contenders.ToArray())
            {
                contender.Kill(OperationKind.Kill);
            }
        }

        _arena.Stores.PutBack(_chance, isDeleted: _chance.Of(0.4));
    }

    private void FillDisk()
    {
        var mark = _chance.Pick(_arena.Hosts).Mark;
        mark.IsFull = true;
        Until(Long(), () => mark.IsFull = false);
    }

    // Each fault ends by itself, or when all do.
    private void Until(TimeSpan span, Action mend)
    {
        void Once()
        {
            if (_mending.Remove(Once))
            {
                mend();
            }
        }

        _mending.Add(Once);
        Timeline.After(span, Once);
    }
}
