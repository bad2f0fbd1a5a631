using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Baton.Work;

namespace Baton.Bench;

/// <summary>
/// Processes that claim the first ready task, complete it and submit another, without rest: how many claims a second, and
/// how long one takes, with ten tasks ready and any number of finished ones behind them.
/// </summary>
internal static class Claims
{
    private const int Ready = 10;
    private const int WarmUp = 30;
    private static readonly int[] Claimants = [1, 4, 16];

    /// <summary>Prints a line for each number of claimants.</summary>
    public static async Task<int> RunAsync(string store, long done, int seconds)
    {
        using var ground = new Ground(store);
        var from = Instant.Of(BootClock.Instance);
        await Fill.RunAsync(ground.Uri, done);
        var (work, owner) = Ground.OpenWork(ground.Uri);
        using (owner)
        {
            await work.SubmitAsync([.. Enumerable.Range(0, Ready).Select(n => new NewTask(new($"ready-{n}"), "ready"))],
                "bench", CancellationToken.None);
            var tasks = (await work.SnapshotAsync(CancellationToken.None)).Tasks;
            Console.WriteLine($"{ground.Name}, {tasks.Ready} tasks ready, {tasks.Completed} done "
                + $"(filled in {(Instant.Of(BootClock.Instance) - from).TotalSeconds:0} s)");
        }

        foreach (var claimants in Claimants)
        {
            var server = ground.ServerSeconds;
            var (nothing, busy, took) = await MeasureAsync(ground.Uri, claimants, seconds);
            took.Sort();
            Console.WriteLine($"  {claimants,2} claimants: {took.Count / seconds,6} claims a second; a claim takes "
                + $"{Figures.Summary(took)}, p99 {Figures.Show(Figures.At(took, 0.99))}; nothing ready {nothing} times"
                + (busy == 0 ? "" : $"; {busy} verbs failed")
                + (server is { } before
                    ? $"; the server used {Figures.Show((ground.ServerSeconds!.Value - before) / seconds)} cores" : ""));
        }

        return 0;
    }

    /// <summary>Claims, completes and submits until its time is over, and says how long each claim took.</summary>
    public static async Task<int> ClaimAsync(string uri, int seconds)
    {
        var ids = new IdSource(BootClock.Instance, RandomNumberGenerator.Fill);
        var (work, owner) = Ground.OpenWork(uri);
        using (owner)
        {
            var agent = ids.NewLife("claimant");
            await work.RegisterAsync(new(agent, "claimant", Agent.WorkerRole), CancellationToken.None);
            var took = new List<double>();
            var nothing = 0;
            var busy = 0;
            for (var i = 0; i < WarmUp; i++)
            {
                await OnceAsync();
            }

            (took, nothing, busy) = ([], 0, 0);
            Console.WriteLine("ready");
            await Console.In.ReadLineAsync();
            var until = Instant.Of(BootClock.Instance) + TimeSpan.FromSeconds(seconds);
            while (Instant.Of(BootClock.Instance) < until)
            {
                await OnceAsync();
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{nothing} {busy} {string.Join(' ', took)}"));
            return 0;

            async Task OnceAsync()
            {
                try
                {
                    await CycleAsync();
                }
                catch (StoreUnavailableException e) when (e.IsTransient)
                {
                    busy++;
                    await Console.Error.WriteLineAsync(e.Message);
                }
            }

            async Task CycleAsync()
            {
                var from = Instant.Of(BootClock.Instance);
                var answer = await work.ClaimAsync(new(agent, ids.NewSecret(), TaskRules.ClaimTtl), CancellationToken.None);
                var span = (Instant.Of(BootClock.Instance) - from).TotalMilliseconds;
                if (answer is not ClaimAnswer.Granted { Claim: { } claim })
                {
                    nothing++;
                    return;
                }

                took.Add(span);
                await work.SettleAsync(claim, new Settlement.Complete(null), CancellationToken.None);
                await work.SubmitAsync([new(ids.NewTask(), "ready")], "bench", CancellationToken.None);
            }
        }
    }

    private static async Task<(int Nothing, int Busy, List<double> Took)> MeasureAsync(string uri, int claimants, int seconds)
    {
        var all = Enumerable.Range(0, claimants).Select(_ => Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, ["claimant", uri, $"{seconds}"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!).ToList();
        foreach (var process in all)
        {
            await process.StandardOutput.ReadLineAsync();
        }

        foreach (var process in all)
        {
            await process.StandardInput.WriteLineAsync();
            await process.StandardInput.FlushAsync();
        }

        var (nothing, busy, took) = (0, 0, new List<double>());
        foreach (var process in all)
        {
            var said = (await process.StandardOutput.ReadToEndAsync()).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            await process.WaitForExitAsync();
            nothing += int.Parse(said[0], CultureInfo.InvariantCulture);
            busy += int.Parse(said[1], CultureInfo.InvariantCulture);
            took.AddRange(said.Skip(2).Select(span => double.Parse(span, CultureInfo.InvariantCulture)));
            process.Dispose();
        }

        return (nothing, busy, took);
    }
}
