using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Baton.Sqlite;

/// <summary>How much a commit outlives.</summary>
internal enum Durability
{
    /// <summary>
    /// The end of the process; a power cut may take back the last moments. For renewals and heartbeats.
    /// </summary>
    Process,

    /// <summary>A power cut too. For everything that is acknowledged for good.</summary>
    Power,
}

/// <summary>
/// One connection. Its transactions begin with a fair wait of their own: SQLite's busy timeout lets a waiter
/// starve behind busy writers for seconds, random short sleeps don't.
/// </summary>
internal sealed class SqliteLink : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan LongestQueue = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookUp = TimeSpan.FromMilliseconds(10);

    private readonly SqliteFile _file;
    private const int LongestAside = 50;

    private readonly bool _isUrgent;
    private readonly Turnstile _turnstile;
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private Durability? _durability;
    private bool _inTransaction;

    /// <summary>A connection.</summary>
    /// <param name="file">To which file.</param>
    /// <param name="isUrgent">Whether its writes may push in: those of leases, which have a deadline, and no others.</param>
    public SqliteLink(SqliteFile file, bool isUrgent)
    {
        _file = file;
        _isUrgent = isUrgent;
        _turnstile = new(file.Path + ".turn.lock");
        _connection = new(SqliteFile.ConnectionString(file.Path, SqliteOpenMode.ReadWrite));
        Explained(() =>
        {
            _connection.Open();
            Execute("PRAGMA busy_timeout = 0");
            Execute("PRAGMA trusted_schema = OFF");
            return 0;
        });
    }

    /// <summary>
    /// Runs a body in one write transaction. The body must be quick and touch nothing but this link: while it
    /// runs, every other writer waits.
    /// </summary>
    public T Write<T>(Durability durability, Func<SqliteLink, T> body, CancellationToken cancel)
    {
        Enter(cancel);
        try
        {
            _file.RequireUnreplaced();
            return Explained(() =>
            {
                SetDurability(durability);
                BeginImmediate(cancel);
                try
                {
                    _inTransaction = true;
                    var result = body(this);
                    _file.RequireUnreplaced();
                    Commit();
                    _inTransaction = false;
                    _file.RequireUnreplaced();
                    return result;
                }
                catch
                {
                    RollBack();
                    throw;
                }
            });
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Runs a body that sees one moment of the store.</summary>
    public T Read<T>(Func<SqliteLink, T> body)
    {
        lock (_gate)
        {
            _file.RequireUnreplaced();
            return Explained(() =>
            {
                Step("BEGIN");
                try
                {
                    _inTransaction = true;
                    return body(this);
                }
                finally
                {
                    RollBack();
                }
            });
        }
    }

    /// <summary>
    /// A number that changes when another connection committed. It sees neither this link's own commits nor a
    /// replaced file, so the identity is looked at too.
    /// </summary>
    public long DataVersion()
    {
        lock (_gate)
        {
            _file.RequireUnreplaced();
            return Explained(() => (long)Scalar("PRAGMA data_version")!);
        }
    }

    /// <summary>The value of a pragma that is a number.</summary>
    public long Pragma(string name)
    {
        lock (_gate)
        {
            return Explained(() => (long)Scalar($"PRAGMA {name}")!);
        }
    }

    /// <summary>
    /// A prepared command with its parameters set; null becomes NULL. Call inside a body only.
    /// </summary>
    public SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            _commands[sql] = command;
        }

        command.Parameters.Clear();
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue("@" + name, value ?? DBNull.Value);
        }

        return command;
    }

    /// <summary>Runs a command; says how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Command(sql, parameters).ExecuteNonQuery();

    /// <summary>The first column of the first row; null where there is none or it is NULL.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Command(sql, parameters).ExecuteScalar() is var value and not DBNull ? value : null;

    public void Dispose() => Close(writesLogBack: true);

    /// <summary>
    /// Closes the connection; the last one of all writes the log back into the file unless told not to.
    /// </summary>
    public void Close(bool writesLogBack)
    {
        const int noCheckpointOnClose = 1006;
        lock (_gate)
        {
            if (!writesLogBack && _connection.Handle is { } handle)
            {
                _ = raw.sqlite3_db_config(handle, noCheckpointOnClose, 1, out _);
            }

            foreach (var command in _commands.Values)
            {
                command.Dispose();
            }

            _commands.Clear();
            _turnstile.Dispose();
            _connection.Dispose();
        }
    }

    private T Explained<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (SqliteException e) when (e.SqliteErrorCode != raw.SQLITE_CONSTRAINT)
        {
            throw SqliteFile.Explain(_file.Path, e);
        }
    }

    /// <summary>
    /// Takes the link. Another thread may wait for the write lock with it for seconds; a leader whose term
    /// ends
    /// meanwhile must get away.
    /// </summary>
    private void Enter(CancellationToken cancel)
    {
        do
        {
            cancel.ThrowIfCancellationRequested();
        }
        while (!_gate.TryEnter(LookUp));
    }

    private void SetDurability(Durability durability)
    {
        if (_durability != durability)
        {
            Execute(durability == Durability.Power ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            _durability = durability;
        }
    }

    private void BeginImmediate(CancellationToken cancel)
    {
        if (!_isUrgent)
        {
            StandAside(cancel);
        }

        try
        {
            BeginInTurn(cancel);
        }
        finally
        {
            _turnstile.Leave();
        }
    }

    /// <summary>Lets somebody with a deadline go first, but no longer than is sure to be enough for one.</summary>
    private void StandAside(CancellationToken cancel)
    {
        for (var waited = 0; waited < LongestAside && !cancel.IsCancellationRequested && _turnstile.IsClaimed(); waited++)
        {
            BootClock.Pause(TimeSpan.FromMilliseconds(1), cancel);
        }
    }

    private void BeginInTurn(CancellationToken cancel)
    {
        var until = Instant.Of(BootClock.Instance) + Patience;
        var last = until + LongestQueue;
        ProcessIdentity? holder = null;
        while (true)
        {
            var code = raw.sqlite3_exec(_connection.Handle!, "BEGIN IMMEDIATE");
            if (code == raw.SQLITE_OK)
            {
                _file.BusySince = Instant.Never;
                return;
            }

            if ((code & 0xff) is not (raw.SQLITE_BUSY or raw.SQLITE_LOCKED))
            {
                SqliteException.ThrowExceptionForRC(code, _connection.Handle);
            }

            var now = Instant.Of(BootClock.Instance);
            if (_file.BusySince == Instant.Never)
            {
                _file.BusySince = now;
            }

            // Waiting in a queue that moves is not being blocked: only one holder who stays ends the
            // patience.
            if (now >= until && now < last && BlockedWriter.Find(_file.Path) is var present && present != holder)
            {
                holder = present;
                until = now + Patience;
            }

            if (now >= until || cancel.IsCancellationRequested)
            {
                throw Busy(now - _file.BusySince);
            }

            _file.RequireUnreplaced();
            if (_isUrgent)
            {
                _turnstile.Claim();
                BootClock.Pause(TimeSpan.FromMilliseconds(1), cancel);
            }
            else
            {
                BootClock.Pause(TimeSpan.FromMicroseconds(RandomNumberGenerator.GetInt32(1000, 3001)), cancel);
                StandAside(cancel);
            }
        }
    }

    private StoreUnavailableException Busy(TimeSpan since)
    {
        var who = BlockedWriter.Find(_file.Path) is { } writer ? BlockedWriter.Describe(writer) : "another process";
        return new(StoreFault.Busy,
            $"the store {_file.Path} is busy: {who} holds its write lock, which was not free for "
            + $"{since.TotalMilliseconds:0} ms",
            "'baton doctor' looks at the process that holds it", isTransient: true);
    }

    private void Commit()
    {
        // Readers never block a commit in WAL mode; a checkpoint that can't run is left for the next one.
        var code = raw.sqlite3_exec(_connection.Handle!, "COMMIT");
        if (code != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(code, _connection.Handle);
        }
    }

    private void Step(string sql)
    {
        var code = raw.sqlite3_exec(_connection.Handle!, sql);
        if (code != raw.SQLITE_OK)
        {
            SqliteException.ThrowExceptionForRC(code, _connection.Handle);
        }
    }

    private void RollBack()
    {
        if (_inTransaction)
        {
            _inTransaction = false;
            if (raw.sqlite3_get_autocommit(_connection.Handle!) == 0)
            {
                Step("ROLLBACK");
            }
        }
    }
}
