using Baton.Postgres;
using Baton.Work;

namespace Baton.Tests;

/// <summary>What a role, a database or a neighbour in the schema brings along.</summary>
public sealed class PostgresSurroundingsTests
{
    private readonly string _schema = PostgresServer.NewSchema();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static PostgresServer Server => PostgresServer.Shared;

    [Theory]
    [InlineData("default_transaction_read_only = on")]
    [InlineData("default_transaction_isolation = serializable")]
    [InlineData("default_transaction_deferrable = on")]
    [InlineData("lock_timeout = 1")]
    [InlineData("idle_in_transaction_session_timeout = 1")]
    [InlineData("search_path = 'nowhere, \"x y\"'")]
    [InlineData("client_encoding = LATIN1")]
    [InlineData("synchronous_commit = off")]
    public async Task The_settings_of_a_role_change_nothing(string setting)
    {
        var user = $"u{_schema}";
        Server.Do($"CREATE USER {user}; ALTER ROLE {user} SET {setting}; GRANT CREATE ON DATABASE postgres TO {user}");
        using var database = PostgresDatabase.OpenOrCreate(PostgresAddress.Parse(
            $"postgres://{user}@127.0.0.1:{Server.Port}/postgres?schema={_schema}"), "store-1", out _);
        await DoesAsync(database);
    }

    [Fact]
    public async Task Temporary_tables_of_whoever_shares_a_session_are_passed_over()
    {
        using var database = PostgresDatabase.OpenOrCreate(Address(), "store-1", out _);
        using (var session = database.Rent())
        {
            foreach (var table in (string[])["task", "agent", "event", "meta"])
            {
                using var command = new Npgsql.NpgsqlCommand($"CREATE TEMPORARY TABLE {table} (a int)", session);
                command.ExecuteNonQuery();
            }
        }

        // The pool hands out the same session.
        await DoesAsync(database);
    }

    [Theory]
    [InlineData("LATIN1")]
    [InlineData("SQL_ASCII")]
    public void A_database_that_can_not_keep_every_character_is_refused(string encoding)
    {
        Server.Do($"CREATE DATABASE d{_schema} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
        Refuses(PostgresAddress.Parse($"postgres://postgres@127.0.0.1:{Server.Port}/d{_schema}"), encoding);
    }

    [Theory]
    [InlineData("CREATE TABLE meta (a int)", "name")]
    [InlineData("CREATE TABLE meta (name int, value int); INSERT INTO meta VALUES (1, 2)", "no store of Baton")]
    [InlineData("CREATE TABLE meta (name text, value text); INSERT INTO meta VALUES ('schema_version', NULL)",
        "no store of Baton")]
    [InlineData("CREATE TABLE lease (a int)", "lease")]
    [InlineData("CREATE TYPE event AS (a int)", "event")]
    [InlineData("CREATE TABLE meta (name text, value text); "
        + "INSERT INTO meta VALUES ('schema_version', '0'), ('store_id', 'x')", "no store of Baton")]
    [InlineData("CREATE TABLE meta (name text, value text); "
        + "INSERT INTO meta VALUES ('schema_version', '1'), ('store_id', 'x')", "lacks tables: lease, term")]
    public void A_schema_that_holds_something_else_is_refused_and_left_alone(string sql, string words)
    {
        Server.Do($"CREATE SCHEMA {_schema}; SET search_path = {_schema}; {sql}");
        var before = Relations();
        Refuses(Address(), words);
        Assert.Equal(before, Relations());
    }

    [Fact]
    public void A_store_of_which_a_table_was_dropped_is_refused()
    {
        PostgresDatabase.OpenOrCreate(Address(), "store-1", out _).Dispose();
        Server.Do($"DROP TABLE {_schema}.head, {_schema}.fence");
        Refuses(Address(), "lacks tables: fence, head");
    }

    private PostgresAddress Address() => PostgresAddress.Parse(Server.Address(_schema));

    private string Relations() => Server.Ask(
        $"SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = '{_schema}'::regnamespace");

    private static async Task DoesAsync(PostgresDatabase database)
    {
        var work = new PostgresWorkStore(database, ElectionName.Main);
        await work.SubmitAsync([new(new("t1"), "one 😀")], "tester", Cancel);
        await work.RegisterAsync(new(new("w-1"), "w", Agent.WorkerRole), Cancel);
        var claim = Assert.IsType<ClaimAnswer.Granted>(
            await work.ClaimAsync(new(new("w-1"), "s1", TaskRules.ClaimTtl), Cancel)).Claim!;
        var task = Assert.IsType<ClaimAnswer.Granted>(
            await work.SettleAsync(claim, new Settlement.Complete(null), Cancel)).Task;
        Assert.Equal(("one 😀", DurableTaskStatus.Completed), (task.Title, task.Status));
        var leases = new PostgresLeaseStore(database);
        var term = Assert.IsType<AcquireAnswer.Acquired>(await leases.TryAcquireAsync(
            new(ElectionName.Main, new(new("a-1")), TimeSpan.FromSeconds(2), Epoch.None, 1,
                new(Epoch.None, 0, LeaseStanding.None)), Cancel)).Term;
        await work.BeginTermAsync(new(term, [], Epoch.None, Epoch.None), Cancel);
        Assert.IsType<RenewAnswer.Renewed>(await leases.RenewAsync(term, Cancel));
        Assert.IsType<ReleaseAnswer.Released>(await leases.ReleaseAsync(term, TermEnd.Released, Cancel));
    }

    private static void Refuses(PostgresAddress address, string words)
    {
        var refusal = Assert.Throws<StoreUnavailableException>(() =>
            PostgresDatabase.OpenOrCreate(address, "store-1", out _));
        Assert.Equal(StoreFault.Damaged, refusal.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.NotNull(refusal.Hint);
        Assert.Throws<StoreUnavailableException>(() => PostgresDatabase.Open(address));
    }
}
