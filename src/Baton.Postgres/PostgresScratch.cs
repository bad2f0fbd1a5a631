using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// The schemas that a run of drills made for itself: one that bears its mark, and one for each of its stores. Only a
/// run can make them, and whatever does damage is a method of this: it refuses every schema that is not named after
/// the run, and all of them where the mark is not the run's own.
/// </summary>
public sealed partial class PostgresScratch : IDisposable
{
    /// <summary>What the names of all such schemas begin with.</summary>
    public const string Prefix = "baton_validate_";

    private const int MostTries = 20;
    private const string Copied = "_copy";

    private readonly PostgresAddress _server;
    private readonly NpgsqlDataSource _source;
    private readonly string _run;

    private PostgresScratch(PostgresAddress server, string run)
    {
        if (!RunName().IsMatch(run))
        {
            throw new ArgumentException($"'{run}' is no name of a run: 1 to 16 of a-z 0-9", nameof(run));
        }

        _run = run;
        _server = server.InSchema(Prefix + run);
        _source = PostgresDatabase.Source(_server, settings => settings.Pooling = false);
    }

    /// <summary>The schema that bears the mark.</summary>
    public string Schema => _server.Schema;

    /// <summary>Makes the schema of a run, and marks it.</summary>
    /// <param name="server">The server and the database; its schema does not matter.</param>
    /// <param name="run">The run: 1 to 16 of a-z 0-9.</param>
    /// <exception cref="InvalidOperationException">There is a schema of that name.</exception>
    /// <exception cref="StoreUnavailableException">The server can't be reached, or refuses.</exception>
    public static PostgresScratch Make(PostgresAddress server, string run)
    {
        ArgumentNullException.ThrowIfNull(server);
        var scratch = new PostgresScratch(server, run);
        try
        {
            scratch.Do(connection => Run(connection, $"""
                CREATE SCHEMA "{scratch.Schema}";
                CREATE TABLE "{scratch.Schema}".run (id text NOT NULL);
                INSERT INTO "{scratch.Schema}".run VALUES ('{run}')
                """));
            return scratch;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DuplicateSchema)
        {
            scratch.Dispose();
            throw new InvalidOperationException(
                $"there is a schema {Prefix}{run} already, and this run did not make it", e);
        }
        catch (StoreUnavailableException e)
            when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege })
        {
            scratch.Dispose();
            throw PostgresRights.NoCreate(server, e);
        }
        catch
        {
            scratch.Dispose();
            throw;
        }
    }

    /// <summary>Drops what a run left behind when it was killed; nothing where it had made nothing yet.</summary>
    /// <exception cref="InvalidOperationException">The schema bears another mark.</exception>
    /// <exception cref="StoreUnavailableException">The server can't be reached, or refuses.</exception>
    public static void RemoveAfter(PostgresAddress server, string run)
    {
        ArgumentNullException.ThrowIfNull(server);
        using var left = new PostgresScratch(server, run);
        if (left.Do(connection => Text(connection, $"SELECT to_regnamespace('\"{left.Schema}\"')::text")) is not null)
        {
            left.Remove();
        }
    }

    /// <summary>The address of one of the run's stores.</summary>
    /// <param name="name">Letters, digits and hyphens; 16 of them count.</param>
    public PostgresAddress AddressOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        const int most = 16;
        var plain = name.Replace('-', '_');
        return _server.InSchema($"{Schema}_{plain[..Math.Min(most, plain.Length)]}");
    }

    /// <summary>Drops the schema of a store with all that is in it.</summary>
    /// <exception cref="InvalidOperationException">It is not the run's own.</exception>
    public void Drop(string schema) => Harm(schema, connection =>
        Run(connection, $"DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"));

    /// <summary>Takes every row out of every table of a store.</summary>
    /// <exception cref="InvalidOperationException">It is not the run's own.</exception>
    public void Empty(string schema) => Harm(schema, connection => Run(connection, "TRUNCATE "
        + string.Join(", ", Tables(connection, schema).Select(table => $"\"{schema}\".\"{table}\""))));

    /// <summary>Keeps a copy of all rows of a store, in a schema beside it.</summary>
    /// <exception cref="InvalidOperationException">It is not the run's own.</exception>
    public void Copy(string schema) => Harm(schema, connection =>
    {
        Run(connection, $"DROP SCHEMA IF EXISTS \"{schema}{Copied}\" CASCADE; CREATE SCHEMA \"{schema}{Copied}\"");
        foreach (var table in Tables(connection, schema))
        {
            Run(connection, $"CREATE TABLE \"{schema}{Copied}\".\"{table}\" AS TABLE \"{schema}\".\"{table}\"");
        }
    });

    /// <summary>Puts the rows of the copy in the place of those that are there now.</summary>
    /// <exception cref="InvalidOperationException">It is not the run's own.</exception>
    public void Restore(string schema) => Harm(schema, connection =>
    {
        foreach (var table in Tables(connection, schema))
        {
            // Not TRUNCATE, which also empties what a transaction that began before it sees.
            Run(connection, $"DELETE FROM \"{schema}\".\"{table}\"");
            Run(connection, $"INSERT INTO \"{schema}\".\"{table}\" OVERRIDING SYSTEM VALUE "
                + $"TABLE \"{schema}{Copied}\".\"{table}\"");
        }
    });

    /// <summary>Ends every session that uses a store, and no other; how many.</summary>
    /// <exception cref="InvalidOperationException">It is not the run's own.</exception>
    public int EndSessions(string schema)
    {
        var ended = 0;
        Harm(schema, connection =>
        {
            var leaders = PostgresDatabase.LeadersOf(
                Text(connection, $"SELECT value FROM \"{schema}\".meta WHERE name = 'store_id'") ?? "none");
            ended = int.Parse(Text(connection, $"""
                SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                    AND (application_name = '{PostgresDatabase.SessionName(schema)}'
                        OR starts_with(application_name, '{leaders}'))
                """)!, CultureInfo.InvariantCulture);
        });
        return ended;
    }

    /// <summary>Drops all schemas of the run; the one with the mark goes last.</summary>
    /// <exception cref="InvalidOperationException">The mark is not the run's own.</exception>
    public void Remove()
    {
        foreach (var schema in Do(connection => Column(connection, $"""
            SELECT nspname FROM pg_namespace WHERE starts_with(nspname, '{Schema}_') ORDER BY nspname
            """)))
        {
            Drop(schema);
        }

        Do(connection =>
        {
            Check(connection, Schema);
            Run(connection, $"DROP SCHEMA \"{Schema}\" CASCADE");
            return 0;
        });
    }

    /// <summary>Closes the connections; the schemas stay.</summary>
    public void Dispose() => _source.Dispose();

    private void Harm(string schema, Action<NpgsqlConnection> harm)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Do(connection =>
                {
                    using var transaction = connection.BeginTransaction();
                    Check(connection, schema);
                    harm(connection);
                    transaction.Commit();
                    return 0;
                });
                return;
            }
            catch (StoreUnavailableException e) when (e.Code == StoreFault.Busy && attempt < MostTries)
            {
                // Those who work in it lock their tables in another order, so one of both is sent away.
            }
        }
    }

    private void Check(NpgsqlConnection connection, string schema)
    {
        if (!SchemaName().IsMatch(schema)
            || (schema != Schema && !schema.StartsWith(Schema + "_", StringComparison.Ordinal)))
        {
            throw new InvalidOperationException($"the schema '{schema}' was not made by run {_run}");
        }

        var isThere = Text(connection, $"SELECT to_regclass('\"{Schema}\".run')::text") is not null;
        var mark = isThere ? Text(connection, $"SELECT string_agg(id, ' ') FROM \"{Schema}\".run") : null;
        if (mark != _run)
        {
            throw new InvalidOperationException(mark is null
                ? $"the schema {Schema} bears no mark of a run"
                : $"the schema {Schema} bears the mark of run {mark}, not of {_run}");
        }
    }

    private T Do<T>(Func<NpgsqlConnection, T> act)
    {
        try
        {
            using var connection = _source.OpenConnection();
            return act(connection);
        }
        catch (Exception e) when (PostgresFault.Of(e, _server) is { } fault)
        {
            throw fault;
        }
    }

    private static List<string> Tables(NpgsqlConnection connection, string schema) => Column(connection,
        $"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' ORDER BY tablename");

    private static int Run(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteNonQuery();
    }

    private static string? Text(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar() as string;
    }

    private static List<string> Column(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        using var rows = command.ExecuteReader();
        var found = new List<string>();
        while (rows.Read())
        {
            found.Add(rows.GetString(0));
        }

        return found;
    }

    [GeneratedRegex(@"\A[a-z0-9]{1,16}\z")]
    private static partial Regex RunName();

    [GeneratedRegex(@"\A[a-z0-9_]{1,63}\z")]
    private static partial Regex SchemaName();
}
