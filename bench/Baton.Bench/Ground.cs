using System.Security.Cryptography;
using Baton.Cli;
using Baton.Postgres;
using Baton.Sqlite;
using Baton.Work;
using Npgsql;

namespace Baton.Bench;

/// <summary>
/// Where a benchmark plays: a new store, in a file, on a server of its own, or in a new schema of a server that is there
/// already; perhaps leases in a cluster of its own; and a folder for what a host keeps beside it. All of it goes at the end.
/// </summary>
internal sealed class Ground : IDisposable
{
    /// <summary>A file.</summary>
    public const string Sqlite = "sqlite";

    /// <summary>A server that is started for the benchmark.</summary>
    public const string Postgres = "postgres";

    /// <summary>Behind the name of a store: leases in three members of etcd that are started for the benchmark.</summary>
    public const string Etcd = "+etcd";

    private const int Connections = 400;
    private readonly OwnServer? _server;
    private readonly bool _isMade;
    private readonly Lock _gate = new();
    private NpgsqlConnection? _asking;

    /// <summary>Prepares one.</summary>
    /// <param name="store">
    /// <see cref="Sqlite"/>, <see cref="Postgres"/>, or the address of a server; with <see cref="Etcd"/> behind it or not.
    /// </param>
    /// <param name="connections">How many connections a server of its own takes.</param>
    public Ground(string store, int connections = Connections)
    {
        Folder = Directory.CreateTempSubdirectory("baton-bench-").FullName;
        var secret = new IdSource(BootClock.Instance, RandomNumberGenerator.Fill).NewSecret();
        try
        {
            if (store.EndsWith(Etcd, StringComparison.Ordinal))
            {
                store = store[..^Etcd.Length];
                Cluster = OwnEtcd.MakeAsync(OwnEtcd.FindProgram(Environment.GetEnvironmentVariable)
                    ?? throw new InvalidOperationException("no etcd is installed (Debian, Ubuntu: apt-get install etcd-server)"),
                    secret, CancellationToken.None).GetAwaiter().GetResult();
            }

            if (store == Sqlite)
            {
                Uri = $"sqlite:{Path.Combine(Folder, "baton.db")}";
                return;
            }

            _server = store == Postgres ? new(connections) : null;
            Address = PostgresAddress.Parse(_server is null ? store : $"postgres://postgres@127.0.0.1:{_server.Port}/postgres")
                .InSchema($"bench_{secret}");
            Uri = Address.Text;
            PostgresDatabase.OpenOrCreate(Address, secret, out _).Dispose();
            _isMade = true;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>For marks, witnesses and whatever else is to be kept.</summary>
    public string Folder { get; }

    /// <summary>The store, as the program takes it.</summary>
    public string Uri { get; } = "";

    /// <summary>The store on a server; null where it is a file.</summary>
    public PostgresAddress? Address { get; }

    /// <summary>The cluster that holds the leases; null where they lie in the store.</summary>
    public OwnEtcd? Cluster { get; }

    /// <summary>What the figures say of where they were taken.</summary>
    public string Name => (Address is null ? "SQLite" : _server?.Version ?? $"PostgreSQL at {Address.Server}")
        + (Cluster is null ? "" : $", leases in etcd, {Cluster.Members} members");

    /// <summary>Seconds of a core that a server of its own has used; null of another.</summary>
    public double? ServerSeconds => _server is null ? null : ProcessTimes.OfFamily(_server.Pid);

    /// <summary>Asks the server for one number, over a connection that is kept: later there may be none left.</summary>
    public double Ask(string sql)
    {
        lock (_gate)
        {
            _asking ??= PostgresDatabase.Source(Address!, settings => settings.Pooling = false).OpenConnection();
            using var command = new NpgsqlCommand(sql, _asking) { CommandTimeout = 0 };
            return Convert.ToDouble(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Opens the work of a store.</summary>
    public static (IWorkStore Work, IDisposable Owner) OpenWork(string uri)
    {
        if (PathOf(uri) is { } path)
        {
            var file = SqliteFile.OpenOrCreate(path, "bench", out _);
            return (new SqliteWorkStore(file, ElectionName.Main), file);
        }

        var database = PostgresDatabase.Open(PostgresAddress.Parse(uri));
        return (new PostgresWorkStore(database, ElectionName.Main), database);
    }

    /// <summary>The id of a store's work, by which its leases are found in another.</summary>
    public static string IdOf(string uri)
    {
        if (PathOf(uri) is { } path)
        {
            using var file = SqliteFile.OpenOrCreate(path, "bench", out _);
            return file.StoreId;
        }

        using var database = PostgresDatabase.Open(PostgresAddress.Parse(uri));
        return database.StoreId;
    }

    /// <summary>The file of a store; null where it is on a server.</summary>
    public static string? PathOf(string uri) =>
        uri.StartsWith(Sqlite + ":", StringComparison.Ordinal) ? uri[(Sqlite.Length + 1)..] : null;

    public void Dispose()
    {
        if (_server is null && _isMade)
        {
            Ask($"DROP SCHEMA \"{Address!.Schema}\" CASCADE");
        }

        _asking?.Dispose();
        _server?.Dispose();

        Cluster?.DisposeAsync().AsTask().GetAwaiter().GetResult();

        Directory.Delete(Folder, recursive: true);
    }
}
