using System.Collections.Concurrent;
using System.Diagnostics;

namespace Baton.Bench;

/// <summary>
/// <c>etcdctl elect</c> as it comes, in a cluster of three: each election has three candidates, whose leader is asked to
/// end, killed, or frozen. All elections run at once, because etcdctl's leases live for 60 s; each has a round of its own.
/// </summary>
internal sealed class Elect : IDisposable
{
    private const int Candidates = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(1500);

    private readonly string _endpoints;
    private readonly string _election;
    private readonly List<Process> _processes = [];
    private readonly BlockingCollection<(Process Who, Instant At)> _elected = [];

    private Elect(string endpoints, string election) => (_endpoints, _election) = (endpoints, election);

    /// <summary>Plays the rounds.</summary>
    public static int Run(int elections, string only)
    {
        using var ground = new Ground(Ground.Sqlite + Ground.Etcd);
        var endpoints = ground.Cluster!.Address.Members;
        Console.WriteLine($"etcdctl elect, {ground.Cluster.Members} members, {elections} elections at once, "
            + $"{Candidates} candidates each");
        foreach (var fault in ((string[])["release", "crash", "freeze"]).Where(fault => only == "all" || fault == only))
        {
            var all = Enumerable.Range(0, elections).Select(number => new Elect(endpoints, $"{fault}-{number}")).ToList();
            try
            {
                var leaders = all.ConvertAll(one => one.Begin());
                BootClock.Pause(Settle, CancellationToken.None);
                var rounds = all.Zip(leaders, (one, leader) => Task.Factory.StartNew(
                    () => one.Play(fault, leader), CancellationToken.None, TaskCreationOptions.LongRunning,
                    TaskScheduler.Default)).Select(round => round.GetAwaiter().GetResult()).ToList();
                Tell(fault, rounds);
            }
            finally
            {
                all.ForEach(one => one.Dispose());
            }
        }

        return 0;
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.WaitForExit();
            process.Dispose();
        }

        _elected.Dispose();
    }

    private static void Tell(string fault, List<Round> rounds)
    {
        var followed = rounds.Where(round => round.Took is not null).ToList();
        Console.WriteLine($"{fault}: {Figures.Summary(followed.Select(round => round.Took!.Value))}; nobody followed in "
            + $"{rounds.Count - followed.Count} of {rounds.Count} rounds within {Patience.TotalSeconds} s");
        if (fault == "freeze")
        {
            var noticed = followed.Where(round => round.Noticed is not null).Select(round => round.Noticed!.Value).ToList();
            Console.WriteLine($"    once it goes on, the former leader ends after {Figures.Summary(noticed)}; in "
                + $"{followed.Count - noticed.Count} of {followed.Count} rounds it stood for {Patience.TotalSeconds} s "
                + "as if it led");
        }
    }

    private Process Begin()
    {
        for (var number = 0; number < Candidates; number++)
        {
            Join(number);
        }

        return _elected.TryTake(out var first, Patience) ? first.Who : throw new TimeoutException($"{_election}: nobody leads");
    }

    private Round Play(string fault, Process leader)
    {
        var from = Instant.Of(BootClock.Instance);
        Signals.Send(leader.Id, Signals.Of(fault));
        double? took = _elected.TryTake(out var next, Patience) ? (next.At - from).TotalMilliseconds : null;
        if (fault != "freeze" || took is null)
        {
            Signals.Send(leader.Id, Signals.Continue);
            return new(took, null);
        }

        BootClock.Pause(TimeSpan.FromSeconds(1), CancellationToken.None);
        var woken = Instant.Of(BootClock.Instance);
        Signals.Send(leader.Id, Signals.Continue);
        return new(took, leader.WaitForExit(Patience) ? (Instant.Of(BootClock.Instance) - woken).TotalMilliseconds : null);
    }

    // Whoever is elected prints its key and its proposal, and ends when its session does.
    private void Join(int number)
    {
        var start = new ProcessStartInfo("etcdctl", ["--endpoints", _endpoints, "elect", _election, $"candidate-{number}"])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["ETCDCTL_API"] = "3";
        var process = Process.Start(start)!;
        _processes.Add(process);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data == $"candidate-{number}")
            {
                _elected.Add((process, Instant.Of(BootClock.Instance)));
            }
        };
        process.BeginOutputReadLine();
    }

    private sealed record Round(double? Took, double? Noticed);
}
