using System.Globalization;
using Baton.Work;
using Microsoft.Data.Sqlite;

namespace Baton.Sqlite;

/// <summary>
/// The embedded store's file while it is in use: which file it was when it was opened, and how to get
/// connections
/// to it. Everything that could tell that the file is another one, or a broken one, is looked at here.
/// </summary>
/// <remarks>
/// A process that has the store open touches the file, its WAL and its shared memory only through SQLite,
/// stat
/// and /proc/locks: opening and closing them in any other way drops SQLite's locks.
/// </remarks>
public sealed class SqliteFile : IDisposable
{
    /// <summary>The version of the schema that this program writes.</summary>
    public const int SchemaVersion = 1;

    /// <summary>Marks a database as Baton's: "BATN".</summary>
    internal const int ApplicationId = 0x4241544E;

    private const int SmallestDatabase = 512;
    private const string AfterReplacement = "nothing was acknowledged since; 'baton doctor' says what is there now";
    private static readonly TimeSpan CreationWait = TimeSpan.FromSeconds(30);

    private readonly List<SqliteLink> _links = [];
    private readonly Lock _gate = new();
    private readonly FileIdentity _identity;
    private long _largest;
    private volatile bool _isSpoiled;
    private long _busySince = long.MaxValue;
    private BlockedWriter.Ended? _ended;

    private SqliteFile(string path, FileIdentity identity, long bytes)
    {
        Path = path;
        _identity = identity;
        _largest = bytes;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The id that the store was given when it was made.</summary>
    public string StoreId { get; private set; } = "";

    /// <summary>
    /// Since when the write lock has been taken by others without a break, as far as this process saw.
    /// </summary>
    internal Instant BusySince
    {
        get => new(Volatile.Read(ref _busySince));
        set => Volatile.Write(ref _busySince, value.Nanoseconds);
    }

    /// <summary>
    /// Ends the holder of the write lock if it has been kept for a ttl by a process of the roster whose own time has
    /// run out. That is not a slow writer: transactions here take milliseconds.
    /// </summary>
    /// <returns>Whether it ended one.</returns>
    internal bool TryUnblock(SqliteLink look, ElectionName election, TimeSpan ttl, ClockDomain here, Instant now)
    {
        if (BusySince == Instant.Never || now - BusySince <= ttl
            || BlockedWriter.TryEnd(look, Path, election.Value, here, now) is not { } ended)
        {
            return false;
        }

        Volatile.Write(ref _ended, ended);
        return true;
    }

    /// <summary>Writes down, once, whom <see cref="TryUnblock"/> ended.</summary>
    internal bool TellUnblocked(WorkRows rows, string by, DateTimeOffset at)
    {
        if (Interlocked.Exchange(ref _ended, null) is not { } ended)
        {
            return false;
        }

        rows.Append(
            new(EventType.StoreUnblocked, by, ended.Id,
                $"{ended.Id} held the write lock while frozen; its process {ended.Pid} was ended")
            { Data = new() { Pid = ended.Pid } },
            at);
        return true;
    }

    /// <summary>Opens a store that exists.</summary>
    /// <exception cref="StoreUnavailableException">
    /// It is missing, damaged, newer than this program, in an unsafe place, or can't be opened; never written
    /// to.
    /// </exception>
    public static SqliteFile Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (FileIdentity.Look(path) is not { } look)
        {
            throw new StoreUnavailableException(StoreFault.Missing, $"the store {path} is missing",
                "an orchestrator makes it anew, above the recorded epochs: 'baton up' or 'baton orchestrator run'");
        }

        SafePlace.Require(System.IO.Path.GetDirectoryName(path)!);
        if (Directory.Exists(path))
        {
            throw Damaged(path, "it is a folder");
        }

        if (look.Bytes < SmallestDatabase)
        {
            throw Damaged(path, $"it has {look.Bytes} bytes");
        }

        var file = new SqliteFile(path, look.Identity, look.Bytes);
        try
        {
            WalBond.SetStrangerAside(path, look.Identity);
            file.Probe(look.Bytes);
            WalBond.Note(path, look.Identity);
        }
        catch (Exception e)
        {
            file._isSpoiled = true;
            file.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new StoreUnavailableException(StoreFault.ReadOnly,
                    $"the store {path} can't be used: {e.Message}",
                    "its folder must be writable and have some space left", inner: e);
            }

            throw;
        }

        return file;
    }

    /// <summary>
    /// Makes the store if there is none, and opens it. Safe for any number of processes at once: one makes
    /// it,
    /// whole, the others find it.
    /// </summary>
    /// <param name="path">Where; the folder must exist.</param>
    /// <param name="storeId">The id of a new store.</param>
    /// <param name="created">Whether this call made it.</param>
    /// <exception cref="StoreUnavailableException">It can't be made, or what is there can't be opened.</exception>
    public static SqliteFile OpenOrCreate(string path, string storeId, out bool created)
    {
        path = System.IO.Path.GetFullPath(path);
        created = false;
        if (FileIdentity.Of(path) is null)
        {
            SafePlace.Require(System.IO.Path.GetDirectoryName(path)!);
            try
            {
                using var held = FileLock.Take(path + ".lock", CreationWait);
                if (FileIdentity.Of(path) is null)
                {
                    Create(path, storeId);
                    created = true;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StoreUnavailableException(StoreFault.ReadOnly, $"the store {path} can't be made: {e.Message}",
                    "the folder must be writable and have some space left", inner: e);
            }
        }

        return Open(path);
    }

    /// <summary>
    /// Closes every connection. What lies at the path is left as it is if it is not what was opened.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            // The last connection to close would write the log into the file: into a damaged one, never.
            var isSpoiled = _isSpoiled || WhyUnusable() is not null;
            foreach (var link in _links)
            {
                link.Close(writesLogBack: !isSpoiled);
            }

            _links.Clear();
        }
    }

    /// <summary>Whether nothing was ever done in it, whichever election it would have been for.</summary>
    /// <exception cref="StoreUnavailableException">It can't be read.</exception>
    public bool IsUnused() => NewLink().Read(link => Convert.ToInt64(link.Scalar("""
        SELECT EXISTS (SELECT 1 FROM event) OR EXISTS (SELECT 1 FROM task) OR EXISTS (SELECT 1 FROM message)
            OR EXISTS (SELECT 1 FROM agent) OR EXISTS (SELECT 1 FROM lease WHERE epoch > 0)
            OR EXISTS (SELECT 1 FROM term) OR EXISTS (SELECT 1 FROM fence WHERE epoch > 0)
        """), CultureInfo.InvariantCulture) == 0);

    /// <summary>A connection of one's own.</summary>
    internal SqliteLink NewLink(bool isUrgent = false)
    {
        var link = new SqliteLink(this, isUrgent);
        lock (_gate)
        {
            _links.Add(link);
        }

        return link;
    }

    /// <summary>
    /// Checks that the path still bears the file that was opened, and that it lost nothing.
    /// </summary>
    /// <exception cref="StoreUnavailableException">
    /// <see cref="StoreFault.Replaced"/> or <see cref="StoreFault.Damaged"/>.
    /// </exception>
    internal void RequireUnreplaced()
    {
        if (WhyUnusable() is { } why)
        {
            _isSpoiled = true;
            throw why;
        }
    }

    private StoreUnavailableException? WhyUnusable()
    {
        // Read first: between a look and this another thread may see the file grow, and the look would seem
        // short.
        var largest = Volatile.Read(ref _largest);
        if (FileIdentity.Look(Path) is not { } look)
        {
            return new(StoreFault.Replaced, $"the store {Path} was deleted while in use", AfterReplacement);
        }

        if (look.Identity != _identity)
        {
            return new(StoreFault.Replaced, $"the store {Path} was replaced while in use", AfterReplacement);
        }

        if (look.Bytes < largest)
        {
            return Damaged(Path, $"it shrank from {largest} to {look.Bytes} bytes while in use");
        }

        if (look.Bytes > largest)
        {
            Volatile.Write(ref _largest, look.Bytes);
        }

        return null;
    }

    internal static StoreUnavailableException Damaged(string path, string why, Exception? inner = null) => new(
        StoreFault.Damaged, $"the store {path} is damaged: {why}",
        "it is left as it is; 'baton doctor' looks closer, 'baton doctor --fix' moves it aside", inner: inner);

    /// <summary>What an SQLite error means.</summary>
    internal static StoreUnavailableException Explain(string path, SqliteException e)
    {
        const int readOnlyMoved = 1032;
        const int ioShortRead = 522;
        const int ioSharedMemorySize = 4874;
        return (e.SqliteErrorCode, e.SqliteExtendedErrorCode) switch
        {
            (8, readOnlyMoved) => new(StoreFault.Replaced, $"the store {path} was deleted while in use", inner: e),
            (10, ioShortRead) or (11, _) or (26, _) => Damaged(path, Words(e), e),
            (13, _) or (10, ioSharedMemorySize) => new(StoreFault.Full, $"no space is left for the store {path}",
                "free some space on that disk; nothing half-written was kept", isTransient: true, inner: e),
            (8, _) => new(StoreFault.ReadOnly, $"the store {path} can't be written to: {Words(e)}",
                "mend the permissions of the file and its folder", inner: e),
            (14, _) when SafePlace.IsReadOnly(System.IO.Path.GetDirectoryName(path)!) => new(StoreFault.ReadOnly,
                $"the store {path} can't be opened: its folder is read-only",
                "make the folder writable: even reading needs a file beside the store", inner: e),
            (5, _) or (6, _) => new(StoreFault.Busy, $"the store {path} is busy", isTransient: true, inner: e),
            _ => new(StoreFault.Unreachable, $"the store {path} can't be used: {Words(e)}",
                isTransient: true, inner: e),
        };
    }

    // "SQLite Error 26: 'file is not a database'." says it to programmers; the words within say it to all.
    private static string Words(SqliteException e) =>
        e.Message.Split('\'') is [_, .. var words, _] ? string.Join('\'', words) : e.Message;

    private static void Create(string path, string storeId)
    {
        WalBond.SetAside(path);
        var fresh = $"{path}.new";
        DeleteAll(fresh);
        try
        {
            Fill(fresh, storeId);
            File.Move(fresh, path, overwrite: false);
        }
        catch (SqliteException e)
        {
            DeleteAll(fresh);
            throw Explain(path, e);
        }
    }

    private static void DeleteAll(string fresh)
    {
        foreach (var part in (string[])[fresh, fresh + "-wal", fresh + "-shm"])
        {
            File.Delete(part);
        }
    }

    private static void Fill(string fresh, string storeId)
    {
        using var connection = new SqliteConnection(ConnectionString(fresh, SqliteOpenMode.ReadWriteCreate));
        connection.Open();
        foreach (var sql in new[]
        {
            "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
            string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"),
            "BEGIN IMMEDIATE", LeaseSchema.Sql, WorkSchema.Sql,
            string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {SchemaVersion}"),
        })
        {
            Run(connection, sql);
        }

        using (var meta = connection.CreateCommand())
        {
            meta.CommandText = "INSERT INTO meta (name, value) VALUES ('store_id', @id)";
            meta.Parameters.AddWithValue("@id", storeId);
            meta.ExecuteNonQuery();
        }

        Run(connection, "COMMIT");
        Run(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal static string ConnectionString(string path, SqliteOpenMode mode) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = mode,
        Pooling = false,
        DefaultTimeout = 1,
    }.ToString();

    private void Probe(long bytes)
    {
        var link = NewLink();
        if (link.Pragma("application_id") is var id and not ApplicationId)
        {
            throw Damaged(Path, id == 0 ? "it is a database, but not Baton's" : "it belongs to another program");
        }

        if (link.Pragma("user_version") is var version and not SchemaVersion)
        {
            throw new StoreUnavailableException(StoreFault.Newer,
                $"the store {Path} has schema version {version}; this program knows {SchemaVersion}",
                "use the version of Baton that made it, or a newer one");
        }

        // With an empty WAL the file alone must hold every page that its header counts.
        var walBytes = FileIdentity.Look(Path + "-wal")?.Bytes ?? 0;
        var expected = link.Pragma("page_count") * link.Pragma("page_size");
        if (walBytes == 0 && bytes < expected)
        {
            throw Damaged(Path, $"it has {bytes} of {expected} bytes");
        }

        StoreId = link.Read(l => l.Scalar("SELECT value FROM meta WHERE name = 'store_id'") as string) ?? "";
    }
}
