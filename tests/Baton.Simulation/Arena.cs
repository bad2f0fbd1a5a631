using Baton.Validation;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>One run's world: time, hosts, stores, processes, and the history of what they do.</summary>
internal sealed class Arena
{
    private readonly List<Operation> _history = [];
    private int _pids;
    private bool _isOver;

    public Arena(ulong seed, Beast? beast = null, bool isPlain = false)
    {
        Beast = beast;
        Chance = new(seed);
        Plan = Plan.Draw(Chance.Fork());
        Plan = isPlain ? Plan.Plainly() : Plan;
        var shared = new ClockDomain("shared");
        var near = new Host("store", new(Timeline, 0, 0), Plan.IsOneHost ? shared : ClockDomain.Unknown);
        Server = new(this, near, "store");
        Hosts = Plan.IsOneHost ? [near] : [.. Enumerable.Range(1, Chance.Between(2, 3)).Select(NewHost)];
        Ids = new(Timeline, Chance.Fork().Fill);
        Network = new(this, Chance.Fork());
        // From a stream of its own: a world without hints is the same to the byte.
        Hints = new(this, new(~seed));
        Traits = new("simulated", TimeSpan.FromMilliseconds(100), Plan.PollEvery, Plan.Pushes)
        {
            IsRemote = Plan.IsRemote,
        };
        Stores = new(this, near);
        Submitter = new(this, Hosts[0]);
    }

    public Timeline Timeline { get; } = new();

    public Chance Chance { get; }

    public Plan Plan { get; }

    public Beast? Beast { get; }

    public IReadOnlyList<Host> Hosts { get; }

    /// <summary>Where the stores do what they are asked.</summary>
    public SimulatedProcess Server { get; }

    public Stores Stores { get; }

    public Network Network { get; }

    public Hints Hints { get; }

    public LeaseStoreTraits Traits { get; }

    public IdSource Ids { get; }

    public Submitter Submitter { get; }

    public bool NoticesReplacement => Plan.NoticesReplacement;

    /// <summary>The lives that go on, in the order of their beginning.</summary>
    public List<Contender> Contenders { get; } = [];

    public List<Worker> Workers { get; } = [];

    /// <summary>A bug that came to light as an exception.</summary>
    public Exception? Failure { get; private set; }

    public IReadOnlyList<Operation> Operations => _history;

    /// <summary>Everybody comes in.</summary>
    public void Begin()
    {
        Submitter.Start();
        if (Plan is { IsOneHost: true, LeaseLoss: LeaseLoss.None })
        {
            new Face(this, Hosts[0]).Start();
        }

        for (var number = 0; number < Plan.Contenders; number++)
        {
            Enter($"n{number}", Hosts[number % Hosts.Count]);
        }

        for (var number = 0; number < Plan.Workers; number++)
        {
            StartWorker($"w{number}", Hosts[number % Hosts.Count], isPooled: false);
        }
    }

    public int NextPid() => ++_pids;

    public void Record(Operation operation) => _history.Add(operation);

    /// <summary>Records something that befalls a process, or the world.</summary>
    public void Note(string subject, OperationKind kind) => _history.Add(
        new("world", kind, Timeline.Now, Outcome.Ok)
        {
            Ended = Timeline.Now,
            Subject = kind == OperationKind.Fault ? null : subject,
            Note = kind == OperationKind.Fault ? subject : null,
        });

    /// <summary>Sees to it that no exception gets lost.</summary>
    public async Task WatchAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e)
        {
            Failure ??= e;
        }
    }

    /// <summary>From now on who ends is not replaced.</summary>
    public void Close() => _isOver = true;

    /// <summary>The stable name of workers that a leader starts.</summary>
    public const string PooledName = "pooled";

    public StartedWorker StartPooledWorker(Host host)
    {
        var worker = StartWorker(PooledName, host, isPooled: true);
        return new(worker.Pid, worker.Exited);
    }

    /// <summary>A process life has ended: another takes its seat after a while.</summary>
    public void LifeEnded(Participant life)
    {
        if (life is Contender contender)
        {
            Contenders.Remove(contender);
            Hints.Ended(contender);
        }
        else
        {
            Workers.Remove((Worker)life);
        }

        if (_isOver || life is Worker { IsPooled: true })
        {
            return;
        }

        Timeline.After(Chance.Between(Plan.Ttl / 50, Plan.Ttl), () =>
        {
            if (life is Contender)
            {
                Enter(life.Name, life.Host);
            }
            else
            {
                StartWorker(life.Name, life.Host, isPooled: false);
            }
        });
    }

    private void Enter(string name, Host host)
    {
        var id = Ids.NewLife(name).Value;
        var contender = Beast?.Contender?.Invoke(this, host, name, id) ?? new DrivenContender(this, host, name, id);
        Contenders.Add(contender);
        contender.Start();
    }

    private Worker StartWorker(string name, Host host, bool isPooled)
    {
        var worker = new Worker(this, host, name, Ids.NewLife(name).Value, isPooled);
        Workers.Add(worker);
        worker.Start();
        return worker;
    }

    // Rates differ from true time by one percent at the most.
    private Host NewHost(int number) => new($"host{number}",
        new(Timeline, Chance.Between(0, 1_000_000) * 1_000_000L, Chance.Between(-10_000, 10_000)),
        ClockDomain.Unknown);
}
