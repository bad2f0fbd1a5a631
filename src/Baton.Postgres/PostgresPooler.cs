using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// What the errors of a pooler mean (PgBouncer). It gives all that it refuses before a session begins one code, and so
/// it tells what its server refused; the words alone say which is which, and it speaks English only.
/// </summary>
internal static class PostgresPooler
{
    /// <summary>The fault that a refusal of a pooler is; null where it is none that is known.</summary>
    public static StoreUnavailableException? Of(PostgresException e, PostgresAddress address) => e switch
    {
        { SqlState: not PostgresErrorCodes.ProtocolViolation } => null,
        _ when Says(e, "authentication failed for user") => new(StoreFault.Unreachable,
            $"the pooler at {address.Server} is refused by its server: {Words(e)}",
            "give it the right password (its auth_file, or password= in its [databases])", inner: e),
        // It says the same of a user that it does not know.
        _ when Says(e, "authentication failed") => new(StoreFault.Unreachable,
            $"the pooler at {address.Server} refuses the password of '{address.User}', or does not know that user",
            "give the right one in PGPASSWORD, in a passfile or in the store's address; the pooler's auth_file names the users",
            inner: e),
        _ when Says(e, "no such user") || Says(e, "login rejected") => new(StoreFault.Unreachable,
            $"the pooler at {address.Server} refuses '{address.User}': {Words(e)}",
            "name another user, or one in the pooler's auth_file", inner: e),
        _ when Says(e, "no such database") => new(StoreFault.Unreachable,
            $"the pooler at {address.Server} knows no database '{address.Database}'",
            "name another, or add it to the [databases] of the pooler", inner: e),
        _ when Says(e, "database \"") && Says(e, "does not exist") => new(StoreFault.Unreachable,
            $"there is no database '{address.Database}' behind the pooler at {address.Server}",
            $"name another, or make it: createdb {address.Database}", inner: e),
        _ when Says(e, "no more connections allowed") => new(StoreFault.Unreachable,
            $"the pooler at {address.Server} has no connection left: {Words(e)}",
            "raise its max_client_conn, or let fewer processes use it", true, e),
        _ when Says(e, "query_wait_timeout") || Says(e, "server login") || Says(e, "server conn") => new(
            StoreFault.Unreachable, $"the pooler at {address.Server} got no connection of its server: {Words(e)}",
            "look at that server, and at the pooler's log and pool_size", true, e),
        _ => null,
    };

    private static bool Says(PostgresException e, string words) =>
        e.MessageText.Contains(words, StringComparison.OrdinalIgnoreCase);

    private static string Words(PostgresException e) => e.MessageText.ReplaceLineEndings(" ").Trim();
}
