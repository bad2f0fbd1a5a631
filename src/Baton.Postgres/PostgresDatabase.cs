using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// A store on a PostgreSQL server while it is in use: one schema of one database, and how to get connections to
/// it. Both stores of a process share it; whoever opened it disposes it after them.
/// </summary>
public sealed class PostgresDatabase : IDisposable
{
    /// <summary>The version of the schema that this program writes.</summary>
    public const int SchemaVersion = PostgresSchema.Version;

    private const int LinkSeconds = 2;
    private const int WorkSeconds = 15;
    private const int MostWorkConnections = 32;

    private readonly NpgsqlDataSource _first;
    private readonly Lazy<NpgsqlDataSource> _work;
    private readonly Lazy<NpgsqlDataSource> _single;
    private readonly NpgsqlDataSource _heard;
    private readonly List<PostgresLink> _links = [];
    private readonly Lock _gate = new();

    private PostgresDatabase(PostgresAddress address)
    {
        Address = address;
        _first = Source(address, settings =>
        {
            settings.Pooling = false;
            settings.CommandTimeout = WorkSeconds;
        });
        // The others are made once it is known whether a session is one's own.
        _work = new(() => Source(address, settings =>
        {
            Prepare(settings);
            settings.MaxPoolSize = MostWorkConnections;
            settings.ConnectionIdleLifetime = 30;
            settings.CommandTimeout = WorkSeconds;
        }));
        _single = new(() => Source(address, settings =>
        {
            Prepare(settings);
            settings.Pooling = false;
            settings.CommandTimeout = LinkSeconds;
        }));
        _heard = Source(address, settings =>
        {
            settings.Pooling = false;
            settings.KeepAlive = 10;
        });
        // The name of a channel holds what a schema's name may: one per schema, so that neighbours don't wake.
        Channel = $"baton_{address.Schema}";
        Listener = new(_heard.CreateConnection, Channel);
    }

    /// <summary>Where it lies.</summary>
    public PostgresAddress Address { get; }

    /// <summary>The id that the store was given when it was made.</summary>
    public string StoreId { get; private set; } = "";

    /// <summary>
    /// Where it is by the server's own account, whatever address leads there: the system's identifier, and the numbers of
    /// database and schema. A copy lies in another place, one that was renamed or promoted in the same.
    /// </summary>
    public string Place { get; private set; } = "";

    /// <summary>
    /// Whether a pooler stands between: sessions are shared, so nothing is pushed, and looking must do.
    /// </summary>
    public bool IsPooled { get; private set; }

    /// <summary>Whether the server gives up durability for speed (<c>fsync = off</c>): a loss of power may damage all.</summary>
    public bool IsFragile { get; private set; }

    internal PostgresListener Listener { get; }

    internal string Channel { get; }

    /// <summary>Opens a store that exists.</summary>
    /// <exception cref="StoreUnavailableException">
    /// The server can't be reached or refuses, is a replica, holds no store in this schema, or one of a newer
    /// program.
    /// </exception>
    public static PostgresDatabase Open(PostgresAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return Open(address, database => database.Call(connection => database.Look(connection))
            ? database
            : throw PostgresFault.NoStore(address));
    }

    /// <summary>Opens a store, or makes it in a schema that holds none; any number may try at once.</summary>
    /// <param name="address">Where.</param>
    /// <param name="storeId">The id of a new store.</param>
    /// <param name="created">Whether it was this call that made it.</param>
    /// <exception cref="StoreUnavailableException">As <see cref="Open(PostgresAddress)"/>; and it can't be made.</exception>
    public static PostgresDatabase OpenOrCreate(PostgresAddress address, string storeId, out bool created)
    {
        ArgumentNullException.ThrowIfNull(address);
        var isNew = false;
        var opened = Open(address, database =>
        {
            if (!database.Call(connection => database.Look(connection)))
            {
                isNew = database.Call(connection => database.Create(connection, storeId));
                database.Call(connection => database.Look(connection));
            }

            return database;
        });
        created = isNew;
        return opened;
    }

    /// <summary>Closes all connections.</summary>
    public void Dispose()
    {
        Listener.Dispose();
        lock (_gate)
        {
            _links.ForEach(link => link.Dispose());
            _links.Clear();
        }

        foreach (var source in (Lazy<NpgsqlDataSource>[])[_work, _single])
        {
            if (source.IsValueCreated)
            {
                source.Value.Dispose();
            }
        }

        _first.Dispose();
        _heard.Dispose();
    }

    /// <summary>A connection of its own, for verbs that must not wait behind others.</summary>
    internal PostgresLink NewLink(string name)
    {
        var link = new PostgresLink(() => _single.Value.OpenConnection(), name);
        lock (_gate)
        {
            _links.Add(link);
        }

        return link;
    }

    /// <summary>A connection of the pool; disposed by whoever asked, and then rolled back.</summary>
    internal NpgsqlConnection Rent() => _work.Value.OpenConnection();

    /// <summary>Steps on a connection.</summary>
    // Temporary tables would come first where nothing is said of them: those of whoever shares a pooler's session.
    internal PostgresSteps Steps(NpgsqlConnection connection) => new(connection, $"\"{Address.Schema}\", pg_temp");

    /// <summary>The fault that an exception is; null where it is a bug.</summary>
    internal StoreUnavailableException? FaultOf(Exception exception) => PostgresFault.Of(exception, Address);

    /// <summary>
    /// The name of a session that writes for a leader: by it the sessions of an older term are found.
    /// </summary>
    internal string LeaderName(ElectionName election) => $"{LeadersOf(StoreId)}{Short(election.Value)}/";

    /// <summary>What the names of all sessions begin with that write for a leader of a store.</summary>
    internal static string LeadersOf(string storeId) => $"baton/{storeId}/";

    /// <summary>The name of all other sessions that use a schema.</summary>
    internal static string SessionName(string schema) => $"baton {schema}";

    private static PostgresDatabase Open(PostgresAddress address, Func<PostgresDatabase, PostgresDatabase> look)
    {
        var database = new PostgresDatabase(address);
        try
        {
            return look(database);
        }
        catch (Exception e)
        {
            database.Dispose();
            if (database.FaultOf(e) is { } fault)
            {
                throw fault;
            }

            throw;
        }
    }

    private T Call<T>(Func<NpgsqlConnection, T> call)
    {
        using var connection = _first.OpenConnection();
        return call(connection);
    }

    /// <summary>Looks what is there; false where the schema holds no store.</summary>
    private bool Look(NpgsqlConnection connection)
    {
        using var steps = Steps(connection);
        steps.Begin(new() { IsRead = true });
        var (isThere, lacking) = steps.Ask($"""
            SELECT pg_is_in_recovery(), pg_backend_pid(), current_setting('synchronous_commit'),
                current_setting('fsync'), to_regclass('meta') IS NOT NULL, current_setting('server_encoding'),
                (SELECT string_agg(name, ', ') FROM (VALUES {PostgresSchema.Tables}) t (name)
                    WHERE to_regclass(name) IS NULL),
                {HasRight("USAGE")},
                concat_ws('-', (SELECT system_identifier FROM pg_control_system()),
                    (SELECT oid FROM pg_database WHERE datname = current_database()), to_regnamespace(@schema)::oid)
            """, row =>
        {
            row.Read();
            if (row.GetBoolean(0))
            {
                throw PostgresFault.Replica(Address);
            }

            if (row.GetString(5) is not "UTF8" and var encoding)
            {
                throw PostgresFault.Encoding(Address, encoding);
            }

            if (row.GetString(2) is not ("on" or "remote_apply"))
            {
                throw new StoreUnavailableException(StoreFault.Unreachable,
                    $"the server at {Address.Server} does not let a session have synchronous_commit = on",
                    "use a server that keeps what it acknowledged");
            }

            if (!row.IsDBNull(7) && !row.GetBoolean(7))
            {
                // Without it nothing in the schema can be seen, as if there were no store.
                throw PostgresRights.NoUsage(Address);
            }

            // A pooler gives its clients a number of its own.
            IsPooled = row.GetInt32(1) != connection.ProcessID;
            IsFragile = row.GetString(3) == "off";
            Place = row.GetString(8);
            return (row.GetBoolean(4), row.IsDBNull(6) ? null : row.GetString(6));
        }, ("schema", $"\"{Address.Schema}\""));
        if (isThere)
        {
            ReadMeta(steps);
            if (lacking is not null)
            {
                throw PostgresFault.HalfStore(Address, lacking);
            }
        }

        steps.Commit();
        return isThere;
    }

    private void ReadMeta(PostgresSteps steps)
    {
        var meta = steps.Ask("SELECT name::text, value::text FROM meta WHERE name IS NOT NULL AND value IS NOT NULL", rows =>
        {
            var found = new Dictionary<string, string>(StringComparer.Ordinal);
            while (rows.Read())
            {
                found[rows.GetString(0)] = rows.GetString(1);
            }

            return found;
        });
        if (!meta.TryGetValue("schema_version", out var version) || !meta.TryGetValue("store_id", out var id)
            || !int.TryParse(version, out var number) || number < 1)
        {
            throw PostgresFault.NoStoreOfBaton(Address);
        }

        if (number > SchemaVersion)
        {
            throw new StoreUnavailableException(StoreFault.Newer,
                $"the store in the schema '{Address.Schema}' of {Address.Database} on {Address.Server} has version "
                + $"{number}, this program knows {SchemaVersion}", "use the newer program that made it");
        }

        StoreId = id;
    }

    private bool Create(NpgsqlConnection connection, string storeId)
    {
        using var steps = Steps(connection);
        steps.Begin(new() { LockTimeout = TimeSpan.FromSeconds(30), StatementTimeout = TimeSpan.FromSeconds(30) });
        steps.AskLater("SELECT pg_advisory_xact_lock(hashtextextended(@lock, 0))", ("lock", $"baton/{Address.Schema}"));
        // Whoever waited finds it made.
        var (isThere, mayUse) = steps.Ask($"""
            SELECT to_regclass('meta') IS NOT NULL, {HasRight("USAGE")} AND {HasRight("CREATE")},
                has_database_privilege(current_database(), 'CREATE')
            """, row =>
        {
            row.Read();
            bool? mayUse = row.IsDBNull(1) ? null : row.GetBoolean(1);
            return mayUse is null && !row.GetBoolean(2)
                ? throw PostgresRights.NoSchema(Address) : (row.GetBoolean(0), mayUse);
        });
        if (!isThere)
        {
            if (mayUse == false)
            {
                // What is made then would be made as temporary tables, and be gone with the session.
                throw PostgresRights.NoTables(Address);
            }

            if (mayUse is null)
            {
                steps.Later($"CREATE SCHEMA IF NOT EXISTS \"{Address.Schema}\"");
            }

            foreach (var statement in $"{PostgresSchema.Leases}\n{PostgresSchema.Work}".Split(";\n",
                StringSplitOptions.RemoveEmptyEntries))
            {
                steps.Later(statement.TrimEnd(';'));
            }

            steps.Later($"INSERT INTO \"{Address.Schema}\".meta (name, value) "
                + "VALUES ('store_id', @id), ('schema_version', @version)",
                ("id", storeId), ("version", $"{SchemaVersion}"));
        }

        steps.Commit();
        return !isThere;
    }

    /// <summary>Whether the role has a right on the schema; NULL where there is no schema.</summary>
    private string HasRight(string right) =>
        $"has_schema_privilege(to_regnamespace('\"{Address.Schema}\"')::oid, '{right}')";

    // What is said often is parsed and planned once. Behind a pooler the next session would not know of it.
    private void Prepare(NpgsqlConnectionStringBuilder settings)
    {
        if (!IsPooled)
        {
            settings.MaxAutoPrepare = 60;
            settings.AutoPrepareMinUsages = 2;
        }
    }

    /// <summary>Connections to an address, as this driver wants them.</summary>
    internal static NpgsqlDataSource Source(PostgresAddress address, Action<NpgsqlConnectionStringBuilder> set)
    {
        var settings = address.Settings();
        settings.ApplicationName = SessionName(address.Schema);
        // What hangs is given up at once, not asked to stop over a way that hangs too.
        settings.CancellationTimeout = -1;
        if (!address.IsSocket)
        {
            settings.TcpKeepAlive = true;
            settings.TcpKeepAliveTime = 5;
            settings.TcpKeepAliveInterval = 2;
        }

        settings.NoResetOnClose = true;
        settings.Enlist = false;
        set(settings);
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableTransportSecurity();
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        return builder.Build();
    }

    private static string Short(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8];
}
