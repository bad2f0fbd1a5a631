using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Validation;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// What the faces of this program say, as they print it. Each is run as a command line of its own, with stores of its
/// own, within this process: it is the same way from the words to the output, and takes milliseconds, so that all look
/// at nearly the same moment. A process for each would cost a hundred times that, and slow down what is looked at.
/// </summary>
/// <param name="session">The run that asks.</param>
internal sealed partial class LiveFaces(Session session)
{
    private static readonly string[] Evictions =
        [EventType.OrchestratorEvicted.Name(), EventType.AgentEvicted.Name()];

    private static readonly string Elected = EventType.LeaderElected.Name();

    // What was typed before the words of this run counts for its faces too.
    private Surroundings Here => session.Around with
    {
        Variable = name => name switch
        {
            "BATON_STORE" or "BATON_LEASES" or "BATON_ELECTION" => session.Place.Variables[name],
            _ => session.Around.Variable(name),
        },
    };

    /// <summary>Adds to a sample what the faces say.</summary>
    public async Task<LiveSample> AskAsync(LiveSample sample)
    {
        int? counted = null;
        ImmutableArray<string> alive = [];
        ImmutableArray<string> leading = [];
        FaceView[] faces =
        [
            await AskAsync("status", ["status", "--json"], printed =>
            {
                var cleanup = Data(printed).GetProperty("cleanup");
                counted = cleanup.GetProperty("orchestrators_evicted").GetInt32()
                    + cleanup.GetProperty("agents_evicted").GetInt32();
                return Leader("status", Data(printed).GetProperty("leader"));
            }),
            await AskAsync("leader", ["leader", "show", "--json"], printed =>
                Leader("leader", Parse(printed).TryGetProperty("data", out var data) ? data
                    : Parse(printed).GetProperty("error").GetProperty("details")), ExitCode.Unavailable),
            await AskAsync("agent list", ["agent", "list", "--live", "--json"], printed =>
            {
                var rows = Data(printed).EnumerateArray().ToArray();
                alive = [.. rows.Where(row => Text(row, "state") is "alive" or "late").Select(row => Text(row, "id")!)];
                var led = rows.Where(row => row.GetProperty("leader").GetBoolean()).ToArray();
                leading = [.. led.Select(row => Text(row, "id")!)];
                return led.Length == 0 ? new("agent list", null, null, false)
                    : new("agent list", leading[0], led[0].GetProperty("epoch").GetInt64(), true);
            }),
            await AskAsync("events", ["events", "--type", Elected, "--limit", "1", "--json"], printed =>
                // A log tells who was elected last; that somebody leads still, it does not.
                printed.Length == 0 ? new("events", null, null, false)
                    : new("events", Text(Parse(printed), "subject"), Parse(printed).GetProperty("epoch").GetInt64(),
                        sample.Leader.IsLeading)),
            await AskToolAsync("status", printed => Leader("mcp", printed.GetProperty("leader"))),
            await AskAsync("monitor --once", ["monitor", "--once", "--view", "leader"], Frame),
        ];
        return sample with
        {
            Faces = [.. faces],
            ShownAlive = alive,
            ShownLeading = leading,
            EvictionsCounted = counted,
            EvictionsListed = await CountEvictionsAsync(),
        };
    }

    private async Task<FaceView> AskAsync(string face, string[] words, Func<string, FaceView> read, int? alsoFine = null)
    {
        var (exit, printed, complaint) = await RunAsync(words);
        try
        {
            return exit == ExitCode.Ok || exit == alsoFine ? read(printed.Trim())
                : Broken($"exit code {exit}: {complaint.Trim()}");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return Broken($"it printed what can't be understood ({e.Message})");
        }

        FaceView Broken(string why) => new(face, null, null, false) { Trouble = why };
    }

    private async Task<FaceView> AskToolAsync(string tool, Func<JsonElement, FaceView> read)
    {
        var answer = await ToolCall.RunAsync(
            ToolCatalog.Find(tool)!, new Dictionary<string, JsonElement>().AsReadOnly(), Here);
        return answer.Data is { } data ? read(data) : new("mcp", null, null, false) { Trouble = answer.Text };
    }

    private async Task<int?> CountEvictionsAsync()
    {
        var count = 0;
        foreach (var type in Evictions)
        {
            var (exit, printed, _) = await RunAsync(["events", "--type", type, "--json"]);
            if (exit != ExitCode.Ok)
            {
                return null;
            }

            // Only what a leader did counts as cleanup.
            count += printed.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Count(line => Parse(line).GetProperty("epoch").ValueKind == JsonValueKind.Number);
        }

        return count;
    }

    private async Task<(int Exit, string Out, string Error)> RunAsync(string[] words)
    {
        using var printed = new StringWriter { NewLine = "\n" };
        using var complaint = new StringWriter { NewLine = "\n" };
        var exit = await CommandLine.RunAsync(words, Here with { Out = printed, Error = complaint, IsTerminal = false });
        session.Stop.ThrowIfCancellationRequested();
        return (exit, printed.ToString(), complaint.ToString());
    }

    private static FaceView Frame(string printed)
    {
        const string face = "monitor --once";
        var lines = printed.Split('\n');
        var line = lines[Array.IndexOf(lines, "LEADER") + 1];
        return LeaderLine().Match(line) is { Success: true } match
            ? new(face, match.Groups["id"].Value,
                long.Parse(match.Groups["epoch"].Value, System.Globalization.CultureInfo.InvariantCulture),
                match.Groups["state"].Value == LeaderJson.NameOf(LeaderState.Leading))
            : line.StartsWith(LeaderJson.NameOf(LeaderState.None), StringComparison.Ordinal) ? new(face, null, null, false)
            : throw new FormatException($"no leader in '{line}'");
    }

    private static FaceView Leader(string face, JsonElement leader) => new(face, Text(leader, "id"),
        leader.TryGetProperty("epoch", out var epoch) && epoch.ValueKind == JsonValueKind.Number ? epoch.GetInt64() : null,
        Text(leader, "state") == LeaderJson.NameOf(LeaderState.Leading));

    private static JsonElement Data(string printed) => Parse(printed).GetProperty("data");

    private static JsonElement Parse(string printed)
    {
        using var json = JsonDocument.Parse(printed);
        return json.RootElement.Clone();
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex(@"\A(?<id>\S+) epoch (?<epoch>\d+) (?<state>[a-z]+)")]
    private static partial Regex LeaderLine();
}
