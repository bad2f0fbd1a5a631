using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Baton.Bench;

/// <summary>Three orchestrator processes; the leader is ended again and again.</summary>
internal static partial class Failover
{
    private const int Kill = 9;
    private const int Terminate = 15;
    private const int Continue = 18;
    private const int Stop = 19;
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(2);

    private sealed record Elected(string Name, long Epoch, DateTimeOffset At);

    public static async Task<int> RunAsync(string program, string kind, int rounds, int ttlSeconds)
    {
        var folder = Directory.CreateTempSubdirectory("baton-bench-").FullName;
        var elected = new BlockingCollection<Elected>();
        var standby = new ConcurrentDictionary<string, bool>();
        var processes = new ConcurrentDictionary<string, Process>();
        try
        {
            using (var init = Start(program, folder, "init"))
            {
                await init.WaitForExitAsync();
            }

            var next = 0;
            for (; next < 3; next++)
            {
                Join($"orc-{next}");
            }

            var leader = Take(0);
            var took = new List<double>();
            for (var round = 0; round < rounds; round++)
            {
                while (standby.Count < 2)
                {
                    BootClock.Pause(TimeSpan.FromMilliseconds(10), CancellationToken.None);
                }

                BootClock.Pause(Settle, CancellationToken.None);
                var victim = processes[leader.Name];
                var from = BootClock.Instance.GetUtcNow();
                _ = kill(victim.Id, kind switch { "kill" => Kill, "term" => Terminate, _ => Stop });
                var former = leader;
                leader = Take(former.Epoch);
                took.Add((leader.At - from).TotalMilliseconds);
                standby.TryRemove(leader.Name, out _);
                if (kind == "freeze")
                {
                    _ = kill(victim.Id, Continue);
                }
                else
                {
                    await victim.WaitForExitAsync();
                    Join($"orc-{next++}");
                }
            }

            took.Sort();
            Console.WriteLine($"{kind}, ttl {ttlSeconds} s, {took.Count} rounds: p50 {At(0.5)} ms, p90 {At(0.9)} ms, "
                + $"p99 {At(0.99)} ms, range {took[0]:0} to {took[^1]:0} ms");
            return 0;

            string At(double share) => $"{took[Math.Min((int)(share * took.Count), took.Count - 1)]:0}";
        }
        finally
        {
            foreach (var process in processes.Values)
            {
                _ = kill(process.Id, Continue);
                process.Kill();
                await process.WaitForExitAsync();
                process.Dispose();
            }

            Directory.Delete(folder, true);
        }

        void Join(string name)
        {
            var process = Start(program, folder, "orchestrator", "run", "--json", "--id", name, "--ttl", $"{ttlSeconds}s");
            processes[name] = process;
            process.OutputDataReceived += (_, line) => Hear(name, line.Data);
            process.BeginOutputReadLine();
        }

        void Hear(string name, string? line)
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
                    elected.Add(new(name, root.GetProperty("epoch").GetInt64(), root.GetProperty("at").GetDateTimeOffset()));
                    break;
                case "orchestrator.standby":
                    standby[name] = true;
                    break;
                default:
                    break;
            }
        }

        Elected Take(long above)
        {
            while (elected.TryTake(out var one, FailSafe))
            {
                if (one.Epoch > above)
                {
                    return one;
                }
            }

            throw new TimeoutException("nobody leads");
        }
    }

    private static Process Start(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
