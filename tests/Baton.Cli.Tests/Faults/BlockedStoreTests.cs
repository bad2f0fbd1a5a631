using System.Diagnostics;
using System.Globalization;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>Someone is stopped in the middle of a write, and everybody waits for him.</summary>
public sealed class BlockedStoreTests : IDisposable
{
    private const string Shell = "/usr/bin/sqlite3";

    // The holder enters itself as an agent whose heartbeat ran out long ago.
    private const string EnterLongAgo = """
        INSERT INTO agent (election, id, name, role, status, host, pid, process_start, started_at, last_seen_at,
            beats, ttl_ms, clock_domain, expires_ns, self_reported, is_pooled)
        SELECT 'main', 'frozen-abcdef', 'frozen', 'worker', 'active', 'here', PID, START, 1, 1, 0, 1000,
            clock_domain, 1, 0, 0 FROM agent LIMIT 1;
        """;

    private readonly OrchestratorPack _pack;

    public BlockedStoreTests()
    {
        // Someone must hold the lock.
        Requirement.Installed(File.Exists(Shell) ? Shell : null, Shell, "sqlite3");
        _pack = new();
    }

    public void Dispose() => _pack?.Dispose();

    [Fact]
    public async Task A_stranger_on_the_write_lock_is_named_and_left_alone()
    {
        using var holder = await HoldAsync("");
        try
        {
            SystemCalls.kill(holder.Process.Id, SystemCalls.Stop);

            var (exit, error) = await _pack.RunAsync("task", "create", "--title", "t");

            Assert.Equal(ExitCode.Unavailable, exit);
            Assert.Equal("store_busy", error.GetProperty("code").GetString());
            Assert.Contains($"process {holder.Process.Id} ({Shell}", error.GetProperty("message").GetString(),
                StringComparison.Ordinal);
            Assert.Equal(0, (await _pack.RunAsync("status")).Exit);
            var (code, doctor) = await _pack.RunAsync("doctor");
            Assert.Equal(ExitCode.Failure, code);
            var writer = doctor.GetProperty("checks").EnumerateArray()
                .Single(check => check.GetProperty("name").GetString() == "writer");
            Assert.Equal("failed", writer.GetProperty("result").GetString());
            Assert.Contains($"process {holder.Process.Id} (", writer.GetProperty("message").GetString(),
                StringComparison.Ordinal);
            Assert.False(holder.Process.HasExited);
        }
        finally
        {
            holder.Process.Kill();
        }

        Assert.Equal(0, (await _pack.RunAsync("task", "create", "--title", "t")).Exit);
    }

    [Fact]
    public async Task A_frozen_writer_of_the_roster_is_ended_once_its_time_has_run_out()
    {
        _pack.Start("a", "--ttl", "1s");
        var first = await _pack.HearLeaderAsync();
        using var holder = await HoldAsync(EnterLongAgo);
        SystemCalls.kill(holder.Process.Id, SystemCalls.Stop);

        using var safe = new CancellationTokenSource(TimeSpan.FromSeconds(60), BootClock.Instance);
        await holder.Process.WaitForExitAsync(safe.Token);
        await _pack.HearLeaderAsync(above: first.Epoch!.Value);
        var events = await Playground.RunInAsync(_pack.PathOf(""), "events", "--type", "store.unblocked", "--json");
        Assert.Contains("\"subject\":\"frozen-abcdef\"", events.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frozen_writer_keeps_no_orchestrator_off_the_roster()
    {
        _pack.Start("a", "--ttl", "1s");
        var first = await _pack.HearLeaderAsync();
        _pack["a"].Signal(SystemCalls.Terminate);
        await _pack.ExitAsync("a");
        using var holder = await HoldAsync(EnterLongAgo);
        SystemCalls.kill(holder.Process.Id, SystemCalls.Stop);

        _pack.Start("b", "--ttl", "1s");

        var second = await _pack.HearLeaderAsync(above: first.Epoch!.Value);
        Assert.Equal("b", second.Name);
        Assert.True(holder.Process.WaitForExit(TimeSpan.FromSeconds(60)));
        var events = await Playground.RunInAsync(_pack.PathOf(""), "events", "--type", "store.unblocked", "--json");
        Assert.Contains("\"subject\":\"frozen-abcdef\"", events.Out, StringComparison.Ordinal);
    }

    private async Task<Holder> HoldAsync(string before)
    {
        var process = Process.Start(new ProcessStartInfo(Shell, [_pack.PathOf(".baton/baton.db")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var start = ProcessIdentity.Of(process.Id)!.Value.Start.ToString(CultureInfo.InvariantCulture);
        await process.StandardInput.WriteLineAsync($"""
            .timeout 10000
            {before.Replace("PID", process.Id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("START", start, StringComparison.Ordinal)}
            BEGIN IMMEDIATE;
            SELECT 'held';
            """);
        await process.StandardInput.FlushAsync();
        Assert.Equal("held", await process.StandardOutput.ReadLineAsync());
        return new(process);
    }

    private sealed record Holder(Process Process) : IDisposable
    {
        public void Dispose()
        {
            if (!Process.HasExited)
            {
                Process.Kill();
            }

            Process.Dispose();
        }
    }
}
