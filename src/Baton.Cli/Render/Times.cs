using System.Globalization;

namespace Baton.Cli;

/// <summary>Times as people read them: UTC, to the second.</summary>
internal static class Times
{
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The time, or a dash.</summary>
    public static string Text(DateTimeOffset? time) => time is { } known ? Text(known) : "-";
}
