using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>Every face names the same leader and epoch, and shows who was evicted.</summary>
internal static partial class ViewsInStep
{
    private static readonly string[] Faces = ["status", "leader", "agent list", "events", "monitor", "mcp"];

    public static Drill Drill { get; } = new(
        "views-agree", "All views tell the same, and the truth", 2, PlayAsync, Judge);

    private static async Task PlayAsync(Arena arena)
    {
        var count = Math.Clamp(arena.Order.Orchestrators, 2, 3);
        for (var number = 0; number < count; number++)
        {
            arena.Orchestrator();
        }

        arena.Heal();
        var leader = await arena.LeaderAsync(Epoch.None);
        await arena.JoinedAsync(count);
        await LookAsync(arena, leader, null);
        await arena.KillAsync(arena.PlayerOf(leader.Life), "kill -9 of the leader", leader.Epoch);
        arena.Heal();
        var next = await arena.LeaderAsync(leader.Epoch);
        await arena.JoinedAsync(count - 1);
        await LookAsync(arena, next, leader.Life);
    }

    private static async Task LookAsync(Arena arena, LeaderSeen leader, HolderId? evicted)
    {
        foreach (var face in Faces)
        {
            var began = arena.Now;
            string[] words = face switch
            {
                "monitor" => ["monitor", "--once"],
                "mcp" => ["mcp", "--call", "status"],
                _ => [.. face.Split(' '), "--json"],
            };
            var said = await arena.AskAsync(words);
            var seen = said.Exit == 0 ? Read(face, said, evicted) : null;
            if (seen is null)
            {
                arena.Verdict.Fail($"{string.Join(' ', words)} shows no leader: exit {said.Exit}");
                continue;
            }

            arena.Recorder.Take(new(face, View, began, Outcome.Ok)
            {
                Ended = arena.Now, Subject = seen.Leader, Epoch = new(seen.Epoch), Note = seen.State,
            });
            arena.Verdict.Demand(seen.Leader == leader.Life.Value && seen.Epoch == leader.Epoch.Value,
                $"{face}: {seen.Leader} epoch {seen.Epoch} "
                    + $"{seen.State}", $"{face}: {seen.Leader} epoch {seen.Epoch}; it is {leader.Life} epoch {leader.Epoch}");
            if (evicted is not null)
            {
                var word = seen.ShowsEviction is null ? "does not speak of evictions" : $"shows that {evicted} was evicted";
                arena.Verdict.Demand(seen.ShowsEviction is not false, $"{face} {word}",
                    $"{face} does not show that {evicted} was evicted");
            }
        }
    }

    private sealed record Seen(string? Leader, long Epoch, string? State, bool? ShowsEviction);

    private static Seen? Read(string face, Said said, HolderId? evicted)
    {
        switch (face)
        {
            case "status":
                return OfStatus(said.Data);
            case "mcp":
                return OfStatus(JsonElement.Parse(said.Text));
            case "leader":
                return Of(said.Data);
            case "agent list":
                var agents = said.Data.EnumerateArray().ToArray();
                var leader = agents.SingleOrDefault(agent => agent.GetProperty("leader").GetBoolean());
                return leader.ValueKind != JsonValueKind.Object ? null : new(
                    leader.GetProperty("id").GetString(), leader.GetProperty("epoch").GetInt64(), "leading",
                    // Who was evicted is off the roster, or marked.
                    agents.All(agent => agent.GetProperty("id").GetString() != evicted?.Value
                        || agent.GetProperty("state").GetString() == "evicted"));
            case "events":
                var events = said.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => JsonElement.Parse(line)).ToArray();
                var last = events.LastOrDefault(one => one.GetProperty("type").GetString() == EventType.LeaderElected.Name());
                return last.ValueKind != JsonValueKind.Object ? null : new(
                    last.GetProperty("subject").GetString(), last.GetProperty("epoch").GetInt64(), "elected",
                    events.Any(one => one.GetProperty("type").GetString() == EventType.OrchestratorEvicted.Name()
                        && one.GetProperty("subject").GetString() == evicted?.Value));
            case "monitor":
                var line = LeaderLine().Match(said.Text);
                return !line.Success ? null : new(line.Groups[1].Value,
                    long.Parse(line.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture), line.Groups[3].Value,
                    EvictionLine().Matches(said.Text).Any(one =>
                        one.Value.Contains(evicted?.Value ?? "", StringComparison.Ordinal)));
            default:
                throw new ArgumentOutOfRangeException(nameof(face));
        }
    }

    private static Seen OfStatus(JsonElement status) => Of(status.GetProperty("leader")) with
    {
        ShowsEviction = status.GetProperty("cleanup").GetProperty("orchestrators_evicted").GetInt32() > 0,
    };

    private static Seen Of(JsonElement leader) => new(leader.GetProperty("id").GetString(),
        leader.GetProperty("epoch").GetInt64(), leader.GetProperty("state").GetString(), null);

    private static void Judge(History history, Verdict verdict, DrillOrder order)
    {
        var views = history.Of(View).ToArray();
        foreach (var face in Faces.Where(face => views.Count(view => view.Who == face) < 2))
        {
            verdict.Fail($"{face} was not asked before and after a takeover");
        }

        foreach (var moment in views.GroupBy(view => view.Epoch)
            .Where(one => one.Select(view => view.Subject).Distinct().Count() > 1))
        {
            verdict.Fail($"for epoch {moment.Key} different leaders were named: "
                + $"{string.Join(", ", moment.Select(view => $"{view.Who}: {view.Subject}"))}");
        }

        verdict.Show($"{views.Length} looks at {views.Select(view => view.Who).Distinct().Count()} views, before "
            + $"and after a takeover");
    }

    [GeneratedRegex(@"^(\S+) epoch (\d+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex LeaderLine();

    [GeneratedRegex(@"^.*orchestrator\.evicted.*$", RegexOptions.Multiline)]
    private static partial Regex EvictionLine();
}
