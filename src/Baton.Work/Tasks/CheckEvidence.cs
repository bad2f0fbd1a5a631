using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Baton.Work;

/// <summary>What a check of a task was seen to do. Measured, never claimed.</summary>
/// <param name="Command">What was run, under <c>/bin/sh -c</c>.</param>
/// <param name="ExitCode">As shells count: 128 and the signal where one ended it.</param>
/// <param name="At">When it began.</param>
/// <param name="Took">How long it ran.</param>
/// <param name="OutputSha256">The digest of all that it printed on both streams, in the order printed; hex.</param>
/// <param name="OutputBytes">How much that was.</param>
public sealed record CheckEvidence(
    string Command, int ExitCode, DateTimeOffset At, TimeSpan Took, string OutputSha256, long OutputBytes)
{
    /// <summary>The last lines of what it printed, each cut where it is long.</summary>
    public ImmutableArray<string> OutputTail { get; init; } = [];

    /// <summary>Whether it was ended because it took too long.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Whether it shows what it was to show.</summary>
    [JsonIgnore]
    public bool Passed => ExitCode == 0 && !TimedOut;

    /// <summary>In a few words how it ended, as <c>check 'make test' failed: exit code 2</c>.</summary>
    public string Outcome() => $"check '{CommandLine(Command)}' " + (Passed ? "passed"
        : TimedOut ? string.Create(CultureInfo.InvariantCulture, $"did not end within {Took.TotalSeconds:0.#} s")
        : string.Create(CultureInfo.InvariantCulture, $"failed: exit code {ExitCode}"));

    /// <summary>A command on one line, cut where it is long.</summary>
    public static string CommandLine(string command)
    {
        const int longest = 100;
        var line = string.Join(' ', command.Split(['\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= longest ? line : line[..(longest - 1)] + '…';
    }
}
