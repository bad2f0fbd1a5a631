using System.Runtime.CompilerServices;
using Baton.Work;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// Leases as rows of a PostgreSQL schema. Every verb is one round trip, and completes on the calling thread, on
/// connections of its own: neither a starved thread pool nor a hung socket delays whoever waits for it longer
/// than its token says.
/// </summary>
public sealed class PostgresLeaseStore : ILeaseStore
{
    private static readonly TimeSpan ShortestTtl = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LookWithoutWord = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Which server this is: a restored or promoted one, or another store in the schema, is another.
    private const string ServerSql = """
        (SELECT value FROM meta WHERE name = 'store_id') || '/'
        || (SELECT system_identifier FROM pg_control_system()) || '/'
        || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
        """;

    private const string Columns = $"""
        SELECT epoch, holder, renewals, nonce, host, pid, process_start, witness_device, witness_inode, ttl_ms,
            began_at, renewed_at, ended_by, server,
            EXISTS (SELECT 1 FROM revoked r WHERE r.election = @election AND r.holder = @self),
            coalesce((SELECT f.epoch FROM fence f WHERE f.election = @election), 0), {ServerSql},
            {PostgresSteps.SilentFor}
        """;

    private const string From = "FROM (SELECT 1) one LEFT JOIN lease ON election = @election";

    private readonly PostgresDatabase _database;
    private readonly TimeProvider _clock;
    private readonly PostgresLink _verbs;
    private readonly PostgresLink _looks;
    private volatile bool _holds;

    /// <summary>The leases of an open store.</summary>
    /// <param name="database">The store; closed by whoever opened it.</param>
    /// <param name="clock">The clock of the rows, for display; default <see cref="BootClock"/>.</param>
    public PostgresLeaseStore(PostgresDatabase database, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(database);
        _database = database;
        _clock = clock ?? BootClock.Instance;
        _verbs = database.NewLink("baton-lease");
        _looks = database.NewLink("baton-look");
        Traits = new("postgres", ShortestTtl, TimeSpan.FromMilliseconds(50), Pushes: !database.IsPooled)
        {
            IsRemote = true,
        };
    }

    /// <inheritdoc/>
    public LeaseStoreTraits Traits { get; }

    /// <inheritdoc/>
    public ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(candidacy);
        return new(Verb(candidacy.Ttl / 6, steps => Acquire(steps, candidacy), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        _holds = true;
        return new(Verb<RenewAnswer>(term.Ttl / 6, steps =>
        {
            steps.Later($"""
                UPDATE lease SET renewals = renewals + 1, renewed_at = @now, heard_at = {PostgresSteps.ServerTime},
                    witness_device = @device,
                    witness_inode = @inode
                WHERE election = @election AND epoch = @epoch AND holder = @holder AND server = {ServerSql}
                """,
                ("now", Now()), ("device", term.Witness?.Device), ("inode", term.Witness?.Inode),
                ("election", term.Election.Value), ("epoch", term.Epoch.Value), ("holder", term.Holder.Value));
            var row = Commit(steps, term.Election, term.Holder);
            if (row.View.Epoch != term.Epoch || row.View.Holder?.Holder != term.Holder)
            {
                _holds = false;
                return new RenewAnswer.NotYours(row.View);
            }

            if (row.Server != row.Here || row.View.Renewals <= term.Renewals)
            {
                throw Replaced(row);
            }

            return new RenewAnswer.Renewed(term with { Renewals = row.View.Renewals });
        }, cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        _holds = false;
        return new(Verb(Patience, steps => End(steps, term.Election, term.Holder, term.Epoch, reason), cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel) =>
        new(Verb(Patience, steps =>
        {
            steps.Later("INSERT INTO revoked (election, holder) VALUES (@election, @holder) ON CONFLICT DO NOTHING",
                ("election", election.Value), ("holder", holder.Value));
            return End(steps, election, holder, null, TermEnd.Died);
        }, cancel));

    /// <inheritdoc/>
    public ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel) => new(Read(election, cancel));

    /// <inheritdoc/>
    public async IAsyncEnumerable<Term> TermsAsync(
        ElectionName election, Epoch after, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var term in Look(_looks, steps => Terms(steps, election, after), cancel))
        {
            cancel.ThrowIfCancellationRequested();
            yield return term;
        }

        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseView> WatchAsync(
        ElectionName election, [EnumeratorCancellation] CancellationToken cancel)
    {
        LeaseView? last = null;
        while (true)
        {
            // Before the look: a word that comes during it is not missed.
            var word = _database.Listener.Next(Topic(election));
            // A look waits for the server: with many elections in a process the pool would have no thread left.
            var view = await Task.Factory.StartNew(() => Read(election, cancel), CancellationToken.None,
                TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (view != last)
            {
                last = view;
                yield return view;
            }

            await word.WaitAsync(LookWithoutWord, _clock, cancel)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancel.ThrowIfCancellationRequested();
        }
    }

    private LeaseView Read(ElectionName election, CancellationToken cancel) =>
        // A follower looks by the connection over which it will acquire; while a term is held that one is for its
        // renewals alone.
        Look(_holds ? _looks : _verbs, steps => Commit(steps, election, default).View, cancel);

    private static string Topic(ElectionName election) => $"lease:{election}";

    private T Verb<T>(TimeSpan patience, Func<PostgresSteps, T> verb, CancellationToken cancel) =>
        Run(_verbs, new() { StatementTimeout = patience, LockTimeout = patience }, verb, cancel);

    private T Look<T>(PostgresLink link, Func<PostgresSteps, T> look, CancellationToken cancel) =>
        Run(link, new() { IsRead = true, StatementTimeout = Patience }, look, cancel);

    private T Run<T>(PostgresLink link, PostgresOrder order, Func<PostgresSteps, T> verb, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        try
        {
            return link.Run(connection =>
            {
                using var steps = _database.Steps(connection);
                steps.Begin(order);
                return verb(steps);
            }, cancel);
        }
        catch (Exception e) when (_database.FaultOf(e) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>
    /// The compare-and-set, in one batch: the row is locked first, so that each later statement sees what
    /// whoever held it before has committed.
    /// </summary>
    private AcquireAnswer Acquire(PostgresSteps steps, Candidacy candidacy)
    {
        var (election, candidate, seen) = (candidacy.Election, candidacy.Candidate, candidacy.Seen);
        if (!seen.Standing.IsVacant())
        {
            return new AcquireAnswer.Held(Commit(steps, election, candidate.Holder).View);
        }

        var now = Now();
        steps.Later("INSERT INTO lease (election) VALUES (@election) ON CONFLICT DO NOTHING", ("election", election.Value));
        Lock(steps, election);
        steps.Later($"""
            UPDATE lease SET
                epoch = greatest(epoch, @floor,
                    coalesce((SELECT f.epoch FROM fence f WHERE f.election = @election), 0),
                    coalesce((SELECT max(t.epoch) FROM term t WHERE t.election = @election), 0)) + 1,
                holder = @holder, renewals = 0, nonce = @nonce, host = @host, pid = @pid, process_start = @start,
                witness_device = @device, witness_inode = @inode, ttl_ms = @ttl, began_at = @now, renewed_at = @now,
                heard_at = {PostgresSteps.ServerTime}, ended_by = NULL, server = {ServerSql}
            WHERE election = @election AND epoch = @seen_epoch AND renewals = @seen_renewals
                AND (holder IS NULL OR @is_silent) AND {ServerSql} IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM revoked r WHERE r.election = @election AND r.holder = @holder)
            """,
            ("floor", candidacy.Floor.Value), ("election", election.Value), ("holder", candidate.Holder.Value),
            ("nonce", candidacy.Nonce), ("host", candidate.Host), ("pid", candidate.Pid),
            ("start", candidate.ProcessStart), ("device", candidate.Witness?.Device),
            ("inode", candidate.Witness?.Inode), ("ttl", Milliseconds(candidacy.Ttl)), ("now", now),
            ("seen_epoch", seen.Epoch.Value), ("seen_renewals", seen.Renewals),
            ("is_silent", seen.Standing is LeaseStanding.Died or LeaseStanding.RanOut));
        BeginTerm(steps, candidacy, now);
        Announce(steps, election, "holder = @self AND nonce = @nonce AND renewals = 0",
            ("self", candidate.Holder.Value), ("nonce", candidacy.Nonce));
        var row = Commit(steps, election, candidate.Holder);
        if (row.IsRevoked)
        {
            return new AcquireAnswer.Revoked();
        }

        if (row.View.Holder?.Holder != candidate.Holder || row.View.Nonce != candidacy.Nonce)
        {
            return new AcquireAnswer.Held(row.View);
        }

        // Where this very attempt won before, what was known then went with its answer.
        var isRepeated = row.View.Epoch <= seen.Epoch || row.View.Renewals > 0;
        return new AcquireAnswer.Acquired(TermOf(row.View),
            isRepeated ? row.View.Epoch : Epoch.Max(seen.Epoch, row.Fence));
    }

    private static void BeginTerm(PostgresSteps steps, Candidacy candidacy, long now)
    {
        (string, object?)[] mine =
        [
            ("election", candidacy.Election.Value), ("holder", candidacy.Candidate.Holder.Value),
            ("nonce", candidacy.Nonce),
        ];
        if (LeaseRules.EndOf(candidacy.Seen.Standing) is { } end)
        {
            steps.Later("""
                UPDATE term SET ended_at = @now, ended_by = @reason
                FROM lease l
                WHERE l.election = @election AND l.holder = @holder AND l.nonce = @nonce
                    AND term.election = l.election AND term.epoch < l.epoch AND term.ended_by IS NULL
                """,
                [.. mine, ("now", now), ("reason", end.Name())]);
        }

        steps.Later("""
            INSERT INTO term (election, epoch, holder, host, pid, ttl_ms, began_at, server)
            SELECT election, epoch, holder, host, pid, ttl_ms, began_at, server
            FROM lease WHERE election = @election AND holder = @holder AND nonce = @nonce
            ON CONFLICT DO NOTHING
            """, mine);
    }

    private ReleaseAnswer End(
        PostgresSteps steps, ElectionName election, HolderId holder, Epoch? epoch, TermEnd reason)
    {
        Lock(steps, election);
        Announce(steps, election, "holder = @self AND epoch = coalesce(@epoch, epoch)",
            ("self", holder.Value), ("epoch", epoch?.Value));
        // The rows are read as they were before the update, and the lock has kept them so: right for whoever is
        // told that there was nothing of his.
        var (row, ended) = steps.AskAndCommit($"""
            WITH mine AS (
                UPDATE lease SET holder = NULL, ended_by = @reason
                WHERE election = @election AND holder = @self AND epoch = coalesce(@epoch, epoch)
                RETURNING election, epoch),
            closed AS (
                UPDATE term SET ended_at = @now, ended_by = @reason
                FROM mine WHERE term.election = mine.election AND term.epoch = mine.epoch)
            {Columns}, (SELECT m.epoch FROM mine m) {From}
            """, answer => (Read(answer, election), answer.IsDBNull(18) ? (long?)null : answer.GetInt64(18)),
            ("now", Now()), ("reason", reason.Name()), ("election", election.Value), ("self", holder.Value),
            ("epoch", epoch?.Value));
        return ended is { } over ? new ReleaseAnswer.Released(new(over)) : new ReleaseAnswer.NotYours(row.View);
    }

    private static void Lock(PostgresSteps steps, ElectionName election) => steps.AskLater(
        "SELECT 1 FROM lease WHERE election = @election FOR UPDATE", ("election", election.Value));

    // Told with the commit, and only with it; and only by whoever changed something. Where each of many candidates that
    // try for one lease told of it, all would look again as often as there are candidates.
    private void Announce(PostgresSteps steps, ElectionName election, string mine,
        params ReadOnlySpan<(string Name, object? Value)> parameters) => steps.AskLater(
        $"SELECT pg_notify(@channel, @topic) FROM lease WHERE election = @election AND {mine}",
        [("channel", _database.Channel), ("topic", Topic(election)), ("election", election.Value), .. parameters]);

    private Row Commit(PostgresSteps steps, ElectionName election, HolderId self) => steps.AskAndCommit($"{Columns} {From}",
        row => Read(row, election), ("election", election.Value), ("self", self.Value));

    private Row Read(NpgsqlDataReader row, ElectionName election)
    {
        row.Read();
        if (row.IsDBNull(16))
        {
            throw PostgresFault.NoStoreOfBaton(_database.Address);
        }

        var epoch = row.IsDBNull(0) ? 0 : row.GetInt64(0);
        if (epoch is < 0 or > Epoch.Highest)
        {
            throw new StoreUnavailableException(StoreFault.Damaged, $"the lease row names an epoch of {epoch}",
                "restore the store from a copy; epochs go on above the known ones");
        }

        // A row that was set back by hand is waited out like any other that falls silent, and then taken as it stands.
        var isNone = epoch == 0 && row.IsDBNull(1) && (row.IsDBNull(2) || row.GetInt64(2) == 0);
        var view = isNone ? LeaseView.Never(election) : new LeaseView(election, new(epoch))
        {
            Holder = row.IsDBNull(1) ? null : new Candidate(new(row.GetString(1)))
            {
                Host = row.GetString(4),
                Pid = row.GetInt32(5),
                ProcessStart = row.GetInt64(6),
                Witness = row.IsDBNull(7) ? null : new FileIdentity(row.GetInt64(7), row.GetInt64(8)),
            },
            Renewals = row.GetInt64(2),
            Nonce = row.GetInt64(3),
            Ttl = TimeSpan.FromMilliseconds(row.GetInt64(9)),
            BeganAt = At(row.GetInt64(10)),
            RenewedAt = At(row.GetInt64(11)),
            SilentFor = PostgresSteps.Silence(row, 17),
            EndedBy = row.IsDBNull(12) ? null : TaskNames.ParseEnd(row.GetString(12)),
            LeaseStoreId = _database.StoreId,
        };
        return new(view, row.IsDBNull(13) ? null : row.GetString(13), row.GetBoolean(14), new(row.GetInt64(15)),
            row.GetString(16));
    }

    private List<Term> Terms(PostgresSteps steps, ElectionName election, Epoch after) => steps.AskAndCommit("""
        SELECT epoch, holder, host, pid, ttl_ms, began_at, ended_at, ended_by
        FROM term WHERE election = @election AND epoch > @after ORDER BY epoch
        """, rows =>
    {
        var terms = new List<Term>();
        while (rows.Read())
        {
            terms.Add(new(election, new(rows.GetInt64(0)), new(rows.GetString(1)),
                TimeSpan.FromMilliseconds(rows.GetInt64(4)))
            {
                Host = rows.GetString(2),
                Pid = rows.GetInt32(3),
                LeaseStoreId = _database.StoreId,
                BeganAt = At(rows.GetInt64(5)),
                EndedAt = rows.IsDBNull(6) ? null : At(rows.GetInt64(6)),
                EndedBy = rows.IsDBNull(7) ? null : TaskNames.ParseEnd(rows.GetString(7)),
            });
        }

        return terms;
    }, ("election", election.Value), ("after", after.Value));

    private Term TermOf(LeaseView view) => new(view.Election, view.Epoch, view.Holder!.Holder, view.Ttl)
    {
        Host = view.Holder.Host,
        Pid = view.Holder.Pid,
        Witness = view.Holder.Witness,
        Renewals = view.Renewals,
        LeaseStoreId = _database.StoreId,
        BeganAt = view.BeganAt ?? default,
    };

    private StoreUnavailableException Replaced(Row row) => new(StoreFault.Replaced,
        row.Server != row.Here
            ? $"the server at {_database.Address.Server} is not the one that the term began on: it was restored "
                + $"or promoted (then {row.Server}, now {row.Here})"
            : $"the server at {_database.Address.Server} went back to an older state",
        "nothing was acknowledged since; 'baton doctor' says what is there now");

    private long Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    /// <summary>The row, what stands beside it, and which server says so.</summary>
    private sealed record Row(LeaseView View, string? Server, bool IsRevoked, Epoch Fence, string Here);
}
