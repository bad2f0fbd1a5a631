using System.Security.Cryptography;
using System.Text;

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

    private static string Sum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];
}
