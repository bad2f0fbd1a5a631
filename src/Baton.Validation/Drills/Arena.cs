using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Baton.Work;
using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>A leader as the stores show it: its lease is its own and its term has begun.</summary>
internal sealed record LeaderSeen(HolderId Life, Epoch Epoch);

/// <summary>What a command printed and ended with.</summary>
/// <param name="Exit">Its exit code.</param>
/// <param name="Text">Its standard output.</param>
internal sealed record Said(int Exit, string Text)
{
    /// <summary>What a <c>--json</c> envelope holds; an error's where it failed.</summary>
    public JsonElement Data { get; } = Read(Text);

    /// <summary>The error's code; null where there is none.</summary>
    public string? Code => Exit != 0 && Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty("code", out var code)
        ? code.GetString() : null;

    private static JsonElement Read(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.TryGetProperty("data", out var data) ? data.Clone()
                : json.RootElement.TryGetProperty("error", out var error) ? error.Clone()
                : default;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Text for people, or a stream of lines.
            return default;
        }
    }
}

/// <summary>
/// Where one drill takes place: a workspace of its own in the run's scratch folder, its processes, and the recording of
/// all that they and the drill do.
/// </summary>
internal sealed partial class Arena : IDisposable
{
    private const string Run = "validate";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    private readonly IDrillHost _host;
    private readonly Scratch _scratch;
    private readonly HistoryFile _file;
    private readonly IDisposable _witness;
    private readonly ConcurrentDictionary<string, Player> _players = new(StringComparer.Ordinal);
    private ScratchStores? _stores;
    private int _numbers;

    public Arena(IDrillHost host, Scratch scratch, string name, DrillOrder order, Verdict verdict,
        CancellationToken stop)
    {
        _host = host;
        _scratch = scratch;
        Order = order;
        Verdict = verdict;
        Stop = stop;
        Folder = scratch.MakeFolder(name);
        HistoryFolder = Path.Combine(Folder, "history");
        Server = host.Make(Folder);
        LeasesApart = host.LeasesOf(Folder);
        _file = HistoryFile.Append(Path.Combine(HistoryFolder, "drill.ndjson"));
        Recorder = new(host.Clock, _file.Write);
        _witness = host.Witness(Folder);
    }

    /// <summary>What was ordered.</summary>
    public DrillOrder Order { get; }

    /// <summary>Cancelled when the run is to end.</summary>
    public CancellationToken Stop { get; }

    /// <summary>The workspace.</summary>
    public string Folder { get; }

    /// <summary>Its store, where that lies on a server; null: it is a file.</summary>
    public IServerStore? Server { get; }

    /// <summary>Its leases, where they lie apart from its store.</summary>
    public ILeasesApart? LeasesApart { get; }

    /// <summary>The file of its store, where it is one.</summary>
    public string StoreFile => Path.Combine(Folder, ".baton", "baton.db");

    /// <summary>Where all record to.</summary>
    public string HistoryFolder { get; }

    /// <summary>Records what the drill does.</summary>
    public Recorder Recorder { get; }

    /// <summary>What was shown so far.</summary>
    public Verdict Verdict { get; }

    /// <summary>How long what must come about may take: no verdict on speed, a limit to waiting.</summary>
    public TimeSpan Bound => Order.Bound;

    /// <summary>The clock.</summary>
    public TimeProvider Clock => _host.Clock;

    /// <summary>Now, on the clock of the recording.</summary>
    public Instant Now => Recorder.Now;

    /// <summary>The lease store, recorded.</summary>
    public ILeaseStore Leases => new RecordedLeases(Stores.Leases, Recorder);

    /// <summary>The work store, recorded.</summary>
    public IWorkStore Work => new RecordedWork(Stores.Work, Recorder);

    /// <summary>The processes that run.</summary>
    public IEnumerable<Player> Running => _players.Values.Where(player => player.IsRunning)
        .OrderBy(player => player.Name, StringComparer.Ordinal);

    private ScratchStores Stores => _stores ??= _host.Open(Folder);

    /// <summary>Closes the run's own view of the stores; the next use opens what lies there then.</summary>
    public void CloseStores()
    {
        _stores?.Dispose();
        _stores = null;
    }

    /// <summary>Everything recorded so far.</summary>
    public History History() => HistoryFile.Read(HistoryFolder);

    /// <summary>Records something that the drill does, or sees.</summary>
    public void Record(OperationKind kind, string? subject, string? note = null, Instant? began = null, Epoch? epoch = null) =>
        Recorder.Take(new(Run, kind, began ?? Now, Outcome.Ok)
        {
            Ended = Now, Subject = subject, Note = note, Epoch = epoch,
        });

    /// <summary>The faults are over: by when a leader must be there.</summary>
    public void Heal() => Recorder.Take(new(Run, OperationKind.Heal, Now, Outcome.Ok) { Ended = Now, Until = Now + Bound });

    /// <summary>Starts an orchestrator.</summary>
    public Player Orchestrator(params ReadOnlySpan<string> options)
    {
        var name = $"orc-{Interlocked.Increment(ref _numbers)}";
        return Play(name,
            ["orchestrator", "run", "--json", "--id", name, "--ttl", $"{Order.Ttl.TotalMilliseconds:0}ms", .. options]);
    }

    /// <summary>Starts a worker that takes one task after the other, with a shell command.</summary>
    public Player Worker(string command)
    {
        var name = $"worker-{Interlocked.Increment(ref _numbers)}";
        return Play(name, ["run", "--next", "--wait", "--repeat", "--agent", name, "--", "/bin/sh", "-c", command]);
    }

    /// <summary>Runs a command of the program to its end.</summary>
    public async Task<Said> AskAsync(params string[] words)
    {
        var lines = new ConcurrentQueue<string>();
        using var process = _scratch.Start(_host, new(_scratch.Run, Folder, [.. words], lines.Enqueue, _ => { }));
        var exit = await process.Exit.WaitAsync(Bound, Clock, Stop);
        return new(exit, string.Join('\n', lines));
    }

    /// <summary>Runs a command of the program, recorded, to its end.</summary>
    public async Task<Said> ActAsync(params string[] words)
    {
        var lines = new ConcurrentQueue<string>();
        using var process = _scratch.Start(_host,
            new(_scratch.Run, Folder, [.. words], lines.Enqueue, _ => { }) { History = HistoryFolder });
        var exit = await process.Exit.WaitAsync(Bound, Clock, Stop);
        return new(exit, string.Join('\n', lines));
    }

    /// <summary>Waits for something to come about.</summary>
    /// <exception cref="DrillFailedException">It did not, within the bound.</exception>
    public async Task<T> UntilAsync<T>(string what, Func<Task<T?>> look) where T : class
    {
        var until = Now + Bound;
        while (true)
        {
            string? lost = null;
            try
            {
                if (await look() is { } found)
                {
                    return found;
                }
            }
            catch (StoreUnavailableException e)
            {
                // Replaced, or being made anew: what lies there is opened again.
                CloseStores();
                lost = e.Message;
            }

            if (Now >= until)
            {
                string[] words = [.. lost is null ? [] : (string[])[lost], .. _players.Values
                    .OrderBy(player => player.Name, StringComparer.Ordinal).Select(player => player.LastWords)
                    .Where(said => said.Length > 0)];
                throw new DrillFailedException($"waited {Bound.TotalSeconds:0} s in vain for {what}"
                    + (words.Length > 0 ? $" ({string.Join("; ", words)})" : ""));
            }

            await Task.Delay(Look, Clock, Stop);
        }
    }

    /// <summary>Waits for something to become true.</summary>
    public Task UntilAsync(string what, Func<Task<bool>> look) =>
        UntilAsync(what, async () => await look() ? "" : null);

    /// <summary>Pauses.</summary>
    public Task PauseAsync(TimeSpan span) => Task.Delay(span, Clock, Stop);

    /// <summary>Waits for a leader with a higher epoch, whose term has begun.</summary>
    public Task<LeaderSeen> LeaderAsync(Epoch above) => UntilAsync($"a leader above epoch {above}", async () =>
    {
        var view = await Leases.ReadAsync(Order.Election, Stop);
        return view.Holder is { } holder && view.Epoch > above
            && (await Work.SnapshotAsync(Stop)).Fence.Epoch == view.Epoch ? new LeaderSeen(holder.Holder, view.Epoch) : null;
    });

    /// <summary>Waits until so many orchestrators are on the roster, and have recorded that they are.</summary>
    public Task JoinedAsync(int count) => UntilAsync($"{count} orchestrators on the roster", async () =>
        (await Work.SnapshotAsync(Stop)).Agents.Count(agent => agent.IsOrchestrator) == count
        && Running.All(player => player.Lives().Count > 0));

    /// <summary>Waits until so many of a kind are recorded: what is done is recorded a moment later.</summary>
    public Task RecordedAsync(OperationKind kind, int count) => UntilAsync($"{count} recorded operations "
        + $"{kind.Name()}", () =>
        Task.FromResult(History().Done(kind).Count() >= count));

    /// <summary>The process of a life.</summary>
    public Player PlayerOf(HolderId life) => _players.TryGetValue(IdSource.NameOf(new(life.Value)), out var player)
        ? player
        : throw new DrillFailedException($"{life} is no process that the drill started");

    /// <summary>Makes tasks.</summary>
    public async Task SubmitAsync(params IEnumerable<TaskId> ids) =>
        await Work.SubmitAsync([.. ids.Select(id => new NewTask(id, $"drill task {id}"))], Run, Stop);

    /// <summary>Records how all tasks stand.</summary>
    public async Task<ImmutableArray<DurableTask>> SettleAsync()
    {
        var tasks = await Work.TasksAsync(new(), Stop);
        foreach (var task in tasks)
        {
            Record(Settled, task.Id.Value, task.Status.Name());
        }

        return tasks;
    }

    /// <summary>Ends everything that runs here.</summary>
    public void Dispose()
    {
        foreach (var player in _players.Values)
        {
            player.Process.Dispose();
        }

        CloseStores();
        _witness.Dispose();
        _file.Dispose();
    }

    private Player Play(string name, ImmutableArray<string> words)
    {
        var player = new Player(name, HistoryFolder);
        var began = Now;
        player.Process = _scratch.Start(_host, new(_scratch.Run, Folder, words, player.Say, player.Complain)
        {
            History = HistoryFolder,
        });
        _players[name] = player;
        Record(Start, name, $"process {player.Process.Identity.Pid}", began);
        return player;
    }
}
