using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>
/// The last line of a generated spec: a digest of all before it. While it fits, no person has written there.
/// </summary>
internal static partial class SpecStamp
{
    private const string Opening = "<!-- baton:generated ";

    /// <summary>The text with its stamp.</summary>
    public static string Put(string text)
    {
        var body = Without(text);
        return $"{body}{Opening}{Digest(body)} -->{(body.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n")}";
    }

    /// <summary>Whether the text is as it was when it was stamped.</summary>
    public static bool Fits(string text) =>
        Line().Match(text) is { Success: true } stamp && stamp.Groups[1].Value == Digest(text[..stamp.Index]);

    /// <summary>Whether a stamp begins at a place.</summary>
    public static bool Begins(string text, int at) =>
        string.CompareOrdinal(text, at, Opening, 0, Opening.Length) == 0;

    private static string Without(string text) => Line().Match(text) is { Success: true } stamp
        ? text[..stamp.Index] : text;

    // A checkout may change the line ends, and an editor add a mark of the byte order; that is no edit.
    private static string Digest(string body) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(body.Replace("\r\n", "\n", StringComparison.Ordinal).TrimStart('\uFEFF'))))[..32];

    [GeneratedRegex(@"^<!-- baton:generated ([0-9a-f]{32}) -->\s*\z",
        RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Line();
}
