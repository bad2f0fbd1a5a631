using System.Text.RegularExpressions;
using Baton.Postgres;

namespace Baton.Cli;

/// <summary>Names a store. The one list of the kinds of stores that this program knows.</summary>
/// <param name="Kind">The kind as faces show it.</param>
/// <param name="Text">The whole URI, as a child process is told in an environment variable: with its password.</param>
internal sealed partial record StoreUri(string Kind, string Text)
{
    private const string Embedded = "sqlite";
    private const string Postgres = "postgres";

    /// <summary>Whether the store is a file of this host.</summary>
    public bool IsEmbedded => Kind == Embedded;

    /// <summary>The file of an embedded store.</summary>
    public string Path => IsEmbedded
        ? Text[(Embedded.Length + 1)..]
        : throw new InvalidOperationException($"a {Kind} store is no file");

    /// <summary>The address of a store on a PostgreSQL server.</summary>
    public PostgresAddress Address => PostgresAddress.Parse(Text);

    /// <summary>The URI as a person may see it: without a password.</summary>
    public string Masked => IsEmbedded ? Text : Address.Masked;

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
            Postgres or "postgresql" => Server(setting),
            "etcd" => throw CommandFailure.Usage(
                $"{Mask(text)} (from {setting.Origin}): this kind of store is not built into this version",
                "use sqlite:PATH or postgres://USER@HOST/DATABASE"),
            _ => throw Wrong(setting, "is no store"),
        };
    }

    /// <summary>A URI with every password replaced by <c>***</c>.</summary>
    public static string Mask(string uri) =>
        SecretParameter().Replace(UserPassword().Replace(uri, "$1***@"), "$1***");

    /// <summary>Opens both stores.</summary>
    public OpenStores Open(StorePlace place, OpenPurpose purpose, Surroundings around) => Kind switch
    {
        Embedded => SqliteStores.Open(place, purpose, around),
        Postgres => PostgresStores.Open(place, purpose, around),
        _ => throw new InvalidOperationException($"no driver for {Kind}"),
    };

    private static StoreUri Server(Setting setting)
    {
        try
        {
            PostgresAddress.Parse(setting.Value);
            return new(Postgres, setting.Value);
        }
        catch (FormatException e)
        {
            throw Wrong(setting, e.Message);
        }
    }

    private static CommandFailure Wrong(Setting setting, string what) => CommandFailure.Usage(
        $"'{Mask(setting.Value)}' (from {setting.Origin}) {what}",
        "write sqlite:PATH, or postgres://USER@HOST:PORT/DATABASE?schema=NAME with the password in PGPASSWORD");

    [GeneratedRegex("(://[^/@:]*:).*@")]
    private static partial Regex UserPassword();

    [GeneratedRegex("([?&;](?:password|pwd|sslpassword)=)[^&;]*", RegexOptions.IgnoreCase)]
    private static partial Regex SecretParameter();
}
