using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Baton.Postgres;

namespace Baton.Bench;

/// <summary>What a leader and its followers cost while nothing happens: their processes, and the server.</summary>
internal sealed class Cost : IDisposable
{
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<int, Process> _processes = new();
    private readonly ConcurrentDictionary<int, bool> _placed = new();
    private int _leader;

    /// <summary>Prints renewals a second and seconds of a core.</summary>
    public static int Run(string program, string store, int followers, TimeSpan span)
    {
        using var ground = new Ground(store);
        using var cost = new Cost();
        cost.Start(Path.GetFullPath(program), ground, followers + 1);
        BootClock.Pause(Settle, CancellationToken.None);
        cost.Measure(ground, span);
        return 0;
    }

    public void Dispose()
    {
        foreach (var process in _processes.Values)
        {
            process.Kill();
        }

        foreach (var process in _processes.Values)
        {
            process.WaitForExit();
            process.Dispose();
        }
    }

    private void Start(string program, Ground ground, int processes)
    {
        for (var i = 0; i < processes; i++)
        {
            var start = new ProcessStartInfo(program, ["orchestrator", "run", "--json", "--id", $"orc-{i}"])
            {
                WorkingDirectory = ground.Folder,
                RedirectStandardOutput = true,
            };
            start.Environment["BATON_STORE"] = ground.Uri;
            start.Environment["XDG_STATE_HOME"] = ground.Folder;
            var process = Process.Start(start)!;
            _processes[process.Id] = process;
            process.OutputDataReceived += (_, line) => Hear(process.Id, line.Data);
            process.BeginOutputReadLine();
            Await(i + 1);
        }
    }

    // One after the other: a start costs more than an hour of following.
    private void Await(int placed)
    {
        var until = Instant.Of(BootClock.Instance) + FailSafe;
        while (_placed.Count < placed)
        {
            if (Instant.Of(BootClock.Instance) > until)
            {
                throw new TimeoutException($"only {_placed.Count} of {placed} orchestrators lead or stand by");
            }

            BootClock.Pause(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }
    }

    private void Hear(int pid, string? line)
    {
        if (line is null)
        {
            return;
        }

        using var json = JsonDocument.Parse(line);
        var type = json.RootElement.GetProperty("type").GetString();
        if (type == "leader.elected")
        {
            _leader = pid;
        }

        if (type is "leader.elected" or "orchestrator.standby")
        {
            _placed[pid] = true;
        }
    }

    private void Measure(Ground ground, TimeSpan span)
    {
        using var database = PostgresDatabase.Open(ground.Address!);
        var leases = new PostgresLeaseStore(database);
        var (renewals, transactions, server) = (Renewals(leases), Transactions(ground), ground.ServerSeconds);
        var used = _processes.Keys.ToDictionary(pid => pid, ProcessTimes.Of);
        var from = Instant.Of(BootClock.Instance);
        BootClock.Pause(span, CancellationToken.None);
        var seconds = (Instant.Of(BootClock.Instance) - from).TotalSeconds;
        var shares = _processes.Keys.ToDictionary(pid => pid, pid => 100 * (ProcessTimes.Of(pid) - used[pid]) / seconds);
        Console.WriteLine($"{ground.Name}, one leader and {_processes.Count - 1} followers, ttl 6 s, {seconds:0} s:");
        Console.WriteLine($"  renewals a second    {Figures.Show((Renewals(leases) - renewals) / seconds)}");
        Console.WriteLine($"  the leader           {Figures.Show(shares[_leader])} % of a core");
        Console.WriteLine("  a follower           "
            + Figures.Summary(shares.Where(share => share.Key != _leader).Select(share => share.Value), "% of a core"));
        Console.WriteLine($"  all followers        {Figures.Show(shares.Values.Sum() - shares[_leader])} % of a core");
        Console.WriteLine("  the server           " + (server is null ? "not ours to measure"
            : $"{Figures.Show(100 * (ground.ServerSeconds!.Value - server.Value) / seconds)} % of a core"));
        Console.WriteLine($"  transactions a second {Figures.Show((Transactions(ground) - transactions) / seconds)}");
        Console.WriteLine($"  connections          {Connections(ground)}");
    }

    private static long Renewals(PostgresLeaseStore leases) =>
        leases.ReadAsync(ElectionName.Main, CancellationToken.None).AsTask().GetAwaiter().GetResult().Renewals;

    /// <summary>Transactions of the database so far.</summary>
    public static double Transactions(Ground ground) => ground.Ask(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()");

    /// <summary>Sessions on the store.</summary>
    public static double Connections(Ground ground) => ground.Ask(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'baton%' AND pid <> pg_backend_pid()");
}
