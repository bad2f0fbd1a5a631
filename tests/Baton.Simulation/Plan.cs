namespace Baton.Simulation;

/// <summary>What a run's leases go through beside processes and network.</summary>
internal enum LeaseLoss
{
    None,

    /// <summary>Rolled back or deleted while every orchestrator is down.</summary>
    WhileDown,

    /// <summary>Rolled back or deleted under a leader.</summary>
    WhileLed,
}

/// <summary>The shape of one run, drawn from its seed before anything happens.</summary>
internal sealed record Plan
{
    /// <summary>Whether all share one host, one clock and one mark, as with a store in a file.</summary>
    public bool IsOneHost { get; private init; }

    public TimeSpan Ttl { get; private init; }

    public int Contenders { get; private init; }

    public int Workers { get; private init; }

    public int PoolSize { get; private init; }

    public int Tasks { get; private init; }

    /// <summary>How long things go wrong.</summary>
    public TimeSpan Chaos { get; private init; }

    /// <summary>The mean time between two faults.</summary>
    public TimeSpan FaultEvery { get; private init; }

    public TimeSpan PollEvery { get; private init; }

    public LeaseLoss LeaseLoss { get; private init; }

    /// <summary>Whether a process notices at once that the leases are not those it had open.</summary>
    public bool NoticesReplacement { get; private init; }

    /// <summary>Whether a request can be cancelled while it is under way; in a file's store it can't.</summary>
    public bool HeedsCancellation { get; private init; }

    /// <summary>Whether the stores are asked over a network, and less often while they are silent.</summary>
    public bool IsRemote { get; private init; }

    /// <summary>Whether candidates are told of changes of the lease, more or less.</summary>
    public bool Pushes { get; private init; }

    /// <summary>Whether the death of a process is known at once to whoever looks, for all share its host.</summary>
    public bool HasWitnesses { get; private init; }

    public required Weather Weather { get; init; }

    /// <summary>
    /// How soon a leader must be there once the faults are over: what is held may have to run out, be found
    /// fenced, and run out again.
    /// </summary>
    public TimeSpan Bound => (Ttl * 3) + TimeSpan.FromSeconds(1);

    public static Plan Draw(Chance chance)
    {
        var isOneHost = chance.Of(0.6);
        var ttl = chance.Pick([Seconds(0.5), Seconds(1), Seconds(2), Seconds(6)]);
        return new()
        {
            IsOneHost = isOneHost,
            Ttl = ttl,
            Contenders = chance.Between(2, 5),
            Workers = chance.Between(1, 4),
            PoolSize = chance.Below(3),
            Tasks = chance.Between(4, 14),
            Chaos = ttl * chance.Between(15, 40),
            FaultEvery = ttl * (0.4 + (chance.Below(20) / 10.0)),
            PollEvery = chance.Pick([Seconds(0.01), Seconds(0.05), ttl / 6]),
            LeaseLoss = !isOneHost || chance.Of(0.5) ? LeaseLoss.None
                : chance.Of(0.5) ? LeaseLoss.WhileDown : LeaseLoss.WhileLed,
            NoticesReplacement = chance.Of(0.5),
            Weather = DrawWeather(chance, ttl),
            HeedsCancellation = chance.Of(0.75),
            IsRemote = !isOneHost,
            Pushes = chance.Of(0.5),
            HasWitnesses = isOneHost && chance.Of(0.5),
        };
    }

    /// <summary>The same world, in which candidates find out all by themselves, and ask as often as they like.</summary>
    public Plan Plainly() => this with { IsRemote = false, Pushes = false, HasWitnesses = false };

    public static Weather DrawWeather(Chance chance, TimeSpan ttl)
    {
        double Often() => chance.Of(0.5) ? 0 : chance.Below(100) / 1000.0;
        return new()
        {
            Refused = Often(),
            RequestLost = Often(),
            AnswerLost = Often(),
            Twice = Often(),
            Late = Often(),
            Halted = Often(),
            LateBy = ttl * 2,
            Longest = chance.Pick([Seconds(0.002), Seconds(0.02), ttl / 8, ttl / 3]),
            Patience = ttl,
        };
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
