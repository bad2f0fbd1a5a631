using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Baton.Bench;

/// <summary>Three orchestrator processes, whose leader is ended again and again.</summary>
internal sealed class Failover : IDisposable
{
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan FailSafe = TimeSpan.FromMinutes(2);

    private readonly string _program;
    private readonly string _ttl;
    private readonly string _folder = Directory.CreateTempSubdirectory("baton-bench-").FullName;
    private readonly BlockingCollection<Elected> _elected = [];
    private readonly ConcurrentDictionary<string, bool> _standby = new();
    private readonly ConcurrentDictionary<string, Process> _processes = new();
    private int _joined;

    private Failover(string program, int ttlSeconds)
    {
        _program = program;
        _ttl = $"{ttlSeconds}s";
    }

    private sealed record Elected(string Name, long Epoch, DateTimeOffset At);

    /// <summary>Prints how long it took until the next leader was valid.</summary>
    public static async Task<int> RunAsync(string program, string kind, int rounds, int ttlSeconds)
    {
        using var failover = new Failover(program, ttlSeconds);
        var took = await failover.MeasureAsync(kind, rounds);
        took.Sort();
        Console.WriteLine($"{kind}, ttl {ttlSeconds} s, {took.Count} rounds: p50 {At(0.5)} ms, p90 {At(0.9)} ms, "
            + $"p99 {At(0.99)} ms, range {took[0]:0} to {took[^1]:0} ms");
        return 0;

        string At(double share) => $"{took[Math.Min((int)(share * took.Count), took.Count - 1)]:0}";
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

        _elected.Dispose();
        Directory.Delete(_folder, true);
    }

    private async Task<List<double>> MeasureAsync(string kind, int rounds)
    {
        using (var init = Start("init"))
        {
            await init.WaitForExitAsync();
        }

        while (_joined < 3)
        {
            Join();
        }

        var took = new List<double>();
        for (var leader = Take(0); took.Count < rounds;)
        {
            while (_standby.Count < 2)
            {
                BootClock.Pause(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            }

            BootClock.Pause(Settle, CancellationToken.None);
            var victim = _processes[leader.Name];
            var from = BootClock.Instance.GetUtcNow();
            Signals.Send(victim.Id, Signals.Of(kind));
            leader = Take(leader.Epoch);
            took.Add((leader.At - from).TotalMilliseconds);
            _standby.TryRemove(leader.Name, out _);
            if (kind == "freeze")
            {
                Signals.Send(victim.Id, Signals.Continue);
            }
            else
            {
                await victim.WaitForExitAsync();
                Join();
            }
        }

        return took;
    }

    private void Join()
    {
        var name = $"orc-{_joined++}";
        var process = Start("orchestrator", "run", "--json", "--id", name, "--ttl", _ttl);
        _processes[name] = process;
        process.OutputDataReceived += (_, line) => Hear(name, line.Data);
        process.BeginOutputReadLine();
    }

    private void Hear(string name, string? line)
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
                var at = root.GetProperty("at").GetDateTimeOffset();
                _elected.Add(new(name, root.GetProperty("epoch").GetInt64(), at));
                break;
            case "orchestrator.standby":
                _standby[name] = true;
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

    private Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(_program, arguments)
    {
        WorkingDirectory = _folder,
        RedirectStandardOutput = true,
    })!;
}
