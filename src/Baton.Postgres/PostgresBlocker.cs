using System.Globalization;
using Npgsql;

namespace Baton.Postgres;

/// <summary>A session that keeps a lock for which the store's own sessions wait, and waits for none itself.</summary>
/// <param name="Pid">Its number; 0 for a transaction that was prepared and never finished, which has no session.</param>
/// <param name="User">Its role.</param>
/// <param name="Application">How it calls itself; empty where it does not.</param>
/// <param name="Client">Its address; null where the role may not see it, or it came by a socket.</param>
/// <param name="State">What it does; null where the role may not see it.</param>
/// <param name="Since">Since when its transaction lasts, by the server's clock; null where the role may not see it.</param>
public sealed record PostgresBlocker(
    int Pid, string? User, string? Application, string? Client, string? State, string? Since)
{
    private const int MostLooks = 80;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    // A write of Baton's own takes milliseconds, and one that stands still is ended by the next term.
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    // Each leader's write needs these rows; whoever keeps one of them stops leadership or work.
    private static readonly string[] Needed = ["fence", "lease", "head"];

    /// <summary>
    /// Finds who keeps the rows of an election, or a whole table, from everybody for longer than a second; null when
    /// nobody does. It waits in the queue for each of them as any writer would, and lets go of it at once.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The server can't be asked.</exception>
    public static async Task<PostgresBlocker?> FindAsync(
        PostgresDatabase database, ElectionName election, TimeProvider clock, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(database);
        var touching = Task.WhenAll(Needed.Select(table => $"SELECT 1 FROM {table} WHERE election = @election FOR UPDATE")
            .Select(sql => Task.Run(() => Touch(database, sql, ("election", election.Value)), cancel))
            .Append(Task.Run(() => PostgresSchema.TableNames.All(table =>
                Touch(database, $"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")), cancel)));
        try
        {
            using var connection = database.Rent();
            var held = new Dictionary<string, PostgresBlocker>(StringComparer.Ordinal);
            var since = Instant.Of(clock);
            for (var look = 0; look < MostLooks; look++)
            {
                await Task.Delay(BetweenLooks, clock, cancel);
                var isLast = touching.IsCompleted;
                var seen = Look(database, connection);
                var still = held.Where(one => seen.ContainsKey(one.Key)).ToDictionary(StringComparer.Ordinal);
                if (still.Count == 0)
                {
                    (held, since) = (seen, Instant.Of(clock));
                }
                else
                {
                    held = still;
                }

                if (held.Count == 0 && isLast)
                {
                    return null;
                }

                if (held.Count > 0 && Instant.Of(clock) - since >= LongEnough)
                {
                    return held.OrderBy(one => one.Value.Pid).First().Value;
                }
            }

            return null;
        }
        catch (Exception e) when (database.FaultOf(e) is { } fault)
        {
            throw fault;
        }
        finally
        {
            await touching;
        }
    }

    // One lock at a time: who held one and waited for another could make a circle with somebody else's.
    private static bool Touch(PostgresDatabase database, string sql, params ReadOnlySpan<(string, object?)> parameters)
    {
        try
        {
            using var connection = database.Rent();
            using var steps = database.Steps(connection);
            steps.Begin(new() { IsLasting = false, LockTimeout = Patience });
            steps.Later(sql, parameters);
            steps.Commit();
            return true;
        }
        catch (Exception e) when (database.FaultOf(e) is not null)
        {
            // Mostly that it waited in vain, which is what the looks tell; others tell what else is wrong.
            return false;
        }
    }

    /// <summary>Who keeps the store's sessions waiting at this moment, by session and transaction.</summary>
    private static Dictionary<string, PostgresBlocker> Look(PostgresDatabase database, NpgsqlConnection connection)
    {
        using var steps = database.Steps(connection);
        steps.Begin(new() { IsRead = true });
        return steps.AskAndCommit("""
            WITH RECURSIVE kept (pid) AS (
                SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                    AND (application_name = @name OR starts_with(application_name, @leaders))
                    AND pid IN (SELECT pid FROM pg_locks WHERE NOT granted)
            ), chain (pid) AS (
                SELECT b.pid FROM kept, LATERAL unnest(pg_blocking_pids(kept.pid)) b (pid)
                UNION
                SELECT b.pid FROM chain, LATERAL unnest(pg_blocking_pids(chain.pid)) b (pid)
            )
            SELECT chain.pid, (SELECT min(virtualtransaction) FROM pg_locks WHERE pg_locks.pid = chain.pid),
                a.usename::text, a.application_name, host(a.client_addr), a.state,
                to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')
            FROM chain LEFT JOIN pg_stat_activity a ON a.pid = chain.pid
            WHERE cardinality(pg_blocking_pids(chain.pid)) = 0
            """, rows =>
        {
            var found = new Dictionary<string, PostgresBlocker>(StringComparer.Ordinal);
            while (rows.Read())
            {
                var pid = rows.GetInt32(0);
                found[string.Create(CultureInfo.InvariantCulture, $"{pid}/{Text(rows, 1)}")] = new(
                    pid, Text(rows, 2), Text(rows, 3), Text(rows, 4), Text(rows, 5), Text(rows, 6));
            }

            return found;
        }, ("name", PostgresDatabase.SessionName(database.Address.Schema)),
            ("leaders", PostgresDatabase.LeadersOf(database.StoreId)));
    }

    private static string? Text(NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetString(column);
}
