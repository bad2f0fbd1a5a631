using Baton.Postgres;
using Baton.Work;
using Npgsql;

namespace Baton.Tests;

/// <summary>A server of these tests' own, to be stopped, frozen and put back.</summary>
public sealed class OwnPostgresServer : IDisposable
{
    internal PostgresServer Server { get; } = PostgresServer.Start();

    public void Dispose() => Server.Dispose();
}

/// <summary>What a leader and its work do when the server, or the way to it, fails them.</summary>
public sealed class PostgresFaultTests(OwnPostgresServer own) : IClassFixture<OwnPostgresServer>
{
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);

    private readonly string _schema = PostgresServer.NewSchema();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static TimeProvider Clock => BootClock.Instance;

    private PostgresServer Server => own.Server;

    [Fact]
    public async Task A_frozen_server_ends_trust_in_time_and_epochs_go_on_afterwards()
    {
        await using var candidate = Start(Make());
        var first = await candidate.LeadsAsync(above: 0);
        Server.SignalAll("STOP");
        try
        {
            // Nothing answers: only the deadline can end it.
            await StoreCandidate.LosesAsync(first);
            Assert.False(first.IsValid);
        }
        finally
        {
            Server.SignalAll("CONT");
        }

        Assert.True((await candidate.LeadsAsync(above: first.Epoch.Value)).IsValid);
    }

    [Fact]
    public async Task A_server_that_was_stopped_is_led_and_worked_in_again()
    {
        using var database = Make();
        var work = new PostgresWorkStore(database, ElectionName.Main);
        await work.SubmitAsync([new(new("t1"), "one")], "tester", Cancel);
        await using var candidate = Start(Make());
        var first = await candidate.LeadsAsync(above: 0);
        Server.Stop();
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => work.SnapshotAsync(Cancel).AsTask());
        Assert.True(refusal.IsTransient, refusal.Message);
        await StoreCandidate.LosesAsync(first);
        Server.Start();

        Assert.True((await candidate.LeadsAsync(above: first.Epoch.Value)).IsValid);
        Assert.Equal(1, (await work.SnapshotAsync(Cancel)).Tasks.Ready);
    }

    [Fact]
    public async Task A_leader_whose_sessions_are_ended_goes_on_leading()
    {
        using var database = Make();
        // Time enough to connect again, on a busy machine too.
        await using var candidate = Start(Make(), ttl: Ttl * 3);
        var leadership = await candidate.LeadsAsync(above: 0);
        for (var i = 0; i < 3; i++)
        {
            await RunAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                + "WHERE application_name LIKE 'baton%' AND pid <> pg_backend_pid()");
            var renewed = await StoreCandidate.RenewsAsync(new PostgresLeaseStore(database));
            Assert.Equal(leadership.Epoch, renewed.Epoch);
        }

        Assert.True(leadership.IsValid);
        Assert.Equal(0, (await new PostgresWorkStore(database, ElectionName.Main).SnapshotAsync(Cancel)).Seq);
    }

    [Fact]
    public async Task A_write_whose_session_was_ended_is_done_once_on_another()
    {
        const string end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            + "WHERE application_name LIKE 'baton%' AND pid <> pg_backend_pid()";
        using var database = Make();
        var work = new PostgresWorkStore(database, ElectionName.Main);
        await work.RegisterAsync(new(new("w-1"), "w", Agent.WorkerRole), Cancel);

        // While it lay in the pool.
        await RunAsync(end);
        await work.SubmitAsync([new(new("t1"), "one")], "tester", Cancel);

        // In the middle of a claim, which waits for the row of the agent.
        await using var raw = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={Server.Port};Username=postgres;Database=postgres;Pooling=false");
        await raw.OpenAsync(Cancel);
        await DoAsync(raw, $"BEGIN; SELECT 1 FROM {_schema}.agent FOR UPDATE");
        var claims = OnThread(() => work.ClaimAsync(
            new(new("w-1"), "s1", TaskRules.ClaimTtl), Cancel).AsTask());
        await DoAsync(raw, "DO $$ BEGIN WHILE NOT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted) LOOP "
            + "PERFORM pg_sleep(0.01); END LOOP; END $$");
        await DoAsync(raw, end);
        await DoAsync(raw, "ROLLBACK");
        Assert.Equal("t1", Assert.IsType<ClaimAnswer.Granted>(
            await claims.WaitAsync(TooLong, Clock, Cancel)).Task.Id.Value);
        Assert.Equal(["task.created", "task.claimed"],
            (await work.EventsAsync(new() { Subject = "t1" }, Cancel)).Select(told => told.Draft.Type.Name()));
    }

    [Fact]
    public async Task A_primary_that_comes_back_as_a_replica_is_waited_for()
    {
        using var database = Make();
        var work = new PostgresWorkStore(database, ElectionName.Main);
        await using var candidate = Start(Make());
        var first = await candidate.LeadsAsync(above: 0);
        Server.Stop();
        Server.RunAsServer("touch", Path.Combine(Server.Data, "standby.signal"));
        Server.Start();
        try
        {
            await StoreCandidate.LosesAsync(first);
            Assert.Equal(first.Epoch, (await new PostgresLeaseStore(database).ReadAsync(ElectionName.Main, Cancel)).Epoch);
        }
        catch (StoreUnavailableException e)
        {
            Assert.True(e is { Code: StoreFault.ReadOnly, IsTransient: true }, e.Message);
        }

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() =>
            work.SubmitAsync([new(new("t1"), "one")], "tester", Cancel).AsTask());
        Assert.True(refusal is { Code: StoreFault.ReadOnly, IsTransient: true }, refusal.Message);
        Server.Promote();
        Assert.True((await candidate.LeadsAsync(above: first.Epoch.Value)).IsValid);
    }

    [Fact]
    public async Task A_follower_needs_no_word_of_the_release()
    {
        await using var leader = Start(Make(), "orc-a");
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = Start(Make(), "orc-b");
        await follower.FollowsAsync(first.Epoch);
        await RunAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
        await leader.StopAsync();
        Assert.Equal(2, (await follower.LeadsAsync(above: 1)).Epoch.Value);
    }

    [Fact]
    public async Task A_schema_that_is_dropped_under_a_leader_ends_its_term_at_once()
    {
        using var database = Make();
        await using var candidate = Start(Make());
        var leadership = await candidate.LeadsAsync(above: 0);
        await RunAsync($"DROP SCHEMA {_schema} CASCADE");
        await StoreCandidate.LosesAsync(leadership);
        Assert.Equal(LossReason.StoreLost, leadership.LossReason);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() =>
            new PostgresWorkStore(database, ElectionName.Main).SnapshotAsync(Cancel).AsTask());
        Assert.Equal(StoreFault.Missing, refusal.Code);

        // Made anew, it begins above what is known of the lost one.
        PostgresDatabase.OpenOrCreate(Address(), "another", out var created).Dispose();
        Assert.True(created);
        Assert.True((await candidate.LeadsAsync(above: leadership.Epoch.Value)).IsValid);
    }

    [Fact]
    public async Task A_server_that_went_back_ends_the_term_and_epochs_go_on()
    {
        Make().Dispose();
        Server.Stop();
        Server.Save("old");
        Server.Start();
        await using var candidate = Start(Make());
        var leadership = await candidate.LeadsAsync(above: 0);
        Server.Stop();
        Server.Restore("old");
        Server.Start();
        await StoreCandidate.LosesAsync(leadership);
        Assert.True((await candidate.LeadsAsync(above: leadership.Epoch.Value)).IsValid);
    }

    [Theory]
    [InlineData("renewals = 0")]
    [InlineData("server = 'another'")]
    public async Task A_row_that_another_server_wrote_ends_the_term(string change)
    {
        using var database = Make();
        var leases = new PostgresLeaseStore(database);
        var candidacy = new Candidacy(ElectionName.Main, new(new("a-1")), Ttl, Epoch.None, 1,
            new(Epoch.None, 0, LeaseStanding.None));
        var term = Assert.IsType<AcquireAnswer.Acquired>(await leases.TryAcquireAsync(candidacy, Cancel)).Term;
        for (var i = 0; i < 3; i++)
        {
            term = Assert.IsType<RenewAnswer.Renewed>(await leases.RenewAsync(term, Cancel)).Term;
        }

        await RunAsync($"UPDATE {_schema}.lease SET {change}");
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => leases.RenewAsync(term, Cancel).AsTask());
        Assert.Equal(StoreFault.Replaced, refusal.Code);
    }

    [Theory]
    [InlineData("DELETE FROM {0}.lease")]
    [InlineData("UPDATE {0}.lease SET epoch = 0, holder = NULL")]
    [InlineData("DELETE FROM {0}.lease; DELETE FROM {0}.fence")]
    public async Task A_lost_lease_row_hands_out_no_epoch_again_to_a_host_that_knows_no_mark(string loss)
    {
        using var database = Make();
        var leases = new PostgresLeaseStore(database);
        for (var life = 1; life <= 3; life++)
        {
            // Nobody's mark or fence rises: these terms were won, and never began.
            var seen = await leases.ReadAsync(ElectionName.Main, Cancel);
            var candidacy = new Candidacy(ElectionName.Main, new(new($"a-{life}")), Ttl, Epoch.None, life,
                new(seen.Epoch, seen.Renewals, life == 1 ? LeaseStanding.None : LeaseStanding.RanOut));
            Assert.Equal(life, Assert.IsType<AcquireAnswer.Acquired>(
                await leases.TryAcquireAsync(candidacy, Cancel)).Term.Epoch.Value);
        }

        await RunAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, loss, _schema));
        var won = Assert.IsType<AcquireAnswer.Acquired>(await leases.TryAcquireAsync(
            new(ElectionName.Main, new(new("b-1")), Ttl, Epoch.None, 9, new(Epoch.None, 0, LeaseStanding.None)),
            Cancel));
        Assert.Equal(4, won.Term.Epoch.Value);
        Assert.True(won.KnownBefore < new Epoch(3), "that it was lost is known");
    }

    [Theory]
    [InlineData("epoch = 0, holder = 'nobody-1'")]
    [InlineData("epoch = 0, holder = NULL, renewals = 7")]
    public async Task A_lease_row_without_an_epoch_is_waited_out_and_taken(string change)
    {
        var first = Start(Make());
        var leadership = await first.LeadsAsync(above: 0);
        await first.DisposeAsync();
        using var database = Make();
        await RunAsync($"UPDATE {_schema}.lease SET ttl_ms = 500, {change}");
        await using var candidate = Start(Make());
        Assert.True((await candidate.LeadsAsync(above: leadership.Epoch.Value)).IsValid);
    }

    [Fact]
    public async Task A_promoted_replica_ends_the_term()
    {
        using var database = Make();
        var leases = new PostgresLeaseStore(database);
        var candidacy = new Candidacy(ElectionName.Main, new(new("a-1")), Ttl, Epoch.None, 1,
            new(Epoch.None, 0, LeaseStanding.None));
        var term = Assert.IsType<AcquireAnswer.Acquired>(await leases.TryAcquireAsync(candidacy, Cancel)).Term;
        using var replica = Server.Replicate();
        var address = PostgresAddress.Parse(replica.Address(_schema));
        Assert.Equal(StoreFault.ReadOnly,
            Assert.Throws<StoreUnavailableException>(() => PostgresDatabase.Open(address)).Code);
        replica.Promote();
        using var promoted = PostgresDatabase.Open(address);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() =>
            new PostgresLeaseStore(promoted).RenewAsync(term, Cancel).AsTask());
        Assert.Equal(StoreFault.Replaced, refusal.Code);
    }

    [Fact]
    public async Task A_request_that_nobody_answers_is_given_up_when_its_token_says_so()
    {
        using var proxy = new TcpProxy(Server.Port);
        Make().Dispose();
        using var database = PostgresDatabase.Open(Address(proxy.Port));
        var leases = new PostgresLeaseStore(database);
        await leases.ReadAsync(ElectionName.Main, Cancel);
        proxy.BlackHole();
        for (var i = 0; i < 3; i++)
        {
            // The driver itself would wait for two seconds: far longer than this token, with room for a slow machine.
            using var giveUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(100), Clock);
            var from = Instant.Of(Clock);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
                OnThread(() => leases.ReadAsync(ElectionName.Main, giveUp.Token).AsTask()));
            Assert.True(Instant.Of(Clock) - from < TimeSpan.FromSeconds(1.5), $"it took {Instant.Of(Clock) - from}");
        }

        proxy.Heal();
        Assert.Equal(LeaseView.Never(ElectionName.Main), await leases.ReadAsync(ElectionName.Main, Cancel));
    }

    [Theory]
    [InlineData("black hole")]
    [InlineData("cut")]
    [InlineData("reset")]
    [InlineData("delay")]
    public async Task A_bad_way_to_the_server_never_lets_two_lead(string fault)
    {
        using var proxy = new TcpProxy(Server.Port);
        Make().Dispose();
        await using var leader = Start(PostgresDatabase.Open(Address(proxy.Port)), "orc-a");
        var first = await leader.LeadsAsync(above: 0);
        await using var follower = Start(Make(), "orc-b");
        await follower.FollowsAsync(first.Epoch);
        switch (fault)
        {
            case "black hole":
                proxy.BlackHole();
                break;
            case "cut" or "reset":
                // The next connection works, so that it takes a while to keep it out.
                proxy.BlackHole();
                proxy.Cut(reset: fault == "reset");
                break;
            default:
                proxy.Delay = Ttl;
                break;
        }

        var second = await follower.LeadsAsync(above: first.Epoch.Value);
        Assert.False(first.IsValid);
        proxy.Delay = TimeSpan.Zero;
        proxy.Heal();
        await leader.FollowsAsync(second.Epoch);
        Assert.True(second.IsValid);
    }

    private PostgresAddress Address(int? port = null) => PostgresAddress.Parse(Server.Address(_schema, port));

    private PostgresDatabase Make() => PostgresDatabase.OpenOrCreate(Address(), "store-1", out _);

    private static StoreCandidate Start(PostgresDatabase database, string name = "orc-a", TimeSpan? ttl = null) =>
        new(new PostgresLeaseStore(database), name, ttl ?? Ttl, database);

    private static async Task DoAsync(NpgsqlConnection raw, string sql)
    {
        await using var command = new NpgsqlCommand(sql, raw);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private async Task RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={Server.Port};Username=postgres;Database=postgres;Pooling=false");
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static Task<T> OnThread<T>(Func<Task<T>> run) =>
        Task.Factory.StartNew(run, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
}
