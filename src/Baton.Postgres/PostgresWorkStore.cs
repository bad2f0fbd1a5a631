using Baton.Work;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// Tasks, agents and events in a PostgreSQL schema. Every verb is one transaction on the calling thread, on a
/// connection of a pool.
/// </summary>
public sealed class PostgresWorkStore : LocalWorkStore
{
    private const int MostTries = 10;
    private static readonly TimeSpan LookWithoutWord = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookWithoutPush = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ZombieGrace = TimeSpan.FromMilliseconds(200);

    private readonly PostgresDatabase _database;

    /// <summary>The work of one election in an open store.</summary>
    /// <param name="database">The store; closed by whoever opened it.</param>
    /// <param name="election">The scope.</param>
    /// <param name="clock">The clock of the rows; default <see cref="BootClock"/>.</param>
    /// <param name="domain">Which clock that is; default this host's.</param>
    public PostgresWorkStore(
        PostgresDatabase database, ElectionName election, TimeProvider? clock = null, ClockDomain? domain = null)
        : base(election, clock ?? BootClock.Instance, domain ?? ClockDomain.Current)
    {
        ArgumentNullException.ThrowIfNull(database);
        _database = database;
    }

    /// <inheritdoc/>
    public override string Kind => "postgres";

    private string Topic => $"work:{Election}";

    /// <inheritdoc/>
    public override async ValueTask<long> ChangedAsync(long mark, TimeSpan atMost, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var until = Instant.Of(Clock) + atMost;
        while (true)
        {
            // Before the look: a word that comes during it is not missed.
            var word = _database.IsPooled || atMost <= TimeSpan.Zero ? null : _database.Listener.Next(Topic);
            var seen = Read(rows => ((PostgresWorkRows)rows).Mark(), cancel);
            var left = until - Instant.Of(Clock);
            if (seen != mark || left <= TimeSpan.Zero)
            {
                return seen;
            }

            var beat = _database.IsPooled ? LookWithoutPush : LookWithoutWord;
            await (word ?? Task.Delay(Timeout.InfiniteTimeSpan, Clock, cancel))
                .WaitAsync(left < beat ? left : beat, Clock, cancel)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    protected override T Write<T>(bool isLasting, Func<WorkRows, T> verb, CancellationToken cancel) =>
        Run(new() { IsLasting = isLasting }, FenceUse.None, verb, cancel);

    /// <inheritdoc/>
    protected override T WriteFenced<T>(FenceUse use, Epoch epoch, Func<WorkRows, T> verb, CancellationToken cancel)
    {
        var leader = _database.LeaderName(Election);
        var order = new PostgresOrder { Name = $"{leader}{epoch}" };
        if (use != FenceUse.Raise)
        {
            return Run(order, use, verb, cancel);
        }

        try
        {
            return Run(order with { LockTimeout = ZombieGrace }, use, verb, cancel);
        }
        catch (StoreUnavailableException e)
            when (e.InnerException is PostgresException refused && PostgresFault.IsLockedOut(refused))
        {
            // Whoever holds the fence for longer than any write takes has stopped in the middle of one.
            EndSessionsBefore(leader, epoch);
            return Run(order, use, verb, cancel);
        }
    }

    /// <inheritdoc/>
    protected override T Read<T>(Func<WorkRows, T> read, CancellationToken cancel) =>
        Run(new() { IsRead = true }, FenceUse.None, read, cancel);

    private T Run<T>(PostgresOrder order, FenceUse use, Func<WorkRows, T> verb, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(verb);
        for (var attempt = 1; ; attempt++)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                using var connection = _database.Rent();
                using var steps = _database.Steps(connection);
                var rows = new PostgresWorkRows(steps, _database.Channel, Topic, Election, order);
                rows.Begin(use);
                var answer = verb(rows);
                rows.Commit();
                return answer;
            }
            catch (PostgresException e) when (PostgresFault.IsConflict(e) && attempt < MostTries)
            {
                // Another transaction was first; the verb runs again on what that one left.
            }
            catch (NpgsqlException e) when (attempt == 1 && use == FenceUse.None && PostgresFault.IsCut(e))
            {
                // The pool held a connection that the server had closed meanwhile, or closes now; it has let go of the
                // others too. A leader whose session was ended asks first whether it leads still: it may be its
                // successor that ended it, and waits for the fence.
            }
            catch (Exception e) when (_database.FaultOf(e) is { } fault)
            {
                throw fault;
            }
        }
    }

    /// <summary>Ends the sessions in which an older leader writes at this moment; only those of this store.</summary>
    private void EndSessionsBefore(string leader, Epoch epoch)
    {
        try
        {
            using var connection = _database.Rent();
            using var steps = _database.Steps(connection);
            steps.Begin(new());
            steps.AskLater("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                    AND starts_with(application_name, @leader)
                    AND substr(application_name, length(@leader) + 1)::bigint < @epoch
                """, ("leader", leader), ("epoch", epoch.Value));
            steps.Commit();
        }
        catch (Exception e) when (_database.FaultOf(e) is { } fault)
        {
            throw fault;
        }
    }
}
