using System.Collections.Concurrent;
using Baton.Postgres;
using Baton.Work;
using Npgsql;

namespace Baton.Tests;

/// <summary>
/// Two sessions at once, interleaved on purpose: a raw session holds a lock that the step under test needs, so
/// that it stands still in the middle of its transaction.
/// </summary>
public sealed class PostgresFenceTests : IDisposable
{
    private static readonly HolderId Former = new("orc-a-000001");
    private static readonly HolderId Next = new("orc-b-000002");
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);

    private readonly string _schema = PostgresServer.NewSchema();
    private readonly PostgresDatabase _database;
    private readonly PostgresWorkStore _store;

    public PostgresFenceTests()
    {
        _database = PostgresDatabase.OpenOrCreate(
            PostgresAddress.Parse(PostgresServer.Shared.Address(_schema)), "store-1", out _);
        _store = new(_database, ElectionName.Main);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _database.Dispose();

    [Fact]
    public async Task A_zombie_that_stopped_in_the_middle_of_a_write_is_ended_by_the_next_leader()
    {
        await BeginAsync(1, Former);
        var agent = await _store.RegisterAsync(new(new("w-1"), "w", Agent.WorkerRole), Cancel);
        await using var raw = await RawAsync();
        await DoAsync(raw, "BEGIN; SELECT 1 FROM agent WHERE id = 'w-1' FOR UPDATE");
        var zombie = OnThread(() => SweepAsync(1, Former, agent.Id));
        await WaitsAsync($"baton/{_database.StoreId}/%/1");

        await BeginAsync(2, Next);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => zombie.WaitAsync(TooLong, Clock, Cancel));
        Assert.Equal(StoreFault.Unreachable, refusal.Code);
        await DoAsync(raw, "ROLLBACK");
        Assert.Equal(AgentStatus.Active, Assert.Single((await _store.SnapshotAsync(Cancel)).Agents).Status);
        await Assert.ThrowsAsync<FencedException>(() => SweepAsync(1, Former, agent.Id));
        Assert.Equal([agent.Id], (await SweepAsync(2, Next, agent.Id)).Evicted);
    }

    [Fact]
    public async Task Only_sessions_of_an_older_term_of_this_store_are_ended()
    {
        await BeginAsync(1, Former);
        await using var raw = await RawAsync();
        await using var neighbour = await RawAsync();
        await DoAsync(neighbour, "SET application_name = 'baton/store-2/12345678/1'");
        await DoAsync(raw, "BEGIN; SELECT 1 FROM fence FOR SHARE");
        var begins = OnThread(() => BeginAsync(2, Next));
        await WaitsAsync($"baton/{_database.StoreId}/%/2");
        // It is no leader's session that holds the fence, so it is waited for.
        await DoAsync(raw, "COMMIT");
        await begins.WaitAsync(TooLong, Clock, Cancel);
        await DoAsync(neighbour, "SELECT 1");
        Assert.Equal(new Epoch(2), (await _store.SnapshotAsync(Cancel)).Fence.Epoch);
    }

    [Fact]
    public async Task A_write_of_the_former_leader_that_comes_while_the_fence_is_raised_is_fenced()
    {
        await BeginAsync(1, Former);
        var agent = await _store.RegisterAsync(new(new("w-1"), "w", Agent.WorkerRole), Cancel);
        await using var raw = await RawAsync();
        await DoAsync(raw, "BEGIN; SELECT 1 FROM head FOR UPDATE");
        var begins = OnThread(() => BeginAsync(2, Next));
        await WaitsAsync($"baton/{_database.StoreId}/%/2");
        var zombie = OnThread(() => SweepAsync(1, Former, agent.Id));
        await WaitsAsync($"baton/{_database.StoreId}/%/1");

        await DoAsync(raw, "COMMIT");
        await begins.WaitAsync(TooLong, Clock, Cancel);
        await Assert.ThrowsAsync<FencedException>(() => zombie.WaitAsync(TooLong, Clock, Cancel));
        Assert.Single((await _store.SnapshotAsync(Cancel)).Agents);
    }

    [Fact]
    public async Task Only_whoever_changed_a_lease_tells_of_it()
    {
        await using var raw = await RawAsync();
        var heard = 0;
        raw.Notification += (_, _) => heard++;
        await DoAsync(raw, $"LISTEN \"{_database.Channel}\"");
        var leases = new PostgresLeaseStore(_database);
        var seen = new Sighting(Epoch.None, 0, LeaseStanding.None);
        var won = Assert.IsType<AcquireAnswer.Acquired>(await AcquireAsync(Former, 1));
        Assert.IsType<AcquireAnswer.Held>(await AcquireAsync(Next, 1));
        Assert.IsType<ReleaseAnswer.NotYours>(await leases.ReleaseAsync(
            won.Term with { Holder = Next }, TermEnd.Released, Cancel));
        Assert.IsType<ReleaseAnswer.Released>(await leases.ReleaseAsync(won.Term, TermEnd.Released, Cancel));
        // What was told before comes with the answer.
        await DoAsync(raw, "SELECT 1");
        Assert.Equal(2, heard);

        ValueTask<AcquireAnswer> AcquireAsync(HolderId holder, long nonce) => leases.TryAcquireAsync(
            new(ElectionName.Main, new(holder), TimeSpan.FromSeconds(6), Epoch.None, nonce, seen), Cancel);
    }

    [Fact]
    public async Task Events_can_be_read_in_the_order_of_their_numbers()
    {
        const int writers = 6;
        const int each = 25;
        var seen = new ConcurrentQueue<long>();
        using var over = new CancellationTokenSource();
        var reader = OnThread(async () =>
        {
            long after = 0;
            while (true)
            {
                var isLast = over.IsCancellationRequested;
                foreach (var told in await _store.EventsAsync(new() { After = after }, Cancel))
                {
                    seen.Enqueue(told.Seq);
                    after = told.Seq;
                }

                if (isLast)
                {
                    return 0;
                }
            }
        });
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => OnThread(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                // Longer writes commit later than shorter ones that began after them.
                var tasks = Enumerable.Range(0, 1 + ((writer + i) % 5)).Select(n => new NewTask(new($"t-{writer}-{i}-{n}"), "t"));
                await _store.SubmitAsync([.. tasks], "tester", Cancel);
            }

            return 0;
        })));
        await over.CancelAsync();
        await reader.WaitAsync(TooLong, Clock, Cancel);
        var all = await _store.EventsAsync(new(), Cancel);
        Assert.Equal(all.Select(told => told.Seq), seen);
        Assert.Equal(Enumerable.Range(1, all.Length).Select(n => (long)n), seen);
    }

    [Fact]
    public async Task A_task_whose_dependency_is_completed_meanwhile_becomes_ready()
    {
        await _store.RegisterAsync(new(new("w-1"), "w", Agent.WorkerRole), Cancel);
        const int rounds = 30;
        for (var round = 0; round < rounds; round++)
        {
            await _store.SubmitAsync([new(new($"a-{round}"), "first")], "tester", Cancel);
            var claimed = Assert.IsType<ClaimAnswer.Granted>(await _store.ClaimAsync(
                new(new("w-1"), $"s{round}", TaskRules.ClaimTtl) { Task = new($"a-{round}") }, Cancel));
            using var start = new Barrier(2);
            var settles = OnThread(() => Together(() =>
                _store.SettleAsync(claimed.Claim!, new Settlement.Complete(null), Cancel).AsTask()));
            var submits = OnThread(() => Together(() => _store.SubmitAsync(
                [new(new($"b-{round}"), "second") { DependsOn = [$"a-{round}"] }], "tester", Cancel).AsTask()));
            await settles.WaitAsync(TooLong, Clock, Cancel);
            await submits.WaitAsync(TooLong, Clock, Cancel);

            Task<T> Together<T>(Func<Task<T>> act)
            {
                Assert.True(start.SignalAndWait(TooLong));
                return act();
            }
        }

        var ready = await _store.TasksAsync(new() { Ready = true }, Cancel);
        Assert.Equal(rounds, ready.Length);
        Assert.Equal(rounds, (await _store.SnapshotAsync(Cancel)).Tasks.Ready);
    }

    [Fact]
    public async Task Claimants_at_once_take_each_task_once()
    {
        const int claimants = 8;
        const int tasks = 60;
        await _store.SubmitAsync([.. Enumerable.Range(0, tasks).Select(n => new NewTask(new($"t{n}"), "t"))], "tester", Cancel);
        var taken = await Task.WhenAll(Enumerable.Range(0, claimants).Select(number => OnThread(async () =>
        {
            await _store.RegisterAsync(new(new($"w-{number}"), "w", Agent.WorkerRole), Cancel);
            var mine = new List<string>();
            while (await _store.ClaimAsync(new(new($"w-{number}"), $"s{mine.Count}", TaskRules.ClaimTtl), Cancel)
                is ClaimAnswer.Granted { Claim: { } claim })
            {
                mine.Add(claim.Task.Value);
                Assert.IsType<ClaimAnswer.Granted>(
                    await _store.SettleAsync(claim, new Settlement.Complete(null), Cancel));
            }

            return mine;
        })));
        Assert.Equal(tasks, taken.Sum(mine => mine.Count));
        Assert.Equal(tasks, taken.SelectMany(mine => mine).Distinct().Count());
        Assert.Equal(tasks, (await _store.SnapshotAsync(Cancel)).Tasks.Completed);
    }

    private static TimeProvider Clock => BootClock.Instance;

    private async Task<Snapshot> BeginAsync(long epoch, HolderId holder) => await _store.BeginTermAsync(
        new(new(ElectionName.Main, new(epoch), holder, TimeSpan.FromSeconds(6)), [], new(epoch - 1), new(epoch - 1)), Cancel);

    private async Task<SweepAnswer> SweepAsync(long epoch, HolderId by, AgentId evict) => await _store.SweepAsync(
        new(epoch), new(by, [new(evict, null, "test")], [], []), Cancel);

    private async Task<NpgsqlConnection> RawAsync()
    {
        var raw = _database.Rent();
        await DoAsync(raw, $"SET search_path = {_schema}");
        return raw;
    }

    private static async Task DoAsync(NpgsqlConnection raw, string sql)
    {
        await using var command = new NpgsqlCommand(sql, raw);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    /// <summary>Waits until a session of this name waits for a lock.</summary>
    private async Task WaitsAsync(string name)
    {
        await using var raw = await RawAsync();
        var until = Instant.Of(Clock) + TooLong;
        while (true)
        {
            await using var command = new NpgsqlCommand(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE $1 AND wait_event_type = 'Lock'", raw);
            command.Parameters.Add(new() { Value = name });
            if ((long)(await command.ExecuteScalarAsync(Cancel))! > 0)
            {
                return;
            }

            Assert.True(Instant.Of(Clock) < until, $"no session {name} waits");
        }
    }

    private static Task<T> OnThread<T>(Func<Task<T>> run) =>
        Task.Factory.StartNew(run, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
}
