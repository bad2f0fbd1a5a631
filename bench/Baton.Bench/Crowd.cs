using System.Collections.Concurrent;
using System.Diagnostics;
using Baton.Postgres;

namespace Baton.Bench;

/// <summary>
/// Many candidates in one process, each with its own election and its own connection: whether one leads, what they cost
/// the server while nothing happens, and how long a change takes. Then twice as many, until it breaks.
/// </summary>
internal sealed class Crowd : IDisposable
{
    private const int Rounds = 20;
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(2);

    private readonly Ground _ground;
    private readonly PostgresDatabase _database;
    private readonly CancellationTokenSource _stop = new();
    private readonly BlockingCollection<(int Number, Leadership Leadership, long At)> _won = [];
    private readonly ConcurrentDictionary<string, int> _troubles = new();
    private readonly ConcurrentDictionary<int, Epoch> _following = new();
    private readonly List<LeaderElection> _elections = [];
    private readonly List<Task> _running = [];
    private int _leading;
    private int _most;

    private Crowd(Ground ground, int candidates)
    {
        _ground = ground;
        // All share one store: its listener, and the pool of connections for work.
        _database = PostgresDatabase.OpenOrCreate(ground.Address!, "bench", out _);
        var mark = new EpochFile(Path.Combine(ground.Folder, "epoch"));
        for (var i = 0; i < candidates; i++)
        {
            var number = i;
            _elections.Add(new(new PostgresLeaseStore(_database), new()
            {
                Candidate = new(new($"c{number}-{candidates}")),
                Ttl = Ttl,
                Mark = mark,
                Observer = told => Observe(number, told),
            }));
        }

        _running.AddRange(_elections.Select((election, number) =>
            election.RunAsync(leadership => LeadAsync(number, leadership), _stop.Token)));
    }

    /// <summary>Plays with ever more candidates.</summary>
    public static int Run(string store, int candidates, int connections)
    {
        using var ground = new Ground(store, connections);
        // It also opens the connection that is asked over, while there are some.
        Console.WriteLine($"{ground.Name}, max_connections {ground.Ask("SELECT current_setting('max_connections')::int")}, "
            + $"ttl {Ttl.TotalSeconds} s, all candidates in one process");
        var broke = false;
        for (; !broke; candidates *= 2)
        {
            using var crowd = new Crowd(ground, candidates);
            broke = !crowd.Play(candidates);
        }

        return 0;
    }

    public void Dispose()
    {
        _stop.Cancel();
        Task.WhenAll(_running).GetAwaiter().GetResult();
        _database.Dispose();
        _won.Dispose();
        _stop.Dispose();
    }

    private bool Play(int candidates)
    {
        if (!_won.TryTake(out var leader, FailSafe))
        {
            Console.WriteLine($"{candidates} candidates: nobody leads after {FailSafe.TotalSeconds} s{Troubles()}");
            return false;
        }

        var placed = WaitForFollowers(candidates, leader.Leadership.Epoch);
        if (placed < candidates - 1)
        {
            Console.WriteLine($"{candidates} candidates: one leads, and after {FailSafe.TotalSeconds} s only {placed} follow; "
                + $"{Cost.Connections(_ground)} connections{Troubles()}");
            return false;
        }

        Console.WriteLine($"{candidates} candidates: one leads, all others follow; {Weigh()}{Troubles()}");
        var took = new List<double>();
        var lost = 0;
        for (var round = 0; round < Rounds; round++)
        {
            WaitForFollowers(candidates, leader.Leadership.Epoch);
            BootClock.Pause(Settle, CancellationToken.None);
            if (!leader.Leadership.IsValid)
            {
                lost++;
            }

            var from = Now;
            _elections[leader.Number].Resign();
            if (!_won.TryTake(out var next, FailSafe))
            {
                var view = new PostgresLeaseStore(_database).ReadAsync(ElectionName.Main, CancellationToken.None).AsTask()
                    .GetAwaiter().GetResult();
                Console.WriteLine(
                    $"  nobody leads {FailSafe.TotalSeconds} s after hand-over {round + 1}; the lease: {view}{Troubles()}");
                return false;
            }

            leader = next;
            took.Add((leader.At - from) / 1e6);
        }

        Console.WriteLine($"  {Rounds} hand-overs: {Figures.Summary(took)}; leading at once: at most {_most}; "
            + $"lost unasked: {lost} times{Troubles()}");
        return true;
    }

    private string Weigh()
    {
        using var own = Process.GetCurrentProcess();
        var (transactions, server, mine) = (Cost.Transactions(_ground), _ground.ServerSeconds, own.TotalProcessorTime);
        var from = Instant.Of(BootClock.Instance);
        BootClock.Pause(Calm, CancellationToken.None);
        var seconds = (Instant.Of(BootClock.Instance) - from).TotalSeconds;
        own.Refresh();
        return $"at rest {Figures.Show((Cost.Transactions(_ground) - transactions) / seconds)} transactions a second over "
            + $"{Cost.Connections(_ground)} connections, the server "
            + (server is null ? "not measured"
                : $"{Figures.Show(100 * (_ground.ServerSeconds!.Value - server.Value) / seconds)} % of a core")
            + $", the process {Figures.Show(100 * (own.TotalProcessorTime - mine).TotalSeconds / seconds)} % of a core and "
            + $"{own.Threads.Count} threads";
    }

    private int WaitForFollowers(int candidates, Epoch epoch)
    {
        var until = Instant.Of(BootClock.Instance) + FailSafe;
        while (true)
        {
            var placed = _following.Count(entry => entry.Value >= epoch);
            if (placed >= candidates - 1 || Instant.Of(BootClock.Instance) > until)
            {
                return placed;
            }

            BootClock.Pause(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }

    private async Task LeadAsync(int number, Leadership leadership)
    {
        _won.Add((number, leadership, Now));
        lock (_won)
        {
            _most = Math.Max(_most, ++_leading);
        }

        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var lost = leadership.Lost.Register(over.SetResult);
        await over.Task;
        lock (_won)
        {
            _leading--;
        }
    }

    private void Observe(int number, ElectionEvent told)
    {
        switch (told)
        {
            case ElectionEvent.Following { Standing: LeaseStanding.Held } held:
                _following[number] = held.View.Epoch;
                break;
            case ElectionEvent.StoreFailing failing:
                _troubles.AddOrUpdate(failing.Message, 1, (_, times) => times + 1);
                break;
            default:
                break;
        }
    }

    private string Troubles() => string.Concat(_troubles.OrderByDescending(trouble => trouble.Value)
        .Take(3).Select(trouble => $"{Environment.NewLine}    {trouble.Value} times: {trouble.Key}"));

    private static long Now => Instant.Of(BootClock.Instance).Nanoseconds;
}
