using System.Diagnostics;
using Baton.Sqlite;

namespace Baton.Bench;

/// <summary>
/// One leader with a ttl of 2 s under load: how often it loses its leadership, how long a renewal takes.
/// </summary>
internal static class Steady
{
    private const int Writers = 8;

    public static async Task<int> RunAsync(string load, TimeSpan span)
    {
        var folder = Directory.CreateTempSubdirectory("baton-bench-").FullName;
        var path = Path.Combine(folder, "baton.db");
        try
        {
            using var file = SqliteFile.OpenOrCreate(path, "bench", out _);
            var store = new TimedLeases(new SqliteLeaseStore(file));
            var (elected, lost) = await LeadAsync(
                store, Path.Combine(folder, "epoch"), () => LoadAsync(load, path, span));
            Console.WriteLine($"{load}, ttl 2 s, {span.TotalSeconds:0} s: elected {elected} times, lost {lost} times, "
                + store.Summary());
            return lost == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Leads while something goes on beside it; counts the terms won and lost.</summary>
    private static async Task<(int Elected, int Lost)> LeadAsync(ILeaseStore store, string mark, Func<Task> beside)
    {
        var (elected, lost) = (0, 0);
        var election = new LeaderElection(store, new()
        {
            Candidate = new(new($"bench-{Environment.ProcessId}")),
            Ttl = TimeSpan.FromSeconds(2),
            Mark = new EpochFile(mark),
            Observer = told =>
            {
                elected += told is ElectionEvent.Elected ? 1 : 0;
                lost += told is ElectionEvent.Demoted ? 1 : 0;
            },
        });
        using var over = new CancellationTokenSource();
        var leading = new TaskCompletionSource();
        var running = election.RunAsync(
            async leadership =>
            {
                leading.TrySetResult();
                var ended = new TaskCompletionSource();
                using var registered = leadership.Lost.Register(ended.SetResult);
                await ended.Task;
            },
            over.Token);
        await leading.Task;
        await beside();
        var seen = (elected, lost);
        await over.CancelAsync();
        await running;
        return seen;
    }

    private static async Task LoadAsync(string load, string path, TimeSpan span)
    {
        using var over = new CancellationTokenSource();
        var writers = new List<Process>();
        if (load == "starved")
        {
            Starve(over.Token);
        }

        for (var i = 0; load == "writers" && i < Writers; i++)
        {
            writers.Add(Process.Start(Environment.ProcessPath!, ["writer", path]));
        }

        BootClock.Pause(span, CancellationToken.None);
        await over.CancelAsync();
        foreach (var writer in writers)
        {
            writer.Kill();
            await writer.WaitForExitAsync();
            writer.Dispose();
        }
    }

    /// <summary>
    /// Fills the thread pool with work that never yields, and every core with spinning threads.
    /// </summary>
    private static void Starve(CancellationToken over)
    {
        for (var i = 0; i < 4000; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => over.WaitHandle.WaitOne(), null);
        }

        for (var i = 0; i < Environment.ProcessorCount; i++)
        {
            new Thread(() =>
            {
                while (!over.IsCancellationRequested)
                {
                    Thread.SpinWait(10_000);
                }
            }) { IsBackground = true }.Start();
        }
    }

    /// <summary>A lease store that takes the time of its renewals.</summary>
    private sealed class TimedLeases(ILeaseStore inner) : ILeaseStore
    {
        private readonly List<double> _took = [];

        public LeaseStoreTraits Traits => inner.Traits;

        public string Summary()
        {
            lock (_took)
            {
                _took.Sort();
                return $"{_took.Count} renewals, median {_took[_took.Count / 2]:0.00} ms, longest {_took[^1]:0.0} ms";
            }
        }

        public ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel) =>
            inner.TryAcquireAsync(candidacy, cancel);

        public async ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel)
        {
            var from = Instant.Of(BootClock.Instance);
            try
            {
                return await inner.RenewAsync(term, cancel);
            }
            finally
            {
                lock (_took)
                {
                    _took.Add((Instant.Of(BootClock.Instance) - from).TotalMilliseconds);
                }
            }
        }

        public ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel) =>
            inner.ReleaseAsync(term, reason, cancel);

        public ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel) =>
            inner.RevokeAsync(election, holder, cancel);

        public ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel) =>
            inner.ReadAsync(election, cancel);

        public IAsyncEnumerable<Term> TermsAsync(
            ElectionName election, Epoch after, CancellationToken cancel) =>
            inner.TermsAsync(election, after, cancel);

        public IAsyncEnumerable<LeaseView> WatchAsync(
            ElectionName election, CancellationToken cancel) =>
            inner.WatchAsync(election, cancel);
    }
}
