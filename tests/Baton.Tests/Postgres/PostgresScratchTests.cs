using Baton.Postgres;
using Npgsql;

namespace Baton.Tests;

/// <summary>What a run of drills may damage on a server: schemas that bear its name and its mark, nothing else.</summary>
public sealed class PostgresScratchTests : IDisposable
{
    private readonly string _run = PostgresServer.NewSchema()[2..];
    private readonly PostgresAddress _live;
    private readonly PostgresScratch _scratch;

    public PostgresScratchTests()
    {
        _live = PostgresAddress.Parse(PostgresServer.Shared.Address(PostgresServer.NewSchema()));
        _scratch = PostgresScratch.Make(_live, _run);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        PostgresScratch.RemoveAfter(_live, _run);
        _scratch.Dispose();
    }

    [Fact]
    public async Task Its_own_store_is_copied_emptied_restored_and_dropped()
    {
        var address = _scratch.AddressOf("store-damage");
        Assert.Equal($"baton_validate_{_run}_store_damage", address.Schema);
        using var database = await WithTaskAsync(address, "kept");
        var work = new PostgresWorkStore(database, ElectionName.Main);
        _scratch.Copy(address.Schema);
        await work.SubmitAsync([new(new("lost"), "lost")], "tester", Cancel);
        _scratch.Restore(address.Schema);
        Assert.Equal("kept", Assert.Single(await work.TasksAsync(new(), Cancel)).Id.Value);
        _scratch.Empty(address.Schema);
        Assert.Equal(StoreFault.Damaged, Refusal(address));
        _scratch.Drop(address.Schema);
        Assert.Equal(StoreFault.Missing, Refusal(address));
        _scratch.Remove();
        Assert.Equal(0, Count($"SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%{_run}%'"));
    }

    [Fact]
    public async Task A_live_store_and_one_of_another_run_are_refused()
    {
        using var live = await WithTaskAsync(_live, "precious");
        using var other = PostgresScratch.Make(_live, Other);
        using var foreign = await WithTaskAsync(other.AddressOf("drill"), "precious");
        foreach (var schema in (string[])
            [_live.Schema, other.AddressOf("drill").Schema, $"{_scratch.Schema}x", "public", $"{_scratch.Schema}_\"; DROP"])
        {
            foreach (var harm in (Action<string>[])[_scratch.Drop, _scratch.Empty, _scratch.Copy, _scratch.Restore,
                name => _scratch.EndSessions(name)])
            {
                Assert.Throws<InvalidOperationException>(() => harm(schema));
            }
        }

        foreach (var database in (PostgresDatabase[])[live, foreign])
        {
            Assert.Single(await new PostgresWorkStore(database, ElectionName.Main).TasksAsync(new(), Cancel));
        }

        other.Remove();
    }

    [Fact]
    public async Task Without_the_runs_mark_or_with_anothers_nothing_is_touched()
    {
        var address = _scratch.AddressOf("drill");
        using var database = await WithTaskAsync(address, "precious");
        var mark = $"{_scratch.Schema}.run";
        foreach (var change in (string[])
            [$"UPDATE {mark} SET id = 'r2'", $"INSERT INTO {mark} VALUES ('r3')", $"DROP TABLE {mark}"])
        {
            Do(change);
            Assert.Throws<InvalidOperationException>(() => _scratch.Drop(address.Schema));
            Assert.Throws<InvalidOperationException>(_scratch.Remove);
            Assert.Throws<InvalidOperationException>(() => PostgresScratch.RemoveAfter(_live, _run));
        }

        Assert.Single(await new PostgresWorkStore(database, ElectionName.Main).TasksAsync(new(), Cancel));
        Do($"CREATE TABLE {_scratch.Schema}.run AS SELECT '{_run}' AS id");
    }

    [Fact]
    public void A_schema_that_is_there_is_not_taken_for_a_run()
    {
        Assert.Throws<InvalidOperationException>(() => PostgresScratch.Make(_live, _run));
        Assert.Throws<ArgumentException>(() => PostgresScratch.Make(_live, "r\"1"));
        PostgresScratch.RemoveAfter(_live, Other);
    }

    [Fact]
    public async Task Only_sessions_that_use_its_store_are_ended()
    {
        using var live = await WithTaskAsync(_live, "precious");
        using var database = await WithTaskAsync(_scratch.AddressOf("drill"), "kept");
        using var beside = live.Rent();
        using var mine = database.Rent();
        Assert.True(_scratch.EndSessions(_scratch.AddressOf("drill").Schema) > 0);
        using var one = new NpgsqlCommand("SELECT 1", beside);
        Assert.Equal(1, await one.ExecuteScalarAsync(Cancel));
        using var ended = new NpgsqlCommand("SELECT 1", mine);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ended.ExecuteScalarAsync(Cancel));
    }

    private string Other => string.Concat(_run.Reverse());

    private static string Refusal(PostgresAddress address) =>
        Assert.Throws<StoreUnavailableException>(() => PostgresDatabase.Open(address)).Code;

    private static async Task<PostgresDatabase> WithTaskAsync(PostgresAddress address, string task)
    {
        var database = PostgresDatabase.OpenOrCreate(address, $"store-of-{address.Schema}", out _);
        await new PostgresWorkStore(database, ElectionName.Main).SubmitAsync([new(new(task), task)], "tester", Cancel);
        return database;
    }

    private static long Count(string sql)
    {
        using var connection = Connect();
        using var command = new NpgsqlCommand(sql, connection);
        return (long)command.ExecuteScalar()!;
    }

    private static void Do(string sql)
    {
        using var connection = Connect();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static NpgsqlConnection Connect()
    {
        var connection = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={PostgresServer.Shared.Port};Username=postgres;Database=postgres;Pooling=false");
        connection.Open();
        return connection;
    }
}
