using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Etcd;

namespace Baton.Bench;

/// <summary>
/// <c>baton up</c> with three orchestrators on any store, whose leader is released, killed or frozen again and again. Times
/// run from the signal to the first write of the next term, as the log has it.
/// </summary>
internal sealed partial class UpFailover : IDisposable
{
    private const int Orchestrators = 3;
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(2);

    private readonly Ground _ground;
    private readonly Process _up;
    private readonly BlockingCollection<Elected> _elected = [];
    private readonly ConcurrentDictionary<(string Life, long Epoch), bool> _standby = new();
    private EtcdKeyspace? _keys;

    private UpFailover(string program, Ground ground, int ttl)
    {
        _ground = ground;
        if (ground.Cluster is not null)
        {
            // Leases are moved to etcd by this verb and by no other.
            using var init = Process.Start(Baton(program, "init"))!;
            init.StandardOutput.ReadToEnd();
            init.WaitForExit();
        }

        _up = Process.Start(Baton(program, "up", "--orchestrators", $"{Orchestrators}", "--workers", "0", "--no-monitor",
            "--json", "--ttl", $"{ttl}s"))!;
        _up.OutputDataReceived += (_, line) => Hear(line.Data);
        _up.BeginOutputReadLine();
        _up.BeginErrorReadLine();
    }

    private sealed record Elected(int Pid, long Epoch, DateTimeOffset At);

    /// <summary>Prints how long it took until the next leader had begun.</summary>
    public static int Run(string program, string store, string kind, int rounds, int ttl)
    {
        using var ground = new Ground(store);
        using var failover = new UpFailover(Path.GetFullPath(program), ground, ttl);
        Console.WriteLine($"{ground.Name}, {kind} under up, ttl {ttl} s, {rounds} rounds: " + (kind == "member"
            ? failover.LoseMembers(rounds) : Figures.Summary(failover.Measure(kind, rounds))));
        return 0;
    }

    public void Dispose()
    {
        Signals.Send(_up.Id, Signals.Terminate);
        _up.WaitForExit();
        _up.Dispose();
        _keys?.Dispose();
        _elected.Dispose();
    }

    private ProcessStartInfo Baton(string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words)
        {
            WorkingDirectory = _ground.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["BATON_STORE"] = _ground.Uri;
        start.Environment["BATON_LEASES"] = _ground.Cluster?.Address.Text;
        start.Environment["XDG_STATE_HOME"] = _ground.Folder;
        return start;
    }

    /// <summary>
    /// Kills the member that leads the cluster itself, again and again: how long until the lease is renewed again, and
    /// how often the leadership changed for it.
    /// </summary>
    private string LoseMembers(int rounds)
    {
        var cluster = _ground.Cluster ?? throw new InvalidOperationException("members are lost by leases in etcd: STORE+etcd");
        var (paused, changes) = (new List<double>(), 0);
        var epoch = Take(0).Epoch;
        while (paused.Count < rounds)
        {
            BootClock.Pause(Settle, CancellationToken.None);
            var lost = cluster.LeaderAsync(CancellationToken.None).GetAwaiter().GetResult();
            var before = View();
            var from = Instant.Of(BootClock.Instance);
            cluster.KillAsync([lost]).GetAwaiter().GetResult();
            LeaseView after;
            do
            {
                after = View();
            }
            while (after.Epoch == before.Epoch && after.Renewals == before.Renewals);

            paused.Add((Instant.Of(BootClock.Instance) - from).TotalMilliseconds);
            changes += after.Epoch.Value == epoch ? 0 : 1;
            epoch = after.Epoch.Value;
            cluster.StartAsync([lost], CancellationToken.None).GetAwaiter().GetResult();
        }

        return $"renewed again after {Figures.Summary(paused)}; the leadership changed {changes} times";
    }

    /// <summary>The lease, as soon as a member tells it.</summary>
    private LeaseView View()
    {
        while (true)
        {
            try
            {
                _keys ??= EtcdKeyspace.OpenAsync(
                    _ground.Cluster!.Address, Ground.IdOf(_ground.Uri), CancellationToken.None).GetAwaiter().GetResult();
                return new EtcdLeaseStore(_keys)
                    .ReadAsync(ElectionName.Main, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            }
            catch (StoreUnavailableException)
            {
                // The others are choosing a leader of theirs.
            }
        }
    }

    private List<double> Measure(string kind, int rounds)
    {
        var took = new List<double>();
        for (var leader = Take(0); took.Count < rounds;)
        {
            while (_standby.Count(entry => entry.Key.Epoch == leader.Epoch) < Orchestrators - 1)
            {
                BootClock.Pause(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            }

            BootClock.Pause(Settle, CancellationToken.None);
            var from = BootClock.Instance.GetUtcNow();
            var victim = leader.Pid;
            Signals.Send(victim, Signals.Of(kind));
            leader = Take(leader.Epoch);
            took.Add((leader.At - from).TotalMilliseconds);
            if (kind == "freeze")
            {
                Signals.Send(victim, Signals.Continue);
            }
        }

        return took;
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        switch (root.GetProperty("type").GetString())
        {
            case "leader.elected":
                _elected.Add(new(root.GetProperty("data").GetProperty("pid").GetInt32(),
                    root.GetProperty("epoch").GetInt64(), root.GetProperty("at").GetDateTimeOffset()));
                break;
            case "orchestrator.standby":
                var epoch = Standby().Match(root.GetProperty("message").GetString()!).Groups[1].Value;
                _standby[(root.GetProperty("actor").GetString()!, long.Parse(epoch, CultureInfo.InvariantCulture))] = true;
                break;
            default:
                break;
        }
    }

    private Elected Take(long above)
    {
        while (_elected.TryTake(out var one, FailSafe))
        {
            if (one.Epoch > above)
            {
                return one;
            }
        }

        throw new TimeoutException("nobody leads");
    }

    [GeneratedRegex("leads, epoch ([0-9]+)$")]
    private static partial Regex Standby();
}
