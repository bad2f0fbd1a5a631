using System.Collections.Immutable;
using Baton.Work;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Tests;

public sealed class WorkerPoolTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly List<string> _started = [];

    [Fact]
    public void Each_kind_of_worker_is_counted_by_itself()
    {
        var pool = new WorkerPool([Group("worker", 2), Group("worker-review", 1)], _clock);
        Assert.Empty(Keep(pool, Worker("worker", 1)));
        Assert.Equal(["worker", "worker-review"], _started);
        // What was started and has not registered yet is waited for.
        Assert.Empty(Keep(pool, Worker("worker", 1)));
        Assert.Equal(2, _started.Count);
    }

    [Fact]
    public void Workers_beyond_the_size_and_of_no_kind_are_to_drain()
    {
        var pool = new WorkerPool([Group("worker", 1)], _clock);
        var drained = Keep(pool, Worker("worker", 1), Worker("worker", 2), Worker("worker-former", 3));
        Assert.Equal(["worker-000002", "worker-former-000003"], drained.Select(id => id.Value));
        Assert.Empty(_started);
    }

    [Fact]
    public void Who_was_not_started_by_a_pool_is_none_of_its_workers()
    {
        var pool = new WorkerPool([Group("worker", 1)], _clock);
        Assert.Empty(Keep(pool, Worker("worker", 1) with { IsPooled = false }));
        Assert.Equal(["worker"], _started);
    }

    private WorkerGroup Group(string name, int size) => new(name, size, () =>
    {
        _started.Add(name);
        return new(1000 + _started.Count, new TaskCompletionSource().Task);
    });

    private IReadOnlyList<AgentId> Keep(WorkerPool pool, params ImmutableArray<Agent> agents)
    {
        var snapshot = new Snapshot(ElectionName.Main, 0, new(new(1), null, null))
        {
            Agents = agents,
            Tasks = new(0, 0, 0, 0, 0, 0, 0),
            Cleanup = new(0, 0, 0, null),
        };
        return pool.Keep(snapshot, new Sweeper(null, _clock, new("test")).Look(snapshot));
    }

    private Agent Worker(string name, int pid) => new(new($"{name}-{pid:000000}"), name, Agent.WorkerRole)
    {
        Pid = pid,
        IsPooled = true,
        Ttl = TimeSpan.FromSeconds(6),
        LastSeenAt = _clock.GetUtcNow(),
        Expiry = new(new("test"), Instant.Of(_clock) + TimeSpan.FromSeconds(6)),
    };
}
