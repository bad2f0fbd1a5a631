using Baton.Validation;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>
/// The lease store and the work store behind the network. What they are asked is recorded here, from when it was
/// sent until it was done, whether or not the asker ever learns of it.
/// </summary>
internal sealed class Stores
{
    private readonly Arena _arena;
    private readonly ClockDomain _domain;
    private readonly ProcessClock _clock;
    private readonly List<InMemoryLeaseStore> _kept = [];
    private readonly IWorkStore _work;
    private readonly List<Action> _waiting = [];
    private InMemoryLeaseStore _rows;
    private ILeaseStore _leases;

    public Stores(Arena arena, Host host)
    {
        _arena = arena;
        _domain = host.Domain;
        _clock = new(arena.Timeline, host.Clock, arena.Server);
        _rows = new(_clock, _domain);
        _leases = Wrap(_rows);
        var work = new InMemoryWorkStore(ElectionName.Main, _clock, _domain);
        _work = arena.Beast?.Work?.Invoke(work, _clock) ?? work;
    }

    /// <summary>Grows when the lease store becomes another one: who had it open before notices.</summary>
    public int Generation { get; private set; }

    /// <summary>Grows with each change of the work.</summary>
    public long Version { get; private set; }

    public TimeProvider Clock => _clock;

    /// <summary>The stores themselves, for whoever looks from outside.</summary>
    public IWorkStore Work => _work;

    /// <summary>The leases as they are, of which nothing is recorded.</summary>
    public ILeaseStore Rows => _rows;

    public ILeaseStore Leases(Instant sent) => new RecordedLeases(_leases, RecorderFrom(sent));

    public IWorkStore WorkFrom(Instant sent) => new RecordedWork(_work, RecorderFrom(sent));

    /// <summary>The work changed, or may have.</summary>
    public void Changed()
    {
        Version++;
        var all = _waiting.ToArray();
        _waiting.Clear();
        foreach (var each in all)
        {
            each();
        }
    }

    /// <summary>Calls back at the next change.</summary>
    public void OnChange(Action changed) => _waiting.Add(changed);

    /// <summary>Keeps the leases as they are, as a backup.</summary>
    public void Keep() => _kept.Add(_rows.Copy());

    /// <summary>Puts a backup in the place of the leases, or nothing.</summary>
    public void PutBack(Chance chance, bool isDeleted)
    {
        _rows = isDeleted || _kept.Count == 0 ? new(_clock, _domain) : chance.Pick(_kept).Copy();
        _leases = Wrap(_rows);
        Generation++;
        _arena.Note(isDeleted ? "the leases are deleted" : "the leases are rolled back", OperationKind.Fault);
    }

    /// <summary>Puts empty leases in their place without a word: for a store that forgets by itself.</summary>
    public void Forget()
    {
        _rows = new(_clock, _domain);
        _leases = Wrap(_rows);
    }

    private ILeaseStore Wrap(InMemoryLeaseStore rows) => _arena.Beast?.Leases?.Invoke(this, rows) ?? rows;

    private Recorder RecorderFrom(Instant sent) => new(_arena.Timeline, done => _arena.Record(
        done.Outcome == Outcome.Unknown ? done with { Began = sent }
        : done with { Began = sent, Ended = _arena.Timeline.Now }));
}
