using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Postgres;

// What is done with an address as a text.
public sealed partial class PostgresAddress
{
    /// <summary>
    /// Names the store on this host, whoever connects, as a file may be named: <c>host-port-database-schema</c>. Where a
    /// character had to be replaced, a sum of the whole name follows, so that no two stores share one.
    /// </summary>
    public string Key => PlainKey == FullName ? PlainKey : $"{PlainKey}~{Sum(FullName)}";

    /// <summary>The key without that sum, as all stores were named once.</summary>
    public string PlainKey => NotInName().Replace(FullName, "_");

    private string FullName => $"{_settings.Host}-{_settings.Port}-{Database}-{Schema}";

    /// <summary>The socket that a folder in the place of the server's name stands for.</summary>
    internal string Socket => Path.Combine(_settings.Host!, $".s.PGSQL.{_settings.Port}");

    /// <summary>
    /// The same address, whose files are named from the root: it may be kept, and read in another folder.
    /// </summary>
    /// <param name="folder">From where a relative path goes.</param>
    public PostgresAddress WithFilesFrom(string folder) => Parse(FileParameter().Replace(Text, found =>
        Uri.UnescapeDataString(found.Groups["path"].Value) is { Length: > 0 } path && !Path.IsPathRooted(path)
            ? found.Groups["name"].Value + Uri.EscapeDataString(Path.GetFullPath(path, folder))
                .Replace("%2F", "/", StringComparison.Ordinal)
            : found.Value));

    // Where a password was not escaped, a piece of it stands in the place of the server or the database, and would be
    // printed as such.
    private static void RequireEscaped(string uri)
    {
        var place = uri[(uri.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('?', 2)[0];
        var server = place.Split('/', 2)[0];
        var at = place.IndexOf('@', StringComparison.Ordinal);
        if (uri.Contains('#', StringComparison.Ordinal) || at != place.LastIndexOf('@') || at > server.Length)
        {
            throw Unescaped();
        }

        if (Port().Match(server) is { Success: true } port
            && (!int.TryParse(port.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number is < 1 or > 65535))
        {
            throw new FormatException("has a port that is not 1 to 65535");
        }
    }

    private static FormatException Unescaped() => new("has a # or an @ that is none of an address: in a password, and "
        + "everywhere else, write @ : / ? # % as %40 %3A %2F %3F %23 %25");

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];

    [GeneratedRegex("(?<name>(?<=[?&])(?:passfile|sslrootcert|sslcert|sslkey)=)(?<path>[^&]*)")]
    private static partial Regex FileParameter();

    // Behind the last colon of the server; those of an IPv6 address stand in brackets.
    [GeneratedRegex(@"(?<=:)[^:@\]]*\z")]
    private static partial Regex Port();
}
