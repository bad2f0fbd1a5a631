using Baton.Conformance;
using Baton.Postgres;
using Baton.Work;

namespace Baton.Tests;

public sealed class PostgresLeaseStoreConformance : LeaseStoreConformance, IDisposable
{
    private readonly PostgresAddress _address =
        PostgresAddress.Parse(PostgresServer.Shared.Address(PostgresServer.NewSchema()));

    private readonly Stack<PostgresDatabase> _open = new();

    protected override ILeaseStore Open(TimeProvider clock, ClockDomain domain)
    {
        _open.Push(PostgresDatabase.OpenOrCreate(_address, "conformance", out _));
        return new PostgresLeaseStore(_open.Peek(), clock);
    }

    public void Dispose()
    {
        foreach (var database in _open)
        {
            database.Dispose();
        }
    }
}

public sealed class PostgresWorkStoreConformance : WorkStoreConformance
{
    private PostgresDatabase? _database;

    protected override Task<IWorkStore> OpenAsync(TimeProvider clock, ClockDomain domain)
    {
        var address = PostgresAddress.Parse(PostgresServer.Shared.Address(PostgresServer.NewSchema()));
        _database = PostgresDatabase.OpenOrCreate(address, "store-1", out _);
        return Task.FromResult<IWorkStore>(new PostgresWorkStore(_database, ElectionName.Main, clock, domain));
    }

    public override async ValueTask DisposeAsync()
    {
        _database?.Dispose();
        await base.DisposeAsync();
    }
}
