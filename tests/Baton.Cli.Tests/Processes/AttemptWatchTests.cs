using System.Security.Cryptography;
using Baton.Work;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Cli.Tests;

/// <summary>What an attempt may cost, on a clock that a test moves.</summary>
public sealed class AttemptWatchTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly InMemoryWorkStore _work;
    private readonly IdSource _ids;

    public AttemptWatchTests()
    {
        _work = new(ElectionName.Main, _clock, new("test-clock"));
        _ids = new(_clock, RandomNumberGenerator.Fill);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_limits_it_watches_for_ever()
    {
        var (over, _, _) = await WatchAsync(new(), new([]));
        Advance(TimeSpan.FromDays(400), TimeSpan.FromDays(1));
        Assert.False(over.IsCompleted);
    }

    [Fact]
    public async Task Silence_for_the_stall_time_is_a_stall()
    {
        var (over, output, _) = await WatchAsync(new(), new([]) { Stall = 30 * Second });
        Advance(25 * Second);
        output.Said();
        Advance(29 * Second);
        Assert.False(over.IsCompleted);
        Advance(2 * Second);
        Assert.Equal("stalled: nothing said for 30s", await over);
    }

    [Fact]
    public async Task What_is_told_to_the_store_counts_as_said()
    {
        var (over, _, claim) = await WatchAsync(new(), new([]) { Stall = 10 * Second });
        Advance(9 * Second);
        await _work.ExtendAsync(claim, "half way", Cancel);
        Advance(9 * Second);
        Assert.False(over.IsCompleted);
        // That the claim is extended is a sign of life of its process, and none of work.
        await _work.ExtendAsync(claim, null, Cancel);
        Advance(12 * Second);
        Assert.Equal("stalled: nothing said for 10s", await over);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_over_however_much_it_says()
    {
        var (over, output, _) = await WatchAsync(new(), new([]) { Stall = 10 * Second, TimeLimit = 60 * Second });
        for (var i = 0; i < 59; i++)
        {
            output.Said();
            Advance(Second);
        }

        Assert.False(over.IsCompleted);
        Advance(Second);
        Assert.Equal("out of time: it took longer than 1m", await over);
    }

    [Theory]
    [InlineData(5, 20, "stalled: nothing said for 5s")]
    [InlineData(20, 5, "stalled: nothing said for 5s")]
    [InlineData(5, null, "stalled: nothing said for 5s")]
    public async Task The_tighter_limit_counts(int task, int? runner, string reason)
    {
        var (over, _, _) = await WatchAsync(
            new() { Stall = task * Second }, new([]) { Stall = runner is { } seconds ? seconds * Second : null });
        Advance(4 * Second);
        Assert.False(over.IsCompleted);
        Advance(3 * Second);
        Assert.Equal(reason, await over);
    }

    private sealed record Limits
    {
        public TimeSpan? Stall { get; init; }
    }

    private void Advance(TimeSpan span, TimeSpan? step = null)
    {
        for (var left = span; left > TimeSpan.Zero; left -= step ?? Second)
        {
            _clock.Advance(step ?? Second);
        }
    }

    private async Task<(Task<string> Over, AttemptOutput Output, Claim Claim)> WatchAsync(Limits limits, RunOrder order)
    {
        await _work.SubmitAsync([new(_ids.NewTask(), "a task") { Stall = limits.Stall }], "test", Cancel);
        await _work.RegisterAsync(new(new("w-1"), "w", Agent.WorkerRole) { Ttl = TimeSpan.FromDays(1) }, Cancel);
        var granted = Assert.IsType<ClaimAnswer.Granted>(
            await _work.ClaimAsync(new(new("w-1"), "secret", TaskRules.ClaimTtl), Cancel));
        var output = new AttemptOutput(_clock, null);
        var watch = new AttemptWatch(_work, granted.Task, order, output, _clock);
        return (watch.OverAsync(Cancel), output, granted.Claim!);
    }
}
