using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Baton.Bench;

/// <summary>How a night is to be.</summary>
/// <param name="Program">The program baton.</param>
/// <param name="Tasks">How many tasks, of three roles.</param>
/// <param name="KillEvery">After which time the leader is killed, again and again.</param>
/// <param name="Pause">How long nobody is offered a task that was declined by the command's own word.</param>
internal sealed record NightOrder(string Program, int Tasks, TimeSpan KillEvery, string Pause)
{
    /// <summary>A server store of its own; null: the embedded one.</summary>
    public string? Store { get; init; }

    /// <summary>After how long everything is given up.</summary>
    public TimeSpan FailSafe { get; init; } = TimeSpan.FromMinutes(20);
}

/// <summary>
/// A night's work: tasks in a dependency graph, six workers of three roles of which some crash, hang, decline, fail or
/// finish late, and a leader that is killed again and again. At the end each attempt must be explained by an event.
/// </summary>
internal sealed class Night : IDisposable
{
    private const int Layers = 6;
    private static readonly string[] Roles = ["build", "review", "test"];
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    // Decided by the number of the task, at its first attempt only: a night can be played again.
    private const string Work = """
        #!/bin/sh
        set -u
        number=$(sed -n 's/.*"title":"night \([0-9]*\)".*/\1/p' "$BATON_TASK_FILE")
        say() { echo "$BATON_TASK_ID $BATON_ATTEMPT $1" >>"$NIGHT_JOURNAL"; }
        [ "$BATON_ATTEMPT" -eq 1 ] && kind=$((number % 20)) || kind=0
        [ "$kind" -eq 13 ] && [ $((number % 60)) -ne 13 ] && kind=0
        case $kind in
        3) say crash; kill -9 "$PPID"; exit 0 ;;
        7) say hang; exec sleep 600 ;;
        11) say decline; echo 'no licence left'; exit 75 ;;
        17) say fail; exit 9 ;;
        19) say decline; exec "$NIGHT_PROGRAM" task decline "$BATON_TASK_ID" --reason 'not now' --for "$NIGHT_PAUSE" ;;
        13) say late
            kill -STOP "$PPID"
            holder() { "$NIGHT_PROGRAM" task show "$BATON_TASK_ID" --field assigned_to; }
            while [ "$(holder)" = "$BATON_AGENT_ID" ]; do sleep 1; done
            "$NIGHT_PROGRAM" task complete "$BATON_TASK_ID" --summary 'late' >/dev/null 2>&1
            say "refused:$?"
            kill -CONT "$PPID"
            exit 0 ;;
        *) say work; echo "working on $number"; sleep 0.2 ;;
        esac
        """;

    private readonly NightOrder _order;
    private readonly string _folder = Directory.CreateTempSubdirectory("baton-night-").FullName;
    private readonly Action<string> _say;

    private Night(NightOrder order, Action<string> say) => (_order, _say) = (order, say);

    private string Journal => Path.Combine(_folder, "journal");

    /// <summary>Plays a night and says what came of it, line by line; true if nothing went wrong.</summary>
    public static async Task<bool> PlayAsync(NightOrder order, Action<string> say, CancellationToken cancel)
    {
        using var night = new Night(order, say);
        return await night.PlayAsync(cancel);
    }

    public void Dispose() => Directory.Delete(_folder, true);

    private async Task<bool> PlayAsync(CancellationToken cancel)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "work.sh"), Work, cancel);
        await File.WriteAllLinesAsync(
            Path.Combine(_folder, "tasks"), Enumerable.Range(0, _order.Tasks).Select(TaskLine), cancel);
        await RunAsync(cancel, _order.Store is { } store ? ["init", ".", "--store", store] : ["init"]);
        await RunAsync(cancel, "task", "create", "--file", "tasks");
        var began = Instant.Of(BootClock.Instance);
        string[] kinds = [.. Roles.SelectMany(role => (string[])
            ["--worker", $"[role={role} can={role}-tools count=2] exec sh work.sh"])];
        using var up = Start(["up", "--orchestrators", "3", "--no-monitor", "--until-idle", "--ttl", "2s", .. kinds]);
        var heard = up.StandardOutput.ReadToEndAsync(cancel);
        var complaints = up.StandardError.ReadToEndAsync(cancel);
        var kills = 0;
        try
        {
            var nextKill = began + _order.KillEvery;
            while (!up.HasExited)
            {
                await Task.Delay(Look, BootClock.Instance, cancel);
                var now = Instant.Of(BootClock.Instance);
                if (now - began > _order.FailSafe)
                {
                    throw new TimeoutException("the night does not end");
                }

                if (now >= nextKill)
                {
                    kills += await KillLeaderAsync(cancel) ? 1 : 0;
                    nextKill = Instant.Of(BootClock.Instance) + _order.KillEvery;
                }
            }
        }
        finally
        {
            if (!up.HasExited)
            {
                up.Kill();
            }

            await up.WaitForExitAsync(CancellationToken.None);
        }

        await heard;
        var took = Instant.Of(BootClock.Instance) - began;
        _say($"{_order.Tasks} tasks of {Roles.Length} roles, 6 workers, {took.TotalSeconds:0} s, the leader was killed "
            + $"{kills} times; up ended with {up.ExitCode}");
        if (up.ExitCode != 0)
        {
            _say((await complaints).Trim());
        }

        return await JudgeAsync(cancel) && up.ExitCode == 0;
    }

    private string TaskLine(int number)
    {
        // Each task waits for one or two of the layer before its own.
        var width = Math.Max(1, _order.Tasks / Layers);
        var before = ((number / width) - 1) * width;
        string[] on = before < 0 ? []
            : [.. new[] { before + (number * 7 % width), before + (number * 13 % width) }.Distinct()
                .Select(i => $"\"k{i}\"")];
        var role = Roles[number % Roles.Length];
        return $$"""
            {"title":"night {{number}}","key":"k{{number}}","role":"{{role}}","needs":["{{role}}-tools"],
            """ + $$"""
            "stall_ms":10000,"depends_on":[{{string.Join(',', on)}}]}
            """;
    }

    private async Task<bool> KillLeaderAsync(CancellationToken cancel)
    {
        using var status = JsonDocument.Parse(await RunAsync(cancel, "status", "--json"));
        var leader = status.RootElement.GetProperty("data").GetProperty("leader");
        if (leader.GetProperty("pid") is not { ValueKind: JsonValueKind.Number } pid
            || leader.GetProperty("state").GetString() != "leading")
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(pid.GetInt32());
            process.Kill();
            return true;
        }
        catch (ArgumentException)
        {
            // It has gone meanwhile by itself.
            return false;
        }
    }

    private sealed record Ending(string Type, string Message, long Seq);

    private sealed record TaskRow(string Id, string Title, string Status, string Role, int Attempts);

    private async Task<bool> JudgeAsync(CancellationToken cancel)
    {
        using var list = JsonDocument.Parse(await RunAsync(cancel, "task", "list", "--json"));
        var tasks = list.RootElement.GetProperty("data").EnumerateArray().Select(task => new TaskRow(
            task.GetProperty("id").GetString()!, task.GetProperty("title").GetString()!,
            task.GetProperty("status").GetString()!, task.GetProperty("role").GetString()!,
            task.GetProperty("attempt").GetInt32())).ToList();
        var claims = new Dictionary<(string, int), string>();
        var endings = new Dictionary<(string, int), List<Ending>>();
        var terms = 0;
        var log = await RunAsync(cancel, "events", "--json");
        foreach (var line in log.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var told = JsonDocument.Parse(line);
            terms += Take(told.RootElement, claims, endings);
        }

        foreach (var group in tasks.GroupBy(task => (task.Role, task.Status)).OrderBy(group => group.Key))
        {
            _say($"  {group.Key.Role,-7} {group.Key.Status,-10} {group.Count()}");
        }

        _say($"  {terms} terms, {claims.Count} attempts, "
            + $"{endings.Values.Sum(all => all.Count(IsCompletion))} completions of "
            + $"{endings.Count(entry => entry.Value.Any(IsCompletion))} tasks");
        var faults = Faults(tasks, claims, endings).ToList();
        faults.AddRange(Anomalies(await JournalAsync(cancel), tasks, endings));
        foreach (var fault in faults)
        {
            _say($"FAULT {fault}");
        }

        _say(faults.Count == 0 ? "each task was completed exactly once, and an event explains each anomaly"
            : $"{faults.Count} faults");
        return faults.Count == 0;
    }

    private static int Take(JsonElement told, Dictionary<(string, int), string> claims,
        Dictionary<(string, int), List<Ending>> endings)
    {
        var type = told.GetProperty("type").GetString()!;
        if (told.GetProperty("data") is not { ValueKind: JsonValueKind.Object } data
            || !data.TryGetProperty("attempt", out var attempt) || attempt.ValueKind != JsonValueKind.Number)
        {
            return type == "leader.elected" ? 1 : 0;
        }

        var key = (told.GetProperty("subject").GetString()!, attempt.GetInt32());
        if (type == "task.claimed")
        {
            claims.Add(key, told.GetProperty("actor").GetString()!);
        }
        else if (type is "task.completed" or "task.failed" or "task.declined" or "task.requeued")
        {
            var all = endings.TryGetValue(key, out var known) ? known : endings[key] = [];
            all.Add(new(type, told.GetProperty("message").GetString()!, told.GetProperty("seq").GetInt64()));
        }

        return 0;
    }

    private static IEnumerable<string> Faults(List<TaskRow> tasks, Dictionary<(string, int), string> claims,
        Dictionary<(string, int), List<Ending>> endings)
    {
        foreach (var task in tasks)
        {
            var completions = Enumerable.Range(1, task.Attempts)
                .Sum(attempt => endings.GetValueOrDefault((task.Id, attempt))?.Count(IsCompletion) ?? 0);
            if (task.Status != "completed" || completions != 1)
            {
                yield return $"{task.Title} is {task.Status} and was completed {completions} times";
            }

            for (var attempt = 1; attempt <= task.Attempts; attempt++)
            {
                if (endings.GetValueOrDefault((task.Id, attempt)) is not [_])
                {
                    yield return $"{task.Title}, attempt {attempt}: no event, or more than one, says how it ended";
                }

                var worker = claims.GetValueOrDefault((task.Id, attempt), "nobody");
                if (!worker.StartsWith($"worker-{task.Role}-", StringComparison.Ordinal))
                {
                    yield return $"{task.Title}, attempt {attempt}, was taken by {worker}, not by one of the role {task.Role}";
                }
            }
        }
    }

    /// <summary>Says each anomaly with the event that explains it; gives those that none explains.</summary>
    private IEnumerable<string> Anomalies(List<(string Task, int Attempt, string What)> journal, List<TaskRow> tasks,
        Dictionary<(string, int), List<Ending>> endings)
    {
        var titles = tasks.ToDictionary(task => task.Id, task => task.Title);
        var planned = journal
            .Where(entry => entry.What is not "work" && !entry.What.StartsWith("refused:", StringComparison.Ordinal))
            .ToDictionary(entry => (entry.Task, entry.Attempt), entry => entry.What);
        foreach (var ((task, attempt), all) in endings.OrderBy(entry => entry.Value[0].Seq))
        {
            var end = all[0];
            var what = planned.GetValueOrDefault((task, attempt));
            if (what is null && IsCompletion(end))
            {
                continue;
            }

            _say($"  {titles[task]}, attempt {attempt}: {what ?? "(not planned)"} -> "
                + $"event {end.Seq} {end.Type}: {end.Message}");
            if (what is not null && !Explains(what, end))
            {
                yield return $"{titles[task]}, attempt {attempt}: {what} is not explained by {end.Type}: {end.Message}";
            }
        }

        foreach (var (task, attempt, what) in journal)
        {
            if (what.StartsWith("refused:", StringComparison.Ordinal))
            {
                _say($"  {titles[task]}, attempt {attempt}: its late completion was refused with exit code {what[8..]}");
                if (what != "refused:5")
                {
                    yield return $"{titles[task]}, attempt {attempt}: its late completion ended with {what[8..]}, not 5";
                }
            }
            else if (!endings.ContainsKey((task, attempt)))
            {
                yield return $"{titles[task]}, attempt {attempt}: it ran, and no event says how it ended";
            }
        }
    }

    private static bool Explains(string what, Ending end) => what switch
    {
        "crash" or "late" => end.Type == "task.requeued",
        "hang" => end.Type == "task.failed" && end.Message.Contains("stalled", StringComparison.Ordinal),
        // On a starved machine the command that declines may be ended for its silence before it has started.
        "decline" => end.Type == "task.declined" || end.Message.Contains("stalled", StringComparison.Ordinal),
        "fail" => end.Type == "task.failed" && end.Message.Contains("exit code 9", StringComparison.Ordinal),
        _ => false,
    };

    private static bool IsCompletion(Ending end) => end.Type == "task.completed";

    private async Task<List<(string Task, int Attempt, string What)>> JournalAsync(CancellationToken cancel) =>
        [.. (File.Exists(Journal) ? await File.ReadAllLinesAsync(Journal, cancel) : []).Select(line => line.Split(' '))
            .Select(part => (part[0], int.Parse(part[1], CultureInfo.InvariantCulture), part[2]))];

    private async Task<string> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        using var process = Start(arguments);
        var said = process.StandardOutput.ReadToEndAsync(cancel);
        var complaints = process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? await said
            : throw new InvalidOperationException($"{string.Join(' ', arguments)}: {await complaints}");
    }

    private Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo(_order.Program, arguments)
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        var ours = start.Environment.Keys.Where(name => name.StartsWith("BATON_", StringComparison.Ordinal));
        foreach (var name in ours.ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["NIGHT_PROGRAM"] = _order.Program;
        start.Environment["NIGHT_JOURNAL"] = Journal;
        start.Environment["NIGHT_PAUSE"] = _order.Pause;
        return Process.Start(start)!;
    }
}
