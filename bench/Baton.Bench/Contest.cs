using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Baton.Postgres;
using Baton.Work;

namespace Baton.Bench;

/// <summary>
/// Three candidates as processes, on one server, whose leader is released, killed and frozen again and again: this library
/// and a peer, by the same rounds. Tells how long each change took, and whether two believed at once that they lead.
/// </summary>
internal sealed class Contest : IDisposable
{
    private const int Candidates = 3;
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(2);

    private readonly Ground _ground;
    private readonly string _kind;
    private readonly int _ttl;
    private readonly string _secret = new IdSource(BootClock.Instance, RandomNumberGenerator.Fill).NewSecret();
    private readonly string _folder;
    private readonly PostgresDatabase _database;
    private readonly PostgresLeaseStore _leases;
    private readonly ConcurrentDictionary<string, Process> _processes = new();
    private readonly ConcurrentDictionary<string, bool> _ready = new();
    private readonly BlockingCollection<Change> _changes = [];
    private readonly List<Change> _told = [];
    private int _joined;
    private int _unaware;
    private string? _leader;

    private Contest(Ground ground, string kind, int ttl)
    {
        (_ground, _kind, _ttl) = (ground, kind, ttl);
        _database = PostgresDatabase.Open(ground.Address!);
        _leases = new(_database);
        _folder = Directory.CreateDirectory(Path.Combine(ground.Folder, $"{kind}-{ttl}")).FullName;
    }

    private sealed record Change(string Name, bool Leads, long At);

    /// <summary>Plays the rounds of all of them.</summary>
    /// <param name="store">Where.</param>
    /// <param name="rounds">How many of each fault.</param>
    /// <param name="only">One fault; or "all".</param>
    public static int Run(string store, int rounds, string only)
    {
        const int ttl = 2;
        using var ground = new Ground(store);
        Console.WriteLine($"{ground.Name}, {rounds} rounds each, {Candidates} candidate processes");
        foreach (var fault in ((string[])["release", "crash", "freeze", "cut"]).Where(fault => only == "all" || fault == only))
        {
            foreach (var kind in (string[])[Contestant.Own, Contestant.Peer, Contestant.Unwatched])
            {
                using var contest = new Contest(ground, kind, ttl);
                contest.Play(fault, rounds);
            }
        }

        return 0;
    }

    public void Dispose()
    {
        foreach (var process in _processes.Values)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.WaitForExit();
            process.Dispose();
        }

        _changes.Dispose();
        _database.Dispose();
    }

    private void Play(string fault, int rounds)
    {
        while (_joined < Candidates)
        {
            Join();
        }

        Await(change => change.Leads, FailSafe);
        var took = new List<double>();
        var unfollowed = 0;
        for (var round = 0; round < rounds; round++)
        {
            BootClock.Pause(Settle, CancellationToken.None);
            var victim = _leader!;
            var from = Now;
            var next = fault switch
            {
                "release" => End(victim, Signals.Terminate),
                "crash" => End(victim, Signals.Kill),
                _ => Freeze(victim, fault == "cut"),
            };
            if (next is null)
            {
                unfollowed++;
            }
            else
            {
                took.Add((next.At - from) / 1e6);
            }
        }

        BootClock.Pause(Settle, CancellationToken.None);
        Drain();
        var both = Overlaps();
        Console.WriteLine($"{_kind}{(_kind == Contestant.Own ? $", ttl {_ttl} s" : "")}, {Explain(fault)}: "
            + $"{Figures.Summary(took)}; nobody followed in {unfollowed} of {rounds} rounds; two believed at once "
            + $"{both.Count} times{(both.Count == 0 ? "" : $", for {Figures.Summary(both)}")}"
            + (_unaware == 0 ? ""
                : $"; in {_unaware} the former one believed until it was ended, {Patience.TotalSeconds} s later"));
    }

    private string Explain(string fault) => fault switch
    {
        "release" => "SIGTERM of the leader",
        "crash" => "kill -9 of the leader",
        "freeze" => $"SIGSTOP of the leader, SIGCONT a second after the next one leads, or after {Patience.TotalSeconds} s",
        _ => "SIGSTOP of the leader, its sessions ended by the server, SIGCONT a second after the next one leads",
    };

    private TimeSpan Patience => TimeSpan.FromSeconds(_ttl * 4);

    private Change? End(string victim, int signal)
    {
        if (signal == Signals.Kill)
        {
            // What it can't say itself any more.
            _changes.Add(new(victim, false, Now));
        }

        Signals.Send(_processes[victim].Id, signal);
        _processes[victim].WaitForExit();
        if (_kind == Contestant.Own && signal == Signals.Kill)
        {
            // As a supervisor does, who saw its child die.
            _leases.RevokeAsync(ElectionName.Main, Contestant.HolderOf(victim), CancellationToken.None)
                .AsTask().GetAwaiter().GetResult();
        }

        var next = Await(change => change.Leads, FailSafe);
        Join();
        return next;
    }

    private Change? Freeze(string victim, bool cuts)
    {
        Signals.Send(_processes[victim].Id, Signals.Stop);
        if (cuts)
        {
            _ground.Ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                + (_kind != Contestant.Own
                    ? $"application_name = '{Contestant.PeerApplication(victim)}'" : $"pid IN ({Sessions(victim)})"));
        }

        var next = Await(change => change.Leads, Patience);
        BootClock.Pause(TimeSpan.FromSeconds(1), CancellationToken.None);
        Signals.Send(_processes[victim].Id, Signals.Continue);
        if (next is null)
        {
            return null;
        }

        if (Await(change => change.Name == victim && !change.Leads, Patience) is null)
        {
            // Nothing tells it that it leads no more.
            _unaware++;
            _changes.Add(new(victim, false, Now));
            Signals.Send(_processes[victim].Id, Signals.Kill);
            _processes[victim].WaitForExit();
            Join();
        }

        _leader = next.Name;
        return next;
    }

    /// <summary>The server's numbers of the sessions of a process, by the ports that it uses.</summary>
    private string Sessions(string name)
    {
        var inodes = Directory.GetFiles($"/proc/{_processes[name].Id}/fd")
            .Select(file => new FileInfo(file).LinkTarget ?? "")
            .Where(target => target.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(target => target["socket:[".Length..^1]).ToHashSet(StringComparer.Ordinal);
        var ports = File.ReadLines("/proc/net/tcp").Skip(1).Concat(File.ReadLines("/proc/net/tcp6").Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(fields => inodes.Contains(fields[9]))
            .Select(fields => int.Parse(fields[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return $"SELECT pid FROM pg_stat_activity WHERE client_port IN ({string.Join(", ", ports.Append(0))})";
    }

    private void Join()
    {
        // A holder that was revoked never leads again: each contest has names of its own.
        var name = $"c{_joined++}-{_secret}";
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!,
            ["candidate", _kind, _ground.Uri, _folder, name, $"{_ttl}"]) { RedirectStandardOutput = true })!;
        _processes[name] = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Split(' ') is not [var word, var at])
            {
                return;
            }

            if (word == "ready")
            {
                _ready[name] = true;
                return;
            }

            _changes.Add(new(name, word == "on", long.Parse(at, CultureInfo.InvariantCulture)));
        };
        process.BeginOutputReadLine();
        while (!_ready.ContainsKey(name))
        {
            BootClock.Pause(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }
    }

    private Change? Await(Func<Change, bool> isIt, TimeSpan atMost)
    {
        var until = Instant.Of(BootClock.Instance) + atMost;
        while (_changes.TryTake(out var change, until - Instant.Of(BootClock.Instance) is var left && left > TimeSpan.Zero
            ? left : TimeSpan.Zero))
        {
            Note(change);
            if (isIt(change))
            {
                return change;
            }
        }

        return atMost < FailSafe ? null : throw new TimeoutException($"{_kind}: nobody leads");
    }

    private void Drain()
    {
        while (_changes.TryTake(out var change))
        {
            Note(change);
        }
    }

    private void Note(Change change)
    {
        _told.Add(change);
        _leader = change.Leads ? change.Name : _leader;
    }

    /// <summary>For how many milliseconds two believed at once, each time that it happened.</summary>
    private List<double> Overlaps()
    {
        var spans = new List<(string Name, long From, long To)>();
        foreach (var (change, i) in _told.Select((change, i) => (change, i)).Where(entry => entry.change.Leads))
        {
            var end = _told.Skip(i).FirstOrDefault(later => later.Name == change.Name && !later.Leads);
            spans.Add((change.Name, change.At, end?.At ?? long.MaxValue));
        }

        var both = new List<double>();
        for (var i = 0; i < spans.Count; i++)
        {
            both.AddRange(spans.Skip(i + 1).Where(other => other.Name != spans[i].Name)
                .Select(other => (Math.Min(spans[i].To, other.To) - Math.Max(spans[i].From, other.From)) / 1e6)
                .Where(shared => shared > 0));
        }

        return both;
    }

    private static long Now => Instant.Of(BootClock.Instance).Nanoseconds;
}
