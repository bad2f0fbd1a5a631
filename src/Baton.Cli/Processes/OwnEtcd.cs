using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Baton.Etcd;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>
/// A cluster of etcd that a run of drills started for itself: three members on free ports of the loopback address,
/// their data in a folder of the run's own.
/// </summary>
internal sealed class OwnEtcd : IOwnCluster, IAsyncDisposable
{
    private const string Program = "etcd";
    private const int Count = 3;
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(2);

    private readonly OwnFolder _folder;
    private readonly string _run;
    private readonly string _program;
    private readonly HttpClient _health = new() { Timeout = LongestAnswer };
    private readonly ImmutableArray<Member> _members;

    private OwnEtcd(string program, string run)
    {
        (_folder, _program, _run) = (FolderOf(run), program, run);
        _members = [.. Enumerable.Range(0, Count).Select(number => new Member(number, FreePort(), FreePort(), FreePort()))];
    }

    /// <summary>Where clients ask it.</summary>
    public EtcdAddress Address => EtcdAddress.Parse(
        $"etcd://{string.Join(',', _members.Select(member => $"127.0.0.1:{member.Clients}"))}");

    /// <inheritdoc/>
    public int Members => Count;

    /// <summary>Where the program is; null where it is not installed.</summary>
    public static string? FindProgram(Func<string, string?> variable) =>
        (variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists);

    /// <summary>Makes a cluster in a new folder, and starts it.</summary>
    /// <exception cref="IOException">It can't be made or started; the message says why.</exception>
    public static async Task<OwnEtcd> MakeAsync(string program, string run, CancellationToken cancel)
    {
        var cluster = new OwnEtcd(program, run);
        cluster._folder.Make();
        try
        {
            await cluster.StartAsync([.. Enumerable.Range(0, Count)], cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Removes the folder that a run left behind when it was killed; its processes have ended.</summary>
    /// <exception cref="NotOursException">It bears another mark.</exception>
    public static void RemoveAfter(string run) => FolderOf(run).Remove();

    /// <inheritdoc/>
    public async Task<int> LeaderAsync(CancellationToken cancel)
    {
        while (true)
        {
            foreach (var member in _members)
            {
                // etcd counts it among its own figures.
                if ((await AskAsync(member, "metrics", cancel))?.Contains("\netcd_server_is_leader 1\n", StringComparison.Ordinal)
                    == true)
                {
                    return member.Number;
                }
            }

            await Task.Delay(Look, BootClock.Instance, cancel);
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(ImmutableArray<int> members, CancellationToken cancel)
    {
        foreach (var number in members)
        {
            Launch(_members[number]);
        }

        var until = Instant.Of(BootClock.Instance) + LongestStart;
        foreach (var member in members.Select(number => _members[number]))
        {
            while (await AskAsync(member, "health", cancel) is null)
            {
                if (member.Process!.Exit.IsCompleted || Instant.Of(BootClock.Instance) >= until)
                {
                    throw new IOException($"a member of the etcd of this run did not start: {member.LastWords}");
                }

                await Task.Delay(Look, BootClock.Instance, cancel);
            }
        }
    }

    /// <inheritdoc/>
    public async Task KillAsync(ImmutableArray<int> members)
    {
        foreach (var number in members)
        {
            _members[number].Process?.Signal(SystemCalls.Kill);
        }

        foreach (var member in members.Select(number => _members[number]))
        {
            if (member.Process is { } process)
            {
                await process.Exit;
                process.Dispose();
                member.Process = null;
            }
        }
    }

    /// <inheritdoc/>
    public void Freeze(ImmutableArray<int> members) => Signal(members, SystemCalls.Stop);

    /// <inheritdoc/>
    public void Thaw(ImmutableArray<int> members) => Signal(members, SystemCalls.Continue);

    /// <inheritdoc/>
    public void Copy() => Replace(DataOf, CopyOf);

    /// <inheritdoc/>
    public void Restore() => Replace(CopyOf, DataOf);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync([.. Enumerable.Range(0, Count)]);
        _health.Dispose();
        _folder.Remove();
    }

    private static OwnFolder FolderOf(string run) => new($"baton-validate-{run}-etcd", run);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string DataOf(Member member) => Path.Combine(_folder.Path, member.Name);

    private string CopyOf(Member member) => Path.Combine(_folder.Path, $"{member.Name}.copy");

    private void Replace(Func<Member, string> from, Func<Member, string> to)
    {
        foreach (var member in _members)
        {
            if (member.Process is not null)
            {
                throw new InvalidOperationException($"{member.Name} still runs");
            }

            if (Directory.Exists(to(member)))
            {
                Directory.Delete(to(member), recursive: true);
            }

            foreach (var file in Directory.EnumerateFiles(from(member), "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(to(member), Path.GetRelativePath(from(member), file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
    }

    private void Signal(ImmutableArray<int> members, int signal)
    {
        foreach (var number in members)
        {
            _members[number].Process?.Signal(signal);
        }
    }

    private void Launch(Member member)
    {
        var clients = $"http://127.0.0.1:{member.Clients}";
        var peers = $"http://127.0.0.1:{member.Peers}";
        member.Process = ChildProcess.Start(new(
        [
            _program, "--name", member.Name, "--data-dir", DataOf(member), "--listen-client-urls", clients,
            "--advertise-client-urls", clients, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
            "--initial-cluster", string.Join(',', _members.Select(one => $"{one.Name}=http://127.0.0.1:{one.Peers}")),
            "--listen-metrics-urls", $"http://127.0.0.1:{member.Health}", "--logger", "zap", "--log-level", "warn",
        ])
        {
            Folder = "/",
            OwnSession = true,
            Output = new ChildOutput.Lines(member.Hear),
            Errors = new ChildOutput.Lines(member.Hear),
            Environment = ImmutableDictionary<string, string?>.Empty.Add(DrillHost.Variable, $"{_run}/{member.Name}"),
        });
    }

    /// <summary>What a member says of itself; null when it does not.</summary>
    private async Task<string?> AskAsync(Member member, string what, CancellationToken cancel)
    {
        try
        {
            using var answer = await _health.GetAsync(new Uri($"http://127.0.0.1:{member.Health}/{what}"), cancel);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(cancel) : null;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && e is HttpRequestException or TaskCanceledException)
        {
            // It does not run, or is looking for its peers.
            return null;
        }
    }

    private sealed record Member(int Number, int Clients, int Peers, int Health)
    {
        public string Name => $"etcd-{Number}";

        public ChildProcess? Process { get; set; }

        /// <summary>What its log told last; what is no line of the log is where in its code it gave up.</summary>
        public string LastWords { get; private set; } = "";

        public void Hear(string line)
        {
            try
            {
                using var told = JsonDocument.Parse(line);
                if (told.RootElement.ValueKind == JsonValueKind.Object && told.RootElement.TryGetProperty("msg", out var said))
                {
                    var why = told.RootElement.TryGetProperty("error", out var error) ? $": {error}" : "";
                    LastWords = Plain.Line($"{said}{why}");
                }
            }
            catch (JsonException)
            {
                LastWords = LastWords.Length > 0 ? LastWords : Plain.Line(line);
            }
        }
    }
}
