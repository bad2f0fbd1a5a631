using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Baton.Validation;

/// <summary>What was read from a <see cref="CoordinationLog"/>.</summary>
/// <param name="History">The operations.</param>
/// <param name="Lines">How many lines it has.</param>
/// <param name="AboutLeadership">How many of them speak of leadership, understood or not.</param>
/// <param name="AboutRoster">How many tell of agents that came and went.</param>
/// <param name="NotUnderstood">
/// The numbers of the lines that speak of leadership, or are no log lines at all, and became no operation.
/// </param>
public sealed record CoordinationLogReading(
    History History, int Lines, int AboutLeadership, int AboutRoster, ImmutableArray<int> NotUnderstood)
{
    /// <summary>How the lines were read, in a sentence.</summary>
    public string Describe()
    {
        const int most = 5;
        var which = NotUnderstood.IsEmpty ? "" : $" (line {string.Join(", ", NotUnderstood.Take(most))}"
            + $"{(NotUnderstood.Length > most ? ", …" : "")})";
        return string.Create(CultureInfo.InvariantCulture,
            $"read {Lines} lines, {AboutLeadership} of them about leadership, {NotUnderstood.Length} not understood")
            + which;
    }
}

/// <summary>
/// The <c>coordination.log</c> of a Hyrm system as a history. Its times are those of a wall clock, and it tells
/// nothing of renewals: what it accuses of is certain, what it does not show may have happened all the same.
/// </summary>
public sealed partial class CoordinationLog
{
    private const string LeaseFile = "orchestrator-state.json";
    private static readonly TimeSpan DefaultTtl = TimeSpan.FromMinutes(3);

    private readonly TimeSpan _ttl;
    private readonly ImmutableArray<Operation>.Builder _operations = ImmutableArray.CreateBuilder<Operation>();
    private readonly ImmutableArray<int>.Builder _odd = ImmutableArray.CreateBuilder<int>();
    private readonly HashSet<string> _cleanedUp = new(StringComparer.Ordinal);
    private int _lines;
    private int _leadership;
    private int _roster;

    private CoordinationLog(TimeSpan ttl) => _ttl = ttl;

    /// <summary>Whether a file is such a log, by its first line.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static bool IsOne(string path) =>
        File.ReadLines(path).FirstOrDefault(line => !string.IsNullOrWhiteSpace(line)) is { } first
        && Form().IsMatch(first);

    /// <summary>
    /// Reads a log. The ttl of its leases stands in <c>orchestrator-state.json</c> beside it; where it does not, it
    /// is three minutes.
    /// </summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public static CoordinationLogReading Read(string path)
    {
        var log = new CoordinationLog(TtlBeside(path) ?? DefaultTtl);
        foreach (var line in File.ReadLines(path))
        {
            log.Take(line);
        }

        return new(new(log._operations), log._lines, log._leadership, log._roster, log._odd.ToImmutable());
    }

    private static TimeSpan? TtlBeside(string path)
    {
        var file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, LeaseFile);
        if (!File.Exists(file))
        {
            return null;
        }

        const double longest = 1e12;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("ttl_ms", out var ttl) && ttl.ValueKind == JsonValueKind.Number
                && ttl.TryGetDouble(out var value) && value is > 0 and < longest
                ? TimeSpan.FromMilliseconds(value)
                : null;
        }
        catch (JsonException)
        {
            // That system left its lease file broken more than once; its own default then holds.
            return null;
        }
    }

    private void Take(string line)
    {
        _lines++;
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        var form = Form().Match(line);
        if (!form.Success || !DateTimeOffset.TryParse(form.Groups["at"].Value, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal, out var at))
        {
            _odd.Add(_lines);
            return;
        }

        var message = form.Groups["message"].Value;
        var instant = new Instant((at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100);
        var said = new Operation(form.Groups["who"].Value, OperationKind.Write, instant, Outcome.Ok)
        {
            Ended = instant,
            Clock = Operation.WallClock,
            Line = _lines,
            Note = message,
        };
        if (TakeRoster(said, message))
        {
            _roster++;
        }
        else if (TakeLease(said, message) || TakeAct(said, message))
        {
            _leadership++;
        }
        else if (Leadership().IsMatch(message))
        {
            _leadership++;
            _odd.Add(_lines);
        }
    }

    private bool TakeRoster(Operation said, string message)
    {
        if (Registration().Match(message) is not { Success: true } match)
        {
            return false;
        }

        var agent = match.Groups["agent"].Value;
        if (!match.Groups["left"].Success)
        {
            _operations.Add(said with { Who = agent, Kind = OperationKind.Register, Note = match.Groups["role"].Value });
        }
        else if (!_cleanedUp.Contains(agent))
        {
            // Who was cleaned up did not leave; the log has a line of both forms for it.
            _operations.Add(said with { Kind = OperationKind.Exit, Subject = agent, Note = null });
        }

        return true;
    }

    private bool TakeLease(Operation said, string message)
    {
        if (Taken().Match(message) is { Success: true } taken && EpochOf(taken) is { } gained)
        {
            _operations.Add(said with { Kind = OperationKind.Acquire, Epoch = gained, Ttl = _ttl });
            return true;
        }

        if (Confirmed().Match(message) is { Success: true } confirmed && EpochOf(confirmed) is { } held)
        {
            _operations.Add(said with { Kind = OperationKind.Renew, Epoch = held, Ttl = _ttl });
            return true;
        }

        if (Detected().Match(message) is { Success: true } detected && EpochOf(detected) is { } seen)
        {
            _operations.Add(said with
            {
                Kind = OperationKind.View,
                Subject = detected.Groups["leader"].Value,
                Epoch = seen,
                // It says that the lease had not run out, which a log without renewals can't refute.
                Note = "a healthy leader",
            });
            return true;
        }

        return false;
    }

    private bool TakeAct(Operation said, string message)
    {
        if (CleanedUp().Match(message) is { Success: true } cleaned)
        {
            foreach (var agent in cleaned.Groups["agents"].Value.Split(
                ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                _cleanedUp.Add(agent);
                _operations.Add(said with { Kind = OperationKind.Evict, Subject = agent });
            }

            return true;
        }

        if (LeaderStatus().Match(message) is { Success: true } status && EpochOf(status) is { } epoch)
        {
            _operations.Add(said with { Epoch = epoch });
            return true;
        }

        if (Housekeeping().IsMatch(message))
        {
            _operations.Add(said);
            return true;
        }

        return false;
    }

    private static Epoch? EpochOf(Match match) => long.TryParse(match.Groups["epoch"].Value, NumberStyles.None,
        CultureInfo.InvariantCulture, out var value) && value is > 0 and <= Epoch.Highest ? new(value) : null;

    [GeneratedRegex(@"\A(?<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*) \[[A-Z]+\] \[(?<who>[^\]\s]{1,128})\] (?<message>.*)\z")]
    private static partial Regex Form();

    [GeneratedRegex(@"\AAgent (?:registered|(?<left>unregistered)): (?<agent>\S+)(?: \(role: (?<role>[^)]*)\))?\s*\z")]
    private static partial Regex Registration();

    [GeneratedRegex(
        @"\A(?:Acquired new orchestrator leader lease|Took over orchestrator leader lease from stale leader \S+)"
        + @" \(epoch (?<epoch>\d+)\)")]
    private static partial Regex Taken();

    [GeneratedRegex(@"\AConfirmed as current orchestrator leader \(epoch (?<epoch>\d+)\)")]
    private static partial Regex Confirmed();

    [GeneratedRegex(
        @"\A(?:Detected existing healthy orchestrator leader |Status updated: .*?[Dd]etected existing leader \()"
        + @"(?<leader>[^\s,()]+)(?: \(|, )epoch (?<epoch>\d+)\)")]
    private static partial Regex Detected();

    [GeneratedRegex(@"\AClean(?:ed|ing) up \d+ stale agent\(s\): (?<agents>.+)\z")]
    private static partial Regex CleanedUp();

    [GeneratedRegex(@"\AStatus updated: .*?\b[Ll]eader \(epoch (?<epoch>\d+)\)")]
    private static partial Regex LeaderStatus();

    [GeneratedRegex(@"\A(?:Orchestrator heartbeat: cleaned up|Released orphaned task|Released \d+ orphaned task)")]
    private static partial Regex Housekeeping();

    [GeneratedRegex(@"\b(?:leader|lease|epoch|orphaned|stale agents?)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Leadership();
}
