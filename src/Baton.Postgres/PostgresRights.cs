using System.Text.RegularExpressions;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// What it means that a role lacks a right, and the statement that grants it: whoever runs the server can copy it.
/// </summary>
internal static partial class PostgresRights
{
    /// <summary>The refusal of a database in which the role may make no schema.</summary>
    public static StoreUnavailableException NoCreate(PostgresAddress address, Exception? inner = null) => new(
        StoreFault.ReadOnly, $"'{address.User}' may make no schema in the database '{address.Database}' on {address.Server}",
        $"GRANT CREATE ON DATABASE {Name(address.Database)} TO {Name(address.User)}", inner: inner);

    /// <summary>The same of a store, for which an empty schema does as well.</summary>
    public static StoreUnavailableException NoSchema(PostgresAddress address) => new(
        StoreFault.ReadOnly, $"'{address.User}' may make no schema in the database '{address.Database}' on {address.Server}",
        $"GRANT CREATE ON DATABASE {Name(address.Database)} TO {Name(address.User)}; or make it for the role: "
            + $"CREATE SCHEMA {Name(address.Schema)} AUTHORIZATION {Name(address.User)}");

    /// <summary>The refusal of a schema that is there, and in which the role may make no table.</summary>
    public static StoreUnavailableException NoTables(PostgresAddress address) => new(
        StoreFault.ReadOnly, $"'{address.User}' may make no tables in the schema '{address.Schema}' of {address.Database} "
            + $"on {address.Server}", $"GRANT CREATE, USAGE ON SCHEMA {Name(address.Schema)} TO {Name(address.User)}");

    /// <summary>The refusal of a schema that is there, and hidden from the role.</summary>
    public static StoreUnavailableException NoUsage(PostgresAddress address) => new(
        StoreFault.ReadOnly, $"'{address.User}' may not use the schema '{address.Schema}' of {address.Database} "
            + $"on {address.Server}", $"GRANT USAGE ON SCHEMA {Name(address.Schema)} TO {Name(address.User)}");

    /// <summary>The refusal of something in the schema, or of the database itself.</summary>
    public static StoreUnavailableException Refused(PostgresException e, PostgresAddress address, string why) => new(
        StoreFault.ReadOnly, $"'{address.User}' may not do this on {address.Server}: {why}",
        e.InvariantSeverity == "FATAL"
            ? $"GRANT CONNECT ON DATABASE {Name(address.Database)} TO {Name(address.User)}"
            : $"GRANT USAGE ON SCHEMA {Of(address)}; GRANT ALL ON ALL TABLES IN SCHEMA {Of(address)}; "
                + $"GRANT ALL ON ALL SEQUENCES IN SCHEMA {Of(address)}", inner: e);

    /// <summary>The refusal of one connection more: the server, the database or the role may have a limit.</summary>
    // The server may speak any language; which of its functions refused is the same in all.
    public static StoreUnavailableException TooMany(PostgresException e, PostgresAddress address, string why) => new(
        StoreFault.Unreachable, $"the server at {address.Server} has no connection left: {why}", e.Routine switch
        {
            "InitializeSessionUserId" =>
                $"ALTER ROLE {Name(address.User)} CONNECTION LIMIT -1, or let fewer processes use it",
            "CheckMyDatabase" =>
                $"ALTER DATABASE {Name(address.Database)} CONNECTION LIMIT -1, or let fewer processes use it",
            _ => "raise its max_connections, or let fewer processes use it",
        }, true, e);

    private static string Of(PostgresAddress address) => $"{Name(address.Schema)} TO {Name(address.User)}";

    private static string Name(string name) =>
        PlainName().IsMatch(name) ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    [GeneratedRegex(@"\A[a-z_][a-z0-9_]*\z")]
    private static partial Regex PlainName();
}
