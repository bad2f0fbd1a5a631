using System.Text.RegularExpressions;
using Baton.Etcd;
using Baton.Postgres;

namespace Baton.Cli;

/// <summary>Names a store. The one list of the kinds of stores that this program knows.</summary>
/// <param name="Kind">The kind as faces show it.</param>
/// <param name="Text">The whole URI, as a child process is told in an environment variable: with its password.</param>
internal sealed partial record StoreUri(string Kind, string Text)
{
    private const string Embedded = "sqlite";
    private const string Postgres = "postgres";
    private const string Etcd = "etcd";

    /// <summary>Whether the store is a file of this host.</summary>
    public bool IsEmbedded => Kind == Embedded;

    /// <summary>Whether it keeps leases alone, and no work.</summary>
    public bool IsForLeases => Kind == Etcd;

    /// <summary>The file of an embedded store.</summary>
    public string Path => IsEmbedded
        ? Text[(Embedded.Length + 1)..]
        : throw new InvalidOperationException($"a {Kind} store is no file");

    /// <summary>The address of a store on a PostgreSQL server.</summary>
    public PostgresAddress Address => PostgresAddress.Parse(Text);

    /// <summary>The address of leases in etcd.</summary>
    public EtcdAddress Cluster => EtcdAddress.Parse(Text);

    /// <summary>The URI as a person may see it: without a password.</summary>
    public string Masked => IsEmbedded ? Text : IsForLeases ? Cluster.Masked : Address.Masked;

    /// <summary>The URI as it may be kept in a file: without a password.</summary>
    public string WithoutSecrets => IsEmbedded ? Text : IsForLeases ? Cluster.WithoutSecrets : Address.WithoutSecrets;

    /// <summary>Whether another URI names the same place, whoever connects and how.</summary>
    public bool IsSamePlaceAs(StoreUri other) => Kind == other.Kind && (IsEmbedded ? Path == other.Path
        : IsForLeases ? Cluster.Key == other.Cluster.Key : Address.Key == other.Address.Key);

    /// <summary>Where it is, as a person would say it.</summary>
    public string Place => IsEmbedded ? Path : Masked;

    /// <summary>Understands a URI; a relative path goes from a folder.</summary>
    /// <exception cref="CommandFailure">
    /// The URI is wrong, or names a store that this version can't open.
    /// </exception>
    public static StoreUri Parse(Setting setting, string from)
    {
        var text = setting.Value;
        var cut = text.IndexOf(':', StringComparison.Ordinal);
        var rest = text[(cut + 1)..];
        return (cut < 0 ? "" : text[..cut].ToLowerInvariant()) switch
        {
            Embedded when rest.Contains('\0', StringComparison.Ordinal) || rest.Trim().Length == 0 =>
                throw Wrong(setting, "names no file"),
            Embedded => new(Embedded, $"{Embedded}:{System.IO.Path.GetFullPath(rest, from)}"),
            Postgres or "postgresql" => Server(
                setting, Postgres, uri => PostgresAddress.Parse(uri).WithFilesFrom(from).Text),
            Etcd => Server(setting, Etcd, uri => EtcdAddress.Parse(uri).WithFilesFrom(from).Text),
            _ => throw Wrong(setting, "is no store"),
        };
    }

    /// <summary>A URI with every password replaced by <c>***</c>.</summary>
    public static string Mask(string uri) =>
        SecretParameter().Replace(UserPassword().Replace(uri, "$1***@"), "$1***");

    /// <summary>Opens both stores.</summary>
    public OpenStores Open(StorePlace place, OpenPurpose purpose, Surroundings around)
    {
        var stores = Kind switch
        {
            Embedded => SqliteStores.Open(place, purpose, around),
            Postgres => PostgresStores.Open(place, purpose, around),
            _ => throw new InvalidOperationException($"no driver for {Kind}"),
        };
        return LeaseTie.Tied(
            place.Leases is null ? stores : EtcdLeases.Of(stores, place.Leases.Cluster, purpose, around), purpose);
    }

    private static StoreUri Server(Setting setting, string kind, Func<string, string> parse)
    {
        try
        {
            return new(kind, parse(setting.Value));
        }
        catch (FormatException e)
        {
            throw Wrong(setting, e.Message);
        }
    }

    private static CommandFailure Wrong(Setting setting, string what) => CommandFailure.Usage(
        $"'{Mask(setting.Value)}' (from {setting.Origin}) {what}",
        "write sqlite:PATH, or postgres://USER@HOST:PORT/DATABASE?schema=NAME with the password in PGPASSWORD; "
        + "for leases also etcd://HOST:PORT");

    [GeneratedRegex("(://[^/@:]*:).*@")]
    private static partial Regex UserPassword();

    [GeneratedRegex("([?&;](?:password|pwd|sslpassword)=)[^&;]*", RegexOptions.IgnoreCase)]
    private static partial Regex SecretParameter();
}
