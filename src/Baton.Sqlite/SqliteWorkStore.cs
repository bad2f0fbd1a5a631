using Baton.Work;

namespace Baton.Sqlite;

/// <summary>
/// Tasks, agents and events in the embedded store. Every verb completes on the calling thread. Reads have a
/// connection of their own, so that they never wait for a writer.
/// </summary>
public sealed class SqliteWorkStore : LocalWorkStore
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(10);

    private readonly SqliteFile _file;
    private readonly SqliteLink _write;
    private readonly SqliteLink _read;
    private readonly SqliteLink _watch;

    /// <summary>The work of one election in an open file.</summary>
    /// <param name="file">The store; closed by whoever opened it.</param>
    /// <param name="election">The scope.</param>
    /// <param name="clock">The clock of the rows; default <see cref="BootClock"/>.</param>
    /// <param name="domain">Which clock that is; default this host's.</param>
    public SqliteWorkStore(
        SqliteFile file, ElectionName election, TimeProvider? clock = null, ClockDomain? domain = null)
        : base(election, clock ?? BootClock.Instance, domain ?? ClockDomain.Current)
    {
        ArgumentNullException.ThrowIfNull(file);
        _file = file;
        _write = file.NewLink();
        _read = file.NewLink();
        _watch = file.NewLink();
    }

    /// <inheritdoc/>
    public override string Kind => "sqlite";

    /// <inheritdoc/>
    public override async ValueTask<long> ChangedAsync(long mark, TimeSpan atMost, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var until = Instant.Of(Clock) + atMost;
        while (true)
        {
            var version = _watch.DataVersion();
            var left = until - Instant.Of(Clock);
            if (version != mark || left <= TimeSpan.Zero)
            {
                return version;
            }

            await Task.Delay(left < Beat ? left : Beat, Clock, cancel);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// An orchestrator that a frozen writer keeps off the roster never becomes a candidate, so it ends that writer
    /// here.
    /// </remarks>
    public override async ValueTask<Agent> RegisterAsync(Agent agent, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(agent);
        try
        {
            return await base.RegisterAsync(agent, cancel);
        }
        catch (StoreUnavailableException e) when (e.Code == StoreFault.Busy && agent.IsOrchestrator
            && _file.TryUnblock(_read, Election, agent.Ttl, Domain, Instant.Of(Clock)))
        {
            Write(isLasting: true, rows => _file.TellUnblocked(rows, agent.Id.Value, Clock.GetUtcNow()), cancel);
            return await base.RegisterAsync(agent, cancel);
        }
    }

    /// <inheritdoc/>
    protected override T Write<T>(bool isLasting, Func<WorkRows, T> verb, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(verb);
        cancel.ThrowIfCancellationRequested();
        return _write.Write(isLasting ? Durability.Power : Durability.Process,
            link => verb(new SqliteWorkRows(link, Election)), cancel);
    }

    /// <inheritdoc/>
    protected override T Read<T>(Func<WorkRows, T> read, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(read);
        cancel.ThrowIfCancellationRequested();
        return _read.Read(link => read(new SqliteWorkRows(link, Election)));
    }
}
