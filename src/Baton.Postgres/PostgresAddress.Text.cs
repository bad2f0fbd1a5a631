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

    /// <summary>
    /// The same address, whose files are named from the root: it may be kept, and read in another folder.
    /// </summary>
    /// <param name="folder">From where a relative path goes.</param>
    public PostgresAddress WithFilesFrom(string folder) => Parse(FileParameter().Replace(Text, found =>
        Uri.UnescapeDataString(found.Groups["path"].Value) is { Length: > 0 } path && !Path.IsPathRooted(path)
            ? found.Groups["name"].Value + Uri.EscapeDataString(Path.GetFullPath(path, folder))
                .Replace("%2F", "/", StringComparison.Ordinal)
            : found.Value));

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];

    [GeneratedRegex("(?<name>(?<=[?&])(?:passfile|sslrootcert|sslcert|sslkey)=)(?<path>[^&]*)")]
    private static partial Regex FileParameter();
}
