namespace Baton.Simulation;

/// <summary>A machine: its clocks, its high-water mark, its way to the stores.</summary>
internal sealed class Host(string name, HostClock clock, ClockDomain domain)
{
    public string Name { get; } = name;

    public HostClock Clock { get; } = clock;

    /// <summary>Whether the rows' clock is this host's.</summary>
    public ClockDomain Domain { get; } = domain;

    public FaultyMark Mark { get; } = new();

    /// <summary>Requests and answers of this host are lost.</summary>
    public bool IsCutOff { get; set; }
}

/// <summary>A host's mark; for a while it may be impossible to write.</summary>
internal sealed class FaultyMark : HighWaterMark
{
    private readonly VolatileMark _inner = new();

    public bool IsFull { get; set; }

    public override Epoch Read(ElectionName election) => _inner.Read(election);

    public override Epoch Raise(ElectionName election, Epoch epoch)
    {
        if (IsFull)
        {
            throw new StoreUnavailableException(StoreFault.Mark, "the disk is full", isTransient: true);
        }

        return _inner.Raise(election, epoch);
    }
}
