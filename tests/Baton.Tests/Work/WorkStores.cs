using Baton.Conformance;
using Baton.Sqlite;
using Baton.Work;

namespace Baton.Tests;

public sealed class InMemoryWorkStoreConformance : WorkStoreConformance
{
    protected override Task<IWorkStore> OpenAsync(TimeProvider clock, ClockDomain domain) =>
        Task.FromResult<IWorkStore>(new InMemoryWorkStore(ElectionName.Main, clock, domain));
}

public sealed class SqliteWorkStoreConformance : WorkStoreConformance
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("baton-test-");
    private SqliteFile? _file;

    protected override Task<IWorkStore> OpenAsync(TimeProvider clock, ClockDomain domain)
    {
        _file = SqliteFile.OpenOrCreate(Path.Combine(_folder.FullName, "baton.db"), "store-1", out _);
        return Task.FromResult<IWorkStore>(new SqliteWorkStore(_file, ElectionName.Main, clock, domain));
    }

    public override async ValueTask DisposeAsync()
    {
        _file?.Dispose();
        _folder.Delete(recursive: true);
        await base.DisposeAsync();
    }
}
