using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Npgsql;

namespace Baton.Postgres;

/// <summary>What an error of the server, or of the way to it, means to whoever uses the store.</summary>
internal static class PostgresFault
{
    /// <summary>A schema that is there without the tables of a store.</summary>
    public const string UndefinedTable = "42P01";

    private const string LockNotAvailable = "55P03";
    private const string IdleSessionTimeout = "57P05";
    private const string IdleInTransactionTimeout = "25P03";

    /// <summary>
    /// The fault that an exception is; null where it is none of the server's, or one of this program's own.
    /// </summary>
    public static StoreUnavailableException? Of(Exception exception, PostgresAddress address) => exception switch
    {
        PostgresException e => OfServer(e, address),
        NpgsqlException { InnerException: TimeoutException } or TimeoutException => new(StoreFault.Unreachable,
            $"the server at {address.Server} does not answer", "look at the server and at the way to it", true,
            exception),
        NpgsqlException { InnerException: AuthenticationException } => new(StoreFault.Unreachable,
            $"the server at {address.Server} shows a certificate that is not trusted: its authority is not known, or it is "
            + "made out to another name", "name the authority with sslrootcert=FILE, and the host as its certificate does",
            true, exception),
        NpgsqlException when exception.Message.StartsWith("SSL connection requested", StringComparison.Ordinal) => new(
            StoreFault.Unreachable, $"the server at {address.Server} offers no encryption, and sslmode asks for it",
            "switch it on there (ssl = on), or write another sslmode", true, exception),
        NpgsqlException when exception.Message.StartsWith("No password", StringComparison.Ordinal) => new(
            StoreFault.Unreachable, $"the server at {address.Server} asks for the password of '{address.User}'",
            "give it in PGPASSWORD, in a passfile or in the store's address", inner: exception),
        NpgsqlException { InnerException: { } e } when IsOfFile(e) && address.BlameFile(exception) is { } fault => fault,
        _ when IsOfFile(exception) && address.BlameFile(exception) is { } fault => fault,
        CryptographicException e => new(StoreFault.Unreachable,
            $"the certificate or the key for the server at {address.Server} can't be used: {OneLine(e.Message)}",
            "mend sslrootcert, sslcert or sslkey in the store's address", inner: e),
        NpgsqlException { InnerException: SocketException e } => Unreachable(address, e.Message, exception),
        SocketException e => Unreachable(address, e.Message, exception),
        NpgsqlException e => Unreachable(address, OneLine((e.InnerException ?? e).Message), exception),
        IOException e => Unreachable(address, OneLine(e.Message), exception),
        _ => null,
    };

    /// <summary>Whether the transaction lost against another one, so that running it again may succeed.</summary>
    public static bool IsConflict(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.UniqueViolation;

    /// <summary>Whether a lock stayed taken for as long as it was waited for.</summary>
    public static bool IsLockedOut(PostgresException e) => e.SqlState == LockNotAvailable;

    /// <summary>
    /// Whether the connection was cut from the other side, which says nothing of the store: an operator's or a pooler's
    /// doing, a limit on idle sessions, a server that was started again. Who was not answered in time was not cut off.
    /// </summary>
    public static bool IsCut(NpgsqlException e) => e is PostgresException server
        ? server.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or IdleSessionTimeout
            or IdleInTransactionTimeout
        : e.InnerException is IOException or SocketException && !HasTimedOut(e);

    /// <summary>The refusal of a server that only follows another one, which may be promoted.</summary>
    public static StoreUnavailableException Replica(PostgresAddress address, Exception? inner = null) => new(
        StoreFault.ReadOnly, $"the server at {address.Server} is a read-only replica",
        "name the primary in the store's address", true, inner);

    /// <summary>The refusal of a database that can't keep every character.</summary>
    public static StoreUnavailableException Encoding(PostgresAddress address, string encoding) => new(
        StoreFault.Damaged, $"the database '{address.Database}' on {address.Server} keeps texts in {encoding}, not in UTF8",
        "name another, or make one: createdb --encoding=UTF8 --template=template0 NAME");

    /// <summary>The refusal of a store of which a part was dropped.</summary>
    public static StoreUnavailableException HalfStore(PostgresAddress address, string lacking) => new(
        StoreFault.Damaged, $"the store in the schema '{address.Schema}' of {address.Database} on {address.Server} "
            + $"lacks tables: {lacking}", "restore it, or drop the schema: an orchestrator makes it anew");

    /// <summary>The refusal of a schema without a store.</summary>
    public static StoreUnavailableException NoStore(PostgresAddress address, Exception? inner = null) => new(
        StoreFault.Missing, $"there is no store in the schema '{address.Schema}' of {address.Database} "
            + $"on {address.Server}", $"baton init --store '{address.Masked}'", inner: inner);

    /// <summary>The refusal of a schema whose tables don't say which store they are.</summary>
    public static StoreUnavailableException NoStoreOfBaton(PostgresAddress address) => new(StoreFault.Damaged,
        $"the schema '{address.Schema}' of {address.Database} on {address.Server} is no store of Baton",
        "name another schema with ?schema=, or drop what is left of a store that was emptied");

    /// <summary>The refusal of a file with passwords that others may read.</summary>
    public static StoreUnavailableException OpenPassfile(string file) => new(StoreFault.Unreachable,
        $"the passfile {file} can be read by others, so it is not used", $"chmod 600 {file}");

    private static bool HasTimedOut(Exception e) =>
        e is TimeoutException or SocketException { SocketErrorCode: SocketError.TimedOut }
        || (e.InnerException is { } inner && HasTimedOut(inner));

    private static bool IsOfFile(Exception e) => e is FileNotFoundException or DirectoryNotFoundException
        or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private static StoreUnavailableException? OfServer(PostgresException e, PostgresAddress address) => e.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword => new(StoreFault.Unreachable,
            $"the server at {address.Server} refuses the password of '{address.User}'",
            "give the right one in PGPASSWORD, in a passfile or in the store's address", inner: e),
        PostgresErrorCodes.InvalidAuthorizationSpecification => new(StoreFault.Unreachable,
            $"the server at {address.Server} refuses '{address.User}': {OneLine(e.MessageText)}",
            "name another user, or let the server's pg_hba.conf take this one", inner: e),
        PostgresErrorCodes.InvalidCatalogName => new(StoreFault.Unreachable,
            $"there is no database '{address.Database}' on {address.Server}",
            $"name another, or make it: createdb {address.Database}", inner: e),
        PostgresErrorCodes.ReadOnlySqlTransaction => Replica(address, e),
        // Said to who asks for the end of the log, and to who wants to write.
        PostgresErrorCodes.ObjectNotInPrerequisiteState => Replica(address, e),
        PostgresErrorCodes.FeatureNotSupported when e.Routine == "call_bool_check_hook" => Replica(address, e),
        UndefinedTable or PostgresErrorCodes.InvalidSchemaName => NoStore(address, e),
        PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject or PostgresErrorCodes.UndefinedColumn =>
            new(StoreFault.Damaged, $"the schema '{address.Schema}' of {address.Database} on {address.Server} holds "
                + $"something else under a name of Baton's: {OneLine(e.MessageText)}",
                "name another schema with ?schema=", inner: e),
        PostgresErrorCodes.TooManyConnections => PostgresRights.TooMany(e, address, OneLine(e.MessageText)),
        PostgresErrorCodes.InsufficientPrivilege => PostgresRights.Refused(e, address, OneLine(e.MessageText)),
        // Before the session begins it is what the environment asks of it, as with PGTZ.
        PostgresErrorCodes.InvalidParameterValue or PostgresErrorCodes.UndefinedObject
            when e.InvariantSeverity == "FATAL" => new(StoreFault.Unreachable,
                $"the server at {address.Server} refuses a setting of this session: {OneLine(e.MessageText)}",
                "mend PGTZ, PGCLIENTENCODING or PGOPTIONS in the environment", inner: e),
        PostgresErrorCodes.DiskFull => new(StoreFault.Full,
            $"the server at {address.Server} has no space left", "free some space there", true, e),
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => new(StoreFault.Damaged,
            $"the database on {address.Server} is damaged: {OneLine(e.MessageText)}",
            "restore it from a copy; epochs go on above the known ones", inner: e),
        LockNotAvailable or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.UniqueViolation => new(StoreFault.Busy,
            $"the store on {address.Server} is busy: {OneLine(e.MessageText)}",
            "try again; baton doctor says who holds a lock for long", true, e),
        _ when e.MessageText.Contains("statement pooling mode", StringComparison.Ordinal) => new(StoreFault.Unreachable,
            $"the pooler at {address.Server} splits transactions up (pool_mode = statement)",
            "let it pool by transaction or by session, or name the server itself", inner: e),
        _ when PostgresPooler.Of(e, address) is { } fault => fault,
        // Classes 08, 53, 57, 58: connections, resources, an operator's doing, the system.
        ['0', '8', ..] or ['5', '3', ..] or ['5', '7', ..] or ['5', '8', ..] =>
            Unreachable(address, OneLine(e.MessageText), e),
        IdleInTransactionTimeout => Unreachable(address, OneLine(e.MessageText), e),
        // As to whoever is at work while the schema is dropped.
        PostgresErrorCodes.InternalError => Unreachable(address, OneLine(e.MessageText), e),
        _ => null,
    };

    private static StoreUnavailableException Unreachable(PostgresAddress address, string why, Exception inner) => new(
        StoreFault.Unreachable, $"the server at {address.Server} can't be reached: {NoSocket(address) ?? OneLine(why)}",
        "start it, or mend the store's address", true, inner);

    // The system speaks of an address that can't be assigned.
    private static string? NoSocket(PostgresAddress address) => !address.IsSocket || File.Exists(address.Socket) ? null
        : Directory.Exists(Path.GetDirectoryName(address.Socket)) ? $"there is no socket {address.Socket}"
        : $"there is no folder {Path.GetDirectoryName(address.Socket)}";

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
