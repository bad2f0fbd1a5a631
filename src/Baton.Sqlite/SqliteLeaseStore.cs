using System.Runtime.CompilerServices;
using Baton.Work;

namespace Baton.Sqlite;

/// <summary>
/// Leases in the embedded store. Every verb completes on the calling thread, on connections of its own, so a
/// starved thread pool can't delay a renewal.
/// </summary>
public sealed class SqliteLeaseStore : ILeaseStore
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(10);

    private const string RowSql = """
        SELECT epoch, holder, renewals, nonce, host, pid, process_start, witness_device, witness_inode, ttl_ms,
               began_at, renewed_at, clock_domain, expires_ns, ended_by
        FROM lease WHERE election = @election
        """;

    private readonly SqliteFile _file;
    private readonly TimeProvider _clock;
    private readonly ClockDomain _domain;
    private readonly SqliteLink _write;
    private readonly SqliteLink _look;
    private readonly Lock _cacheGate = new();
    private LeaseView? _cached;
    private long _cachedVersion;

    /// <summary>The leases of an open file.</summary>
    /// <param name="file">The store; closed by whoever opened it.</param>
    /// <param name="clock">The clock of the rows; default <see cref="BootClock"/>.</param>
    /// <param name="domain">Which clock that is; default this host's.</param>
    public SqliteLeaseStore(SqliteFile file, TimeProvider? clock = null, ClockDomain? domain = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        _file = file;
        _clock = clock ?? BootClock.Instance;
        _domain = domain ?? ClockDomain.Current;
        _write = file.NewLink(isUrgent: true);
        _look = file.NewLink();
    }

    /// <summary>
    /// Opens what the first write needs: the log, and the schema on its connection. For a candidate, so that it is not
    /// done when nobody leads.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store can't be read.</exception>
    public void PrepareToWrite(ElectionName election) => _write.Read(link => Row(link, election));

    /// <inheritdoc/>
    public LeaseStoreTraits Traits { get; } = new("sqlite", TimeSpan.FromMilliseconds(500), Beat, Pushes: false);

    /// <inheritdoc/>
    public ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(candidacy);
        try
        {
            return new(_write.Write(Durability.Power, link => Acquire(link, candidacy), cancel));
        }
        catch (StoreUnavailableException e) when (e.Code == StoreFault.Busy)
        {
            // A candidate that can't write ends who keeps it from it, or finds the lock free the next time.
            _ = _file.TryUnblock(_look, candidacy.Election, candidacy.Ttl, _domain, Instant.Of(_clock));
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        return new(_write.Write<RenewAnswer>(Durability.Process, link =>
        {
            var changed = link.Execute("""
                UPDATE lease SET renewals = renewals + 1, renewed_at = @now, clock_domain = @domain,
                    expires_ns = @expires, witness_device = @device, witness_inode = @inode
                WHERE election = @election AND epoch = @epoch AND holder = @holder
                """,
                ("now", Now()), ("domain", _domain.Value), ("expires", ExpiresAfter(term.Ttl)),
                ("device", term.Witness?.Device), ("inode", term.Witness?.Inode),
                ("election", term.Election.Value), ("epoch", term.Epoch.Value), ("holder", term.Holder.Value));
            var view = Row(link, term.Election);
            return changed == 1
                ? new RenewAnswer.Renewed(term with { Renewals = view.Renewals })
                : new RenewAnswer.NotYours(view);
        }, cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        return new(_write.Write<ReleaseAnswer>(Durability.Power, link =>
        {
            var view = Row(link, term.Election);
            return view.Epoch == term.Epoch && view.Holder?.Holder == term.Holder
                ? End(link, view, reason)
                : new ReleaseAnswer.NotYours(view);
        }, cancel));
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel) =>
        new(_write.Write<ReleaseAnswer>(Durability.Power, link =>
        {
            link.Execute("INSERT OR IGNORE INTO revoked (election, holder) VALUES (@election, @holder)",
                ("election", election.Value), ("holder", holder.Value));
            var view = Row(link, election);
            return view.Holder?.Holder == holder ? End(link, view, TermEnd.Died) : new ReleaseAnswer.NotYours(view);
        }, cancel));

    /// <inheritdoc/>
    public ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel)
    {
        // A look costs some microseconds as long as nothing was committed since the last one.
        lock (_cacheGate)
        {
            var version = _look.DataVersion();
            if (_cached is not { } view || view.Election != election || version != _cachedVersion)
            {
                _cached = view = _look.Read(link => Row(link, election));
                _cachedVersion = version;
            }

            return new(view);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Term> TermsAsync(
        ElectionName election, Epoch after, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var term in _look.Read(link => Terms(link, election, after)))
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
            cancel.ThrowIfCancellationRequested();
            var view = await ReadAsync(election, cancel);
            if (!ReferenceEquals(view, last) && view != last)
            {
                last = view;
                yield return view;
            }

            await Task.Delay(Beat, _clock, cancel);
        }
    }

    private AcquireAnswer Acquire(SqliteLink link, Candidacy candidacy)
    {
        var election = candidacy.Election;
        var self = candidacy.Candidate.Holder;
        _file.TellUnblocked(new SqliteWorkRows(link, election), self.Value, _clock.GetUtcNow());
        if (link.Scalar("SELECT 1 FROM revoked WHERE election = @election AND holder = @holder",
            ("election", election.Value), ("holder", self.Value)) is not null)
        {
            return new AcquireAnswer.Revoked();
        }

        var view = Row(link, election);
        if (view.Holder?.Holder == self && view.Nonce == candidacy.Nonce)
        {
            return new AcquireAnswer.Acquired(Terms(link, election, new(view.Epoch.Value - 1))[^1], view.Epoch);
        }

        var seen = candidacy.Seen;
        if (view.Epoch != seen.Epoch || view.Renewals != seen.Renewals || !seen.Standing.IsVacant()
            || (view.Holder is not null && seen.Standing is LeaseStanding.Released or LeaseStanding.None))
        {
            return new AcquireAnswer.Held(view);
        }

        return Begin(link, candidacy, view);
    }

    private AcquireAnswer.Acquired Begin(SqliteLink link, Candidacy candidacy, LeaseView view)
    {
        var election = candidacy.Election;
        var candidate = candidacy.Candidate;
        var fence = link.Scalar("SELECT epoch FROM fence WHERE election = @election",
            ("election", election.Value)) as long? ?? 0;
        var known = Epoch.Max(view.Epoch, new(fence));
        var epoch = Epoch.Max(known, candidacy.Floor).Next;
        var now = Now();
        CloseTerm(link, election, now, LeaseRules.EndOf(candidacy.Seen.Standing));
        link.Execute("""
            INSERT INTO term (election, epoch, holder, host, pid, ttl_ms, began_at)
            VALUES (@election, @epoch, @holder, @host, @pid, @ttl, @now)
            """,
            ("election", election.Value), ("epoch", epoch.Value), ("holder", candidate.Holder.Value),
            ("host", candidate.Host), ("pid", candidate.Pid), ("ttl", Milliseconds(candidacy.Ttl)), ("now", now));
        link.Execute("""
            INSERT OR REPLACE INTO lease (election, epoch, holder, renewals, nonce, host, pid, process_start,
                witness_device, witness_inode, ttl_ms, began_at, renewed_at, clock_domain, expires_ns, ended_by)
            VALUES (@election, @epoch, @holder, 0, @nonce, @host, @pid, @start,
                @device, @inode, @ttl, @now, @now, @domain, @expires, NULL)
            """,
            ("election", election.Value), ("epoch", epoch.Value), ("holder", candidate.Holder.Value),
            ("nonce", candidacy.Nonce), ("host", candidate.Host), ("pid", candidate.Pid),
            ("start", candidate.ProcessStart), ("device", candidate.Witness?.Device),
            ("inode", candidate.Witness?.Inode), ("ttl", Milliseconds(candidacy.Ttl)), ("now", now),
            ("domain", _domain.Value), ("expires", ExpiresAfter(candidacy.Ttl)));
        return new(
            new(election, epoch, candidate.Holder, candidacy.Ttl)
            {
                Host = candidate.Host,
                Pid = candidate.Pid,
                Witness = candidate.Witness,
                LeaseStoreId = _file.StoreId,
                BeganAt = At(now),
            },
            known);
    }

    private ReleaseAnswer.Released End(SqliteLink link, LeaseView view, TermEnd reason)
    {
        CloseTerm(link, view.Election, Now(), reason);
        link.Execute("UPDATE lease SET holder = NULL, ended_by = @reason WHERE election = @election",
            ("reason", reason.Name()), ("election", view.Election.Value));
        return new(view.Epoch);
    }

    private static void CloseTerm(SqliteLink link, ElectionName election, long now, TermEnd? reason)
    {
        if (reason is { } end)
        {
            link.Execute("""
                UPDATE term SET ended_at = @now, ended_by = @reason
                WHERE election = @election AND ended_by IS NULL
                """,
                ("now", now), ("reason", end.Name()), ("election", election.Value));
        }
    }

    private LeaseView Row(SqliteLink link, ElectionName election)
    {
        using var row = link.Command(RowSql, ("election", election.Value)).ExecuteReader();
        if (!row.Read())
        {
            // A fence that bears no holder was raised by an import.
            var adopted = link.Scalar("SELECT epoch FROM fence WHERE election = @election AND holder IS NULL",
                ("election", election.Value)) as long? ?? 0;
            return LeaseView.Never(election) with { Adopted = new(adopted) };
        }

        var holder = row.IsDBNull(1) ? null : new Candidate(new(row.GetString(1)))
        {
            Host = row.GetString(4),
            Pid = row.GetInt32(5),
            ProcessStart = row.GetInt64(6),
            Witness = row.IsDBNull(7) ? null : new FileIdentity(row.GetInt64(7), row.GetInt64(8)),
        };
        return new(election, new(row.GetInt64(0)))
        {
            Holder = holder,
            Renewals = row.GetInt64(2),
            Nonce = row.GetInt64(3),
            Ttl = TimeSpan.FromMilliseconds(row.GetInt64(9)),
            BeganAt = At(row.GetInt64(10)),
            RenewedAt = At(row.GetInt64(11)),
            Expiry = holder is null ? null : new LeaseExpiry(new(row.GetString(12)), new(row.GetInt64(13))),
            EndedBy = row.IsDBNull(14) ? null : TaskNames.ParseEnd(row.GetString(14)),
            LeaseStoreId = _file.StoreId,
        };
    }

    private List<Term> Terms(SqliteLink link, ElectionName election, Epoch after)
    {
        var terms = new List<Term>();
        using var rows = link.Command("""
            SELECT epoch, holder, host, pid, ttl_ms, began_at, ended_at, ended_by
            FROM term WHERE election = @election AND epoch > @after ORDER BY epoch
            """, ("election", election.Value), ("after", after.Value)).ExecuteReader();
        while (rows.Read())
        {
            terms.Add(new(election, new(rows.GetInt64(0)), new(rows.GetString(1)),
                TimeSpan.FromMilliseconds(rows.GetInt64(4)))
            {
                Host = rows.GetString(2),
                Pid = rows.GetInt32(3),
                LeaseStoreId = _file.StoreId,
                BeganAt = At(rows.GetInt64(5)),
                EndedAt = rows.IsDBNull(6) ? null : At(rows.GetInt64(6)),
                EndedBy = rows.IsDBNull(7) ? null : TaskNames.ParseEnd(rows.GetString(7)),
            });
        }

        return terms;
    }

    private long Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    private long ExpiresAfter(TimeSpan ttl) => (Instant.Of(_clock) + ttl).Nanoseconds;

    private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
