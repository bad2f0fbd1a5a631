using Baton.Conformance;
using Baton.Postgres;
using Baton.Sqlite;
using Baton.Work;

namespace Baton.Tests;

public sealed class InMemoryWorkStoreMessages : MessageStoreConformance
{
    protected override LocalWorkStore Open(TimeProvider clock, ClockDomain domain) =>
        new InMemoryWorkStore(ElectionName.Main, clock, domain);
}

public sealed class SqliteWorkStoreMessages : MessageStoreConformance
{
    private readonly TemporaryFolder _folder = new();
    private SqliteFile? _file;

    protected override LocalWorkStore Open(TimeProvider clock, ClockDomain domain)
    {
        _file = SqliteFile.OpenOrCreate(_folder.Of("baton.db"), "store-1", out _);
        return new SqliteWorkStore(_file, ElectionName.Main, clock, domain);
    }

    public override async ValueTask DisposeAsync()
    {
        _file?.Dispose();
        _folder.Dispose();
        await base.DisposeAsync();
    }
}

public sealed class PostgresWorkStoreMessages : MessageStoreConformance
{
    private PostgresDatabase? _database;

    protected override LocalWorkStore Open(TimeProvider clock, ClockDomain domain)
    {
        var address = PostgresAddress.Parse(PostgresServer.Shared.Address(PostgresServer.NewSchema()));
        _database = PostgresDatabase.OpenOrCreate(address, "store-1", out _);
        return new PostgresWorkStore(_database, ElectionName.Main, clock, domain);
    }

    public override async ValueTask DisposeAsync()
    {
        _database?.Dispose();
        await base.DisposeAsync();
    }
}
