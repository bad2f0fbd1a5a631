using System.Text.RegularExpressions;

namespace Baton.Cli;

/// <summary>Names a store. The one list of the kinds of stores that this program knows.</summary>
/// <param name="Kind">The kind as faces show it.</param>
/// <param name="Path">The file of an embedded store.</param>
internal sealed partial record StoreUri(string Kind, string Path)
{
    private const string Embedded = "sqlite";

    /// <summary>The URI as a person may see it: without a password.</summary>
    public string Masked => $"{Kind}:{Path}";

    /// <summary>The same as a child process is told, in an environment variable.</summary>
    public string Text => $"{Kind}:{Path}";

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
            Embedded => new(Embedded, System.IO.Path.GetFullPath(rest, from)),
            "postgres" or "postgresql" or "etcd" => throw CommandFailure.Usage(
                $"{Mask(text)} (from {setting.Origin}): this kind of store is not built into this version",
                "use the embedded store: sqlite:PATH"),
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
        _ => throw new InvalidOperationException($"no driver for {Kind}"),
    };

    private static CommandFailure Wrong(Setting setting, string what) => CommandFailure.Usage(
        $"'{Mask(setting.Value)}' (from {setting.Origin}) {what}", "write sqlite:PATH");

    [GeneratedRegex("(://[^/@:]*:).*@")]
    private static partial Regex UserPassword();

    [GeneratedRegex("([?&;](?:password|pwd|sslpassword)=)[^&;]*", RegexOptions.IgnoreCase)]
    private static partial Regex SecretParameter();
}
