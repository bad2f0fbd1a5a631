using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>
/// Reads the workspace of a Hyrm system: its tasks with their assessments and specs, its agents and messages as
/// history, its working memory, and the highest epoch that its records name. Pure over the folder: it writes
/// nothing and knows no store. Either all is read or nothing.
/// </summary>
public sealed partial class HyrmReader
{
    private const string TasksFile = "memory/tasks.json";
    private const string RegistryFile = "memory/agent-registry.json";
    private const string LeaseFile = "memory/orchestrator-state.json";
    private const string LogFile = "memory/coordination.log";
    private const string AssessmentsFile = "memory/quality-assessments.json";
    private const string StateFile = "memory/state.json";

    // A floor near the end of the epochs would leave an election no terms to come.
    private const long HighestBelieved = Epoch.Highest / 2;

    private readonly RecordFolder _folder;
    private readonly DateTimeOffset _now;
    private readonly FindingList _findings = new();
    private Epoch _floor = Epoch.None;
    private string? _floorNamedIn;

    private HyrmReader(RecordFolder folder, DateTimeOffset now)
    {
        _folder = folder;
        _now = now;
    }

    /// <summary>Reads the folder that holds <c>memory/</c>.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="now">The time that a record gets when nothing in it tells one.</param>
    /// <returns>
    /// The whole, with what was found on the way; or <see cref="ImportReading.Missing"/> when the folder, its
    /// <c>memory/</c> or the tasks are not there; or <see cref="ImportReading.Damaged"/> when one of tasks,
    /// registry, lease and log can't be believed.
    /// </returns>
    public static ImportReading Read(string path, DateTimeOffset now)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        const string what = "name the folder of a Hyrm workspace, the one that holds memory/tasks.json";
        if (!Directory.Exists(path))
        {
            return new ImportReading.Missing($"{path} is not there, or is no folder", what);
        }

        var root = Path.GetFullPath(path);
        if (!Directory.Exists(Path.Combine(root, "memory")))
        {
            var isMemory = File.Exists(Path.Combine(root, "tasks.json"));
            return new ImportReading.Missing($"{path} holds no memory/", isMemory
                ? $"it seems to be memory/ itself: name the folder above it, {Path.GetDirectoryName(root)}"
                : what);
        }

        try
        {
            var whole = new HyrmReader(new(root), now).ReadAll(root);
            return whole is null ? new ImportReading.Missing($"{path} holds no {TasksFile}", what) : whole;
        }
        catch (RecordDamageException e)
        {
            return new ImportReading.Damaged(e.Message, "nothing was imported; mend the file or restore it "
                + "from a backup (or move it away, if it should not be there), then import again");
        }
    }

    private ImportReading.Whole? ReadAll(string root)
    {
        if (_folder.Json(TasksFile) is not { } tasksRoot)
        {
            return null;
        }

        var tasks = new HyrmTasks(TasksFile, _now, _findings).Read(tasksRoot);
        _folder.Found(TasksFile, tasks.Length, "tasks");
        tasks = ReadAssessments(tasks);
        var agents = ReadRegistry();
        ReadLease();
        ReadLog();
        var byId = tasks.ToDictionary(task => task.Id);
        ReadState(byId);
        var messages = new HyrmMessages(_folder, _now, _findings).Read(byId);
        var specs = new HyrmSpecs(_folder, _now, _findings);
        tasks = specs.Onto(tasks);
        var memory = new HyrmMemory(_folder, _findings).Read();
        ReportOthers();
        return new(new(root, tasks, agents, _floor) { Messages = messages },
            new(_folder.Files, _floorNamedIn, _findings.ToImmutable()))
        {
            Files = [.. memory, .. specs.Files],
        };
    }

    private ImmutableArray<DurableTask> ReadAssessments(ImmutableArray<DurableTask> tasks)
    {
        if (_folder.Json(AssessmentsFile) is not { } root)
        {
            _folder.Found(AssessmentsFile, null, "assessments");
            return tasks;
        }

        var assessments = new HyrmAssessments(AssessmentsFile, _findings);
        tasks = assessments.Onto(tasks, root);
        _folder.Found(AssessmentsFile, assessments.Count, "assessments");
        return tasks;
    }

    // Nothing of it is taken in, so that it may be broken.
    private void ReadState(Dictionary<TaskId, DurableTask> tasks)
    {
        try
        {
            int? active = _folder.Json(StateFile) is { } root
                ? new HyrmState(StateFile, _findings).Compare(root, tasks) : null;
            _folder.Found(StateFile, active, "active tasks");
        }
        catch (RecordDamageException e)
        {
            _folder.Found(StateFile, 0, "active tasks");
            _findings.Add(FindingKind.LeftOut, StateFile, null, $"it can't be read: {e.Message}");
        }
    }

    private void ReportOthers()
    {
        var asked = _folder.Files.Select(file => file.File).ToHashSet(StringComparer.Ordinal);
        foreach (var file in _folder.List("memory").Where(file => !asked.Contains(file) && !IsHidden(file)))
        {
            _findings.Add(FindingKind.LeftOut, file, null, "this file is not imported");
        }

        foreach (var other in _folder.Folders("memory").Where(other => !IsHidden(other)
            && !asked.Any(file => file.StartsWith(other + "/", StringComparison.Ordinal))))
        {
            _findings.Add(FindingKind.LeftOut, other, null, "this folder is not imported");
        }

        static bool IsHidden(string file) => Path.GetFileName(file).StartsWith('.');
    }

    private ImmutableArray<Agent> ReadRegistry()
    {
        if (_folder.Json(RegistryFile) is not { } root)
        {
            _folder.Found(RegistryFile, null, "agents");
            return [];
        }

        TakeEpochs(root, RegistryFile);
        var list = ListIn(root, "agents", RegistryFile);
        var agents = ImmutableArray.CreateBuilder<Agent>();
        var known = new HashSet<AgentId>();
        foreach (var item in list.Items)
        {
            var agent = ReadAgent(item);
            if (known.Add(agent.Id))
            {
                agents.Add(agent);
            }
            else
            {
                _findings.Add(FindingKind.LeftOut, RegistryFile, item.Line,
                    $"agent {agent.Id} stands here again; the first is believed");
            }
        }

        _folder.Found(RegistryFile, list.Items.Length, "agents");
        return agents.ToImmutable();
    }

    private Agent ReadAgent(JsonPart item)
    {
        var id = IdOf(item, RegistryFile, "agent", "agent_id", "id");
        var fields = new RecordFields(item, RegistryFile, _findings) { Label = id };
        fields.Part("agent_id", "id");
        var beat = fields.Time("last_heartbeat");
        var started = fields.Time("started_at") ?? beat ?? _now;
        var role = fields.Part("assigned_role") is null ? fields.Text("role") : fields.Text("assigned_role");
        var agent = new Agent(new(id), id, string.IsNullOrWhiteSpace(role) ? Agent.WorkerRole : role)
        {
            // Whatever it says of itself, it is no agent of this workspace: its life is over here.
            Status = AgentStatus.Stopped,
            Host = fields.Text("host") ?? "",
            Pid = fields.Count("pid") ?? 0,
            StartedAt = started,
            LastSeenAt = beat ?? started,
        };
        fields.Part("status");
        fields.ReportTheRest();
        return agent;
    }

    private void ReadLease()
    {
        var root = _folder.Json(LeaseFile);
        if (root is not null && root.Kind != JsonValueKind.Object)
        {
            throw new RecordDamageException(
                $"{LeaseFile}, line {root.Line}", $"{root.Sort} instead of an object");
        }

        int? epochs = root is null ? null : TakeEpochs(root, LeaseFile);
        _folder.Found(LeaseFile, epochs, "epochs");
        if (epochs == 0)
        {
            _findings.Add(FindingKind.Disagreement, LeaseFile, root!.Line, "the lease names no epoch");
        }
    }

    private void ReadLog()
    {
        int? lines = null;
        int? firstOdd = null;
        var odd = 0;
        var hasEnd = _folder.EachLine(LogFile, (number, line) =>
        {
            lines = number;
            if (RecordFields.ParseTime(line.Split(' ', 2)[0]) is null && !string.IsNullOrWhiteSpace(line))
            {
                odd++;
                firstOdd ??= number;
            }

            foreach (var match in EpochInText().Matches(line).AsEnumerable())
            {
                TakeEpoch(match.Groups[1].Value, LogFile, number);
            }
        });
        _folder.Found(LogFile, lines, "lines");
        if (!hasEnd)
        {
            _findings.Add(FindingKind.LeftOut, LogFile, lines,
                "the last line has no end: what was cut off may have named higher epochs");
        }

        if (odd > 0)
        {
            _findings.Add(FindingKind.Disagreement, LogFile, firstOdd,
                $"{odd} of {lines} lines begin with no time, here for the first time; read all the same");
        }
    }

    private int TakeEpochs(JsonPart part, string file)
    {
        var taken = 0;
        foreach (var item in part.Items)
        {
            taken += TakeEpochs(item, file);
        }

        foreach (var (name, value) in part.Members)
        {
            taken += TakeEpochs(value, file);
            var isEpoch = name.EndsWith("epoch", StringComparison.OrdinalIgnoreCase);
            if (isEpoch && value.Kind != JsonValueKind.Null)
            {
                taken++;
                TakeEpoch(value.Text, file, value.Line);
            }
        }

        return taken;
    }

    private void TakeEpoch(string digits, string file, int line)
    {
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            || value > HighestBelieved)
        {
            _findings.Add(FindingKind.LeftOut, file, line,
                $"epoch '{RecordText.Shown(digits)}' is not from 0 to {HighestBelieved}: not believed");
            return;
        }

        if (new Epoch(value) > _floor)
        {
            _floor = new(value);
            _floorNamedIn = $"{file}:{line}";
        }
    }

    /// <summary>The list of records in a file: the member of that name, or the file's own list.</summary>
    internal static JsonPart ListIn(JsonPart root, string name, string file)
    {
        var list = root.Kind == JsonValueKind.Array ? root : root[name];
        return list is { Kind: JsonValueKind.Array } ? list : throw new RecordDamageException(
            $"{file}, line {(list ?? root).Line}", $"there is no list '{name}'");
    }

    /// <summary>The id of a record, the one field that it can't do without.</summary>
    internal static string IdOf(JsonPart item, string file, string sort, params ReadOnlySpan<string> names)
    {
        var place = $"{file}, line {item.Line}";
        if (item.Kind != JsonValueKind.Object)
        {
            throw new RecordDamageException(place, $"{item.Sort} instead of a record of one {sort}");
        }

        foreach (var name in names)
        {
            if (item[name] is { } part)
            {
                return HolderId.IsWellFormed(part.Text) ? part.Text : throw new RecordDamageException(
                    $"{file}, line {part.Line}",
                    $"'{RecordText.Shown(part.Text)}' is no id of {sort}s: 1 to 128 of A-Z a-z 0-9 . _ -");
            }
        }

        throw new RecordDamageException(place, $"this {sort} has no '{names[0]}'");
    }

    [GeneratedRegex(@"(?<![A-Z])epoch\W{0,4}(\d+)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex EpochInText();
}
