using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Baton.Cli;

/// <summary>The options that limit what one attempt may cost.</summary>
internal sealed partial class LimitOptions
{
    private const long Largest = 1L << 30;

    private readonly Option<TimeSpan?> _stall =
        Durations.Option("--stall", "end a command that says nothing for so long (default: never)");
    private readonly Option<TimeSpan?> _timeLimit =
        Durations.Option("--time-limit", "end a command that takes longer (default: never)");
    private readonly Option<string?> _logSize = new("--log-size")
    {
        Description = "how much of an attempt's output is kept (1MiB); 0: none, and the command has our own streams",
        HelpName = "SIZE",
    };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_stall, _timeLimit, _logSize];

    /// <summary>How long a command may say nothing; null: for ever.</summary>
    public TimeSpan? Stall(Session session) => Positive("--stall", session.Get(_stall));

    /// <summary>How long an attempt may take; null: for ever.</summary>
    public TimeSpan? TimeLimit(Session session) => Positive("--time-limit", session.Get(_timeLimit));

    /// <summary>How many bytes of an attempt's output are kept.</summary>
    /// <exception cref="CommandFailure">That is no size.</exception>
    public long LogBytes(Session session) => session.Get(_logSize) is not { } text ? TaskLogs.DefaultBytes
        : Parse(text) ?? throw CommandFailure.Usage(
            $"--log-size '{text}' is no size", "write 0, 64KiB or 1MiB; at most 1GiB");

    /// <summary>The same for a process of our own.</summary>
    public IEnumerable<string> ArgumentsOf(Session session)
    {
        _ = LogBytes(session);
        return
        [
            .. Argument("--stall", Stall(session)), .. Argument("--time-limit", TimeLimit(session)),
            .. session.Get(_logSize) is { } size ? (string[])["--log-size", size] : [],
        ];
    }

    /// <summary>A limit that makes sense; null stays null.</summary>
    /// <exception cref="CommandFailure">Nothing can be done in no time.</exception>
    public static TimeSpan? Positive(string option, TimeSpan? span) => span is { } some && some <= TimeSpan.Zero
        ? throw CommandFailure.Usage($"{option} 0 leaves no time for anything", "write 30s, 10m or 2h")
        : span;

    private static string[] Argument(string option, TimeSpan? span) => span is { } some
        ? [option, string.Create(CultureInfo.InvariantCulture, $"{some.TotalMilliseconds:0}ms")]
        : [];

    private static long? Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success || !long.TryParse(
            match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return null;
        }

        var unit = match.Groups[2].Value switch { "KiB" => 1L << 10, "MiB" => 1L << 20, "GiB" => 1L << 30, _ => 1L };
        var bytes = (Int128)count * unit;
        return bytes <= Largest ? (long)bytes : null;
    }

    [GeneratedRegex(@"\A([0-9]{1,10})(KiB|MiB|GiB)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
