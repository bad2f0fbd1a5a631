using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// Where a store lies: a server, a database and a schema, as a URI names them:
/// <c>postgres://user:password@host:port/database?schema=baton&amp;sslmode=require</c>. Default host
/// <c>localhost</c>, port 5432, schema <c>baton</c>; user and database as libpq chooses them. A password may
/// come from <c>PGPASSWORD</c> or a passfile instead.
/// </summary>
public sealed partial class PostgresAddress
{
    /// <summary>The schema where none is named.</summary>
    public const string DefaultSchema = "baton";

    private const int ConnectSeconds = 5;
    private const int DefaultPort = 5432;

    private const UnixFileMode ForOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const string Form = "write postgres://USER:PASSWORD@HOST:PORT/DATABASE?schema=baton";

    private static readonly ImmutableDictionary<string, SslMode> SslModes =
        ImmutableDictionary.CreateRange(StringComparer.Ordinal, new Dictionary<string, SslMode>
        {
            ["disable"] = SslMode.Disable,
            ["allow"] = SslMode.Allow,
            ["prefer"] = SslMode.Prefer,
            ["require"] = SslMode.Require,
            ["verify-ca"] = SslMode.VerifyCA,
            ["verify-full"] = SslMode.VerifyFull,
        });

    private readonly NpgsqlConnectionStringBuilder _settings;

    private PostgresAddress(string text, NpgsqlConnectionStringBuilder settings, string schema)
    {
        Text = text;
        Schema = schema;
        _settings = settings;
    }

    /// <summary>The URI as it was given, with its password. For the environment of a child only.</summary>
    public string Text { get; }

    /// <summary>The schema.</summary>
    public string Schema { get; }

    /// <summary>The server as a person knows it: <c>host:port</c>.</summary>
    public string Server => $"{_settings.Host}:{_settings.Port}";

    /// <summary>The database's name.</summary>
    public string Database => _settings.Database ?? User;

    /// <summary>Who connects.</summary>
    public string User => _settings.Username
        ?? Variable("PGUSER") ?? Environment.UserName;

    /// <summary>Whether it is reached by a socket of this host, whose folder stands for the server's name.</summary>
    internal bool IsSocket => _settings.Host!.StartsWith('/');

    /// <summary>The URI as a person may see it: no password, nothing of how the connection is made.</summary>
    public string Masked
    {
        get
        {
            var user = _settings.Username is { } name ? Uri.EscapeDataString(name) : null;
            var port = _settings.Port == DefaultPort ? null : $"port={_settings.Port}";
            var schema = Schema == DefaultSchema ? null : $"schema={Schema}";
            // A socket has no place for a user or a port before the path.
            string?[] parameters = IsSocket
                ? [schema, $"host={_settings.Host}", port, user is null ? null : $"user={user}"] : [schema];
            var query = string.Join('&', parameters.Where(parameter => parameter is not null));
            return $"postgres://{(IsSocket ? "" : $"{(user is null ? "" : $"{user}@")}{Server}")}/"
                + $"{Uri.EscapeDataString(Database)}{(query.Length == 0 ? "" : $"?{query}")}";
        }
    }

    /// <summary>The URI as it was given, but for every password: what may be kept in a file.</summary>
    public string WithoutSecrets =>
        SecretParameter().Replace(UserPassword().Replace(Text, "$1@"), "").Replace("?&", "?", StringComparison.Ordinal)
            .TrimEnd('?', '&');

    /// <summary>The same server and database, and another schema.</summary>
    /// <exception cref="FormatException">The name is no schema's.</exception>
    public PostgresAddress InSchema(string schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var text = SchemaParameter().Replace(Text, "").TrimEnd('?', '&');
        return Parse($"{text}{(text.Contains('?', StringComparison.Ordinal) ? "&" : "?")}schema={schema}");
    }

    /// <summary>Understands a URI.</summary>
    /// <exception cref="FormatException">The URI is wrong; the message says where, without its password.</exception>
    public static PostgresAddress Parse(string uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (uri.Contains("://", StringComparison.Ordinal))
        {
            RequireEscaped(uri);
        }

        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parts)
            || parts.Scheme is not ("postgres" or "postgresql") || !uri.Contains("://", StringComparison.Ordinal))
        {
            throw new FormatException($"is no address of a PostgreSQL store: {Form}; "
                + "characters like @ : / # % in a password are written as %40 %3A %2F %23 %25");
        }

        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = parts.Host.Length == 0 ? "localhost" : parts.Host.Trim('[', ']'),
            Port = parts.Port < 0 ? DefaultPort : parts.Port,
            Timeout = ConnectSeconds,
        };
        var login = parts.UserInfo.Split(':', 2);
        if (login[0].Length > 0)
        {
            settings.Username = Uri.UnescapeDataString(login[0]);
        }

        if (login.Length > 1)
        {
            settings.Password = Uri.UnescapeDataString(login[1]);
        }

        if (Uri.UnescapeDataString(parts.AbsolutePath.Trim('/')) is { Length: > 0 } database)
        {
            settings.Database = database;
        }

        try
        {
            return new(uri, settings, Set(settings, parts.Query));
        }
        catch (FormatException) when (login[0].Length == 0 && parts.Query.Contains('@', StringComparison.Ordinal))
        {
            // What the message would show may be a piece of a password that begins before its ?.
            throw Unescaped();
        }
    }

    /// <summary>The connection string for one use of the store.</summary>
    /// <exception cref="StoreUnavailableException">A file with the password can be read by others.</exception>
    internal NpgsqlConnectionStringBuilder Settings()
    {
        if (!OperatingSystem.IsWindows() && _settings.Password is null && Variable("PGPASSWORD") is null
            && (_settings.Passfile ?? Variable("PGPASSFILE") ?? HomePassfile()) is { } file && File.Exists(file)
            && (File.GetUnixFileMode(file) & ForOthers) != UnixFileMode.None)
        {
            throw PostgresFault.OpenPassfile(file);
        }

        return new(_settings.ConnectionString);
    }

    /// <summary>A variable of this process that is not empty.</summary>
    internal static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>The fault of the file, named for the way to the server, that is to blame for a failure.</summary>
    internal StoreUnavailableException? BlameFile(Exception inner) => PostgresFiles.Blame(_settings, inner);

    private static string? HomePassfile() => Variable("HOME") is { } home ? Path.Combine(home, ".pgpass") : null;

    /// <summary>Takes in the parameters; gives the schema.</summary>
    private static string Set(NpgsqlConnectionStringBuilder settings, string query)
    {
        var schema = DefaultSchema;
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var parameter in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = parameter.Split('=', 2);
            var name = Uri.UnescapeDataString(pair[0]);
            Set(settings, name, pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "", ref schema);
            if (!given.Add(name))
            {
                throw new FormatException($"gives {name} twice: leave one out");
            }
        }

        return schema;
    }

    private static void Set(NpgsqlConnectionStringBuilder settings, string name, string value, ref string schema)
    {
        switch (name)
        {
            case "schema" when SchemaName().IsMatch(value)
                && !value.StartsWith("pg_", StringComparison.Ordinal) && value != "information_schema":
                schema = value;
                break;
            case "schema" when SchemaName().IsMatch(value):
                throw new FormatException($"names a schema of the server's own: '{value}'");
            case "schema":
                throw new FormatException($"names no schema: '{value}' is not 1 to 48 of a-z 0-9 _, a letter first");
            case "sslmode":
                settings.SslMode = SslModes.TryGetValue(value, out var mode)
                    ? mode
                    : throw new FormatException($"has an sslmode '{value}' that is none of "
                        + string.Join(", ", SslModes.Keys.Order(StringComparer.Ordinal)));
                break;
            case "sslrootcert":
                settings.RootCertificate = value;
                break;
            case "sslcert":
                settings.SslCertificate = value;
                break;
            case "sslkey":
                settings.SslKey = value;
                break;
            case "sslpassword":
                settings.SslPassword = value;
                break;
            case "passfile":
                settings.Passfile = value;
                break;
            case "host":
                settings.Host = value;
                break;
            case "user":
                settings.Username = value;
                break;
            case "password":
                settings.Password = value;
                break;
            case "port" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture,
                out var port) && port is >= 1 and <= 65535:
                settings.Port = port;
                break;
            case "port":
                throw new FormatException("has a port that is not 1 to 65535");
            case "connect_timeout" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture,
                out var seconds) && seconds is >= 1 and <= 300:
                settings.Timeout = seconds;
                break;
            case "connect_timeout":
                throw new FormatException("has a connect_timeout that is not 1 to 300 seconds");
            default:
                throw new FormatException($"has a parameter '{name}' that is not known: it takes schema, sslmode, "
                    + "sslrootcert, sslcert, sslkey, sslpassword, passfile, host, port, user, password, connect_timeout");
        }
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,47}\z")]
    private static partial Regex SchemaName();

    [GeneratedRegex("(://[^/@:]*):[^/]*@")]
    private static partial Regex UserPassword();

    [GeneratedRegex("(?<=[?&])(?:password|sslpassword)=[^&]*&?")]
    private static partial Regex SecretParameter();

    [GeneratedRegex("(?<=[?&])schema=[^&]*&?")]
    private static partial Regex SchemaParameter();

    [GeneratedRegex("[^A-Za-z0-9._-]")]
    private static partial Regex NotInName();
}
