using Baton.Postgres;
using Baton.Sqlite;
using Baton.Work;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Baton.Bench;

/// <summary>
/// Puts finished tasks behind a store, with what the log tells of each, in bulk: copies of one that was really done.
/// </summary>
internal static class Fill
{
    private const string Model = "model";

    // A row that stands for row n of the model: what must differ is said by n, everything else is the same.
    private static readonly (string Table, string Which, Func<string, string> Column)[] Copies =
    [
        ("task", $"id = '{Model}'", column => column switch
        {
            "place" => "place + n",
            "id" => "'task_' || (1700000000000 + n) || '_filled'",
            _ => column,
        }),
        ("event", $"subject = '{Model}'", column => column switch
        {
            "seq" => "seq + 10 * n",
            "subject" => "'task_' || (1700000000000 + n) || '_filled'",
            _ => column,
        }),
    ];

    /// <summary>Fills a store.</summary>
    public static async Task RunAsync(string uri, long tasks)
    {
        if (tasks <= 0)
        {
            return;
        }

        var (work, owner) = Ground.OpenWork(uri);
        using (owner)
        {
            var agent = new AgentId("filler-1");
            await work.RegisterAsync(new(agent, "filler", Agent.WorkerRole), CancellationToken.None);
            await work.SubmitAsync([new(new(Model), "A task that was done") { Description = new('.', 200) }],
                "bench", CancellationToken.None);
            var claimed = (ClaimAnswer.Granted)await work.ClaimAsync(
                new(agent, "secret", TaskRules.ClaimTtl) { Task = new(Model) }, CancellationToken.None);
            await work.SettleAsync(claimed.Claim!, new Settlement.Complete("done"), CancellationToken.None);
        }

        if (Ground.PathOf(uri) is { } path)
        {
            Copy(path, tasks);
        }
        else
        {
            Copy(PostgresAddress.Parse(uri), tasks);
        }
    }

    private static void Copy(PostgresAddress address, long tasks)
    {
        using var source = PostgresDatabase.Source(address, settings => settings.SearchPath = address.Schema);
        using var connection = source.OpenConnection();
        foreach (var (table, which, column) in Copies)
        {
            var columns = Words(connection, $"""
                SELECT string_agg(quote_ident(column_name), ' ' ORDER BY ordinal_position) FROM information_schema.columns
                WHERE table_schema = '{address.Schema}' AND table_name = '{table}'
                """);
            Do($"""
                INSERT INTO {table} ({string.Join(", ", columns)}) OVERRIDING SYSTEM VALUE
                SELECT {string.Join(", ", columns.Select(column))} FROM {table}, generate_series(1, {tasks}) n WHERE {which}
                """);
        }

        Do($"SELECT setval(pg_get_serial_sequence('task', 'place'), {tasks + 10})");
        Do($"UPDATE head SET seq = seq + 10 * {tasks}");
        Do($"UPDATE tally SET count = count + {tasks} WHERE name = 'completed'");
        // As the server does by itself in time.
        Do("VACUUM ANALYZE");

        void Do(string sql)
        {
            using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            command.ExecuteNonQuery();
        }
    }

    private static string[] Words(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return ((string)command.ExecuteScalar()!).Split(' ');
    }

    private static void Copy(string path, long tasks)
    {
        // Through the store's own doors, which keep others out meanwhile.
        using var file = SqliteFile.Open(path);
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        foreach (var (table, which, column) in Copies)
        {
            var columns = new List<string>();
            using (var names = connection.CreateCommand())
            {
                names.CommandText = $"SELECT name FROM pragma_table_info('{table}')";
                using var rows = names.ExecuteReader();
                while (rows.Read())
                {
                    columns.Add(rows.GetString(0));
                }
            }

            Do($"""
                WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {tasks})
                INSERT INTO {table} ({string.Join(", ", columns)})
                SELECT {string.Join(", ", columns.Select(column))} FROM {table}, numbers WHERE {which}
                """);
        }

        Do($"UPDATE tally SET count = count + {tasks} WHERE name = 'completed'");

        void Do(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandTimeout = 0;
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }
}
