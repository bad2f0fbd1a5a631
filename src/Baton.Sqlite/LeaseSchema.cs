namespace Baton.Sqlite;

/// <summary>
/// The tables of the lease store. Times are milliseconds since 1970 (wall clock, display); expiries are
/// boot-clock nanoseconds.
/// </summary>
internal static class LeaseSchema
{
    public const string Sql = """
        CREATE TABLE meta (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT;
        CREATE TABLE lease (
            election TEXT PRIMARY KEY,
            epoch INTEGER NOT NULL,
            holder TEXT,
            renewals INTEGER NOT NULL,
            nonce INTEGER NOT NULL,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            process_start INTEGER NOT NULL,
            witness_device INTEGER,
            witness_inode INTEGER,
            ttl_ms INTEGER NOT NULL,
            began_at INTEGER NOT NULL,
            renewed_at INTEGER NOT NULL,
            clock_domain TEXT NOT NULL,
            expires_ns INTEGER NOT NULL,
            ended_by TEXT
        ) STRICT;
        CREATE TABLE term (
            election TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            holder TEXT NOT NULL,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            ttl_ms INTEGER NOT NULL,
            began_at INTEGER NOT NULL,
            ended_at INTEGER,
            ended_by TEXT,
            PRIMARY KEY (election, epoch)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE revoked (
            election TEXT NOT NULL,
            holder TEXT NOT NULL,
            PRIMARY KEY (election, holder)
        ) STRICT, WITHOUT ROWID;
        """;
}
