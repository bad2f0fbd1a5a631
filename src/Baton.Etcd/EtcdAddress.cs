using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Etcd;

/// <summary>
/// Where a cluster is, as a URI names it:
/// <c>etcd://user:password@host:port,host:port?cacert=FILE&amp;cert=FILE&amp;key=FILE</c>. Default host
/// <c>localhost</c>, port 2379. The endpoints are asked in this order; a password may come from
/// <c>ETCDCTL_PASSWORD</c> instead.
/// </summary>
public sealed partial record EtcdAddress
{
    private const int DefaultPort = 2379;
    private const string Scheme = "etcd://";
    private const string Form = "write etcd://HOST:PORT,HOST:PORT";

    private EtcdAddress(string text) => Text = text;

    /// <summary>The URI as it was given, with its password. For the environment of a child only.</summary>
    public string Text { get; }

    /// <summary>Each member's <c>host:port</c>, in the order of the URI; at least one.</summary>
    public ImmutableArray<string> Endpoints { get; private init; } = [];

    /// <summary>Who asks; null where the cluster asks for nobody.</summary>
    public string? User { get; private init; }

    /// <summary>Whether the connections are encrypted: asked for, or a certificate is named.</summary>
    public bool IsEncrypted { get; private init; }

    /// <summary>The file with the authorities that are trusted; null for those of this host.</summary>
    public string? AuthorityFile { get; private init; }

    /// <summary>The file with this client's certificate; null where it shows none.</summary>
    public string? CertificateFile { get; private init; }

    /// <summary>The file with the key of <see cref="CertificateFile"/>; null where it stands in the same file.</summary>
    public string? KeyFile { get; private init; }

    /// <summary>The members as a person knows them: <c>host:port,host:port</c>.</summary>
    public string Members => string.Join(',', Endpoints);

    /// <summary>The URI as a person may see it: no password, nothing of how the connection is made.</summary>
    public string Masked => $"{Scheme}{(User is null ? "" : $"{Uri.EscapeDataString(User)}@")}{Members}";

    /// <summary>The URI as it was given, but for the password: what may be kept in a file.</summary>
    public string WithoutSecrets => UserPassword().Replace(Text, "$1@");

    /// <summary>Names the cluster on this host, whoever connects.</summary>
    public string Key
    {
        get
        {
            var members = string.Join('-', Endpoints.Order(StringComparer.Ordinal));
            // A name that holds the mark which stands for all others could be taken for another cluster's.
            return NotInName().Replace(members, "_") + (members.Contains('_', StringComparison.Ordinal)
                ? $"~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(members)))[..12]}" : "");
        }
    }

    /// <summary>
    /// The same address, whose files are named from the root: it may be kept, and read in another folder.
    /// </summary>
    /// <param name="folder">From where a relative path goes.</param>
    public EtcdAddress WithFilesFrom(string folder) => Parse(FileParameter().Replace(Text, found =>
        Uri.UnescapeDataString(found.Groups["path"].Value) is { Length: > 0 } path && !Path.IsPathRooted(path)
            ? found.Groups["name"].Value + Uri.EscapeDataString(Path.GetFullPath(path, folder))
                .Replace("%2F", "/", StringComparison.Ordinal)
            : found.Value));

    /// <summary>The password: of the URI, else of <c>ETCDCTL_PASSWORD</c>.</summary>
    internal string? Password => OwnPassword
        ?? (Environment.GetEnvironmentVariable("ETCDCTL_PASSWORD") is { Length: > 0 } value ? value : null);

    private string? OwnPassword { get; init; }

    /// <summary>Understands a URI.</summary>
    /// <exception cref="FormatException">The URI is wrong; the message says where, without its password.</exception>
    public static EtcdAddress Parse(string uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (!uri.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"is no address of an etcd cluster: {Form}");
        }

        var query = uri.IndexOf('?', StringComparison.Ordinal);
        try
        {
            return Read(uri);
        }
        catch (FormatException) when (query >= 0 && uri.LastIndexOf('@') > query)
        {
            // What the message would show may be a piece of a password.
            throw new FormatException("has an @ behind its first ?: in a user or password write @ : / ? # % as "
                + "%40 %3A %2F %3F %23 %25");
        }
    }

    private static EtcdAddress Read(string uri)
    {
        var rest = uri[Scheme.Length..];
        var query = rest.IndexOf('?', StringComparison.Ordinal);
        var (place, parameters) = query < 0 ? (rest, "") : (rest[..query], rest[(query + 1)..]);
        var at = place.LastIndexOf('@');
        var login = at < 0 ? [] : place[..at].Split(':', 2);
        var members = place[(at + 1)..];
        if (members.TrimEnd('/').Contains('/', StringComparison.Ordinal))
        {
            throw new FormatException($"names a path, and the keys have a place of their own in etcd: {Form}");
        }

        var address = new EtcdAddress(uri)
        {
            Endpoints = members.TrimEnd('/') is { Length: > 0 } named
                ? [.. named.Split(',').Select(Endpoint).Distinct()] : [$"localhost:{DefaultPort}"],
            User = login is [{ Length: > 0 } user, ..] ? Uri.UnescapeDataString(user) : null,
            OwnPassword = login.Length > 1 ? Uri.UnescapeDataString(login[1]) : null,
        };
        foreach (var parameter in parameters.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = parameter.Split('=', 2);
            address = With(address, Uri.UnescapeDataString(pair[0]), pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "");
        }

        return address.KeyFile is not null && address.CertificateFile is null
            ? throw new FormatException("names a key without its certificate: give cert=FILE too")
            : address;
    }

    private static EtcdAddress With(EtcdAddress address, string name, string value) => name switch
    {
        "tls" when value is "true" or "false" => address with { IsEncrypted = address.IsEncrypted || value == "true" },
        "tls" => throw new FormatException($"has a tls '{value}' that is neither true nor false"),
        "cacert" when value.Length > 0 => address with { IsEncrypted = true, AuthorityFile = value },
        "cert" when value.Length > 0 => address with { IsEncrypted = true, CertificateFile = value },
        "key" when value.Length > 0 => address with { IsEncrypted = true, KeyFile = value },
        "cacert" or "cert" or "key" => throw new FormatException($"has a {name} that names no file"),
        _ => throw new FormatException($"has a parameter '{name}' that is not known: it takes tls, cacert, cert, key"),
    };

    private static string Endpoint(string text)
    {
        var match = HostAndPort().Match(text);
        if (!match.Success)
        {
            throw new FormatException($"names '{text}', which is no host:port: {Form}");
        }

        var port = DefaultPort;
        if (match.Groups["port"].Success && (!int.TryParse(match.Groups["port"].ValueSpan, NumberStyles.None,
            CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            throw new FormatException($"names '{text}', whose port is not 1 to 65535");
        }

        return $"{match.Groups["host"].Value}:{port}";
    }

    /// <summary>The URI without its password.</summary>
    public override string ToString() => Masked;

    [GeneratedRegex(@"\A(?<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?<port>[0-9]+))?\z")]
    private static partial Regex HostAndPort();

    [GeneratedRegex("(://[^/@:]*):[^?]*@")]
    private static partial Regex UserPassword();

    [GeneratedRegex("(?<name>(?<=[?&])(?:cacert|cert|key)=)(?<path>[^&]*)")]
    private static partial Regex FileParameter();

    [GeneratedRegex("[^A-Za-z0-9._-]")]
    private static partial Regex NotInName();
}
