namespace Baton.Sqlite;

/// <summary>The tables of the work store.</summary>
internal static class WorkSchema
{
    public const string Sql = """
        CREATE TABLE fence (
            election TEXT PRIMARY KEY,
            epoch INTEGER NOT NULL,
            holder TEXT,
            lease_store_id TEXT
        ) STRICT;
        """;
}
