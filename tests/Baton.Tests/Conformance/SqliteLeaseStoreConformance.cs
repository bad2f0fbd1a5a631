using Baton.Conformance;
using Baton.Sqlite;

namespace Baton.Tests;

public sealed class SqliteLeaseStoreConformance : LeaseStoreConformance, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Stack<SqliteFile> _files = new();

    protected override ILeaseStore Open(TimeProvider clock, ClockDomain domain)
    {
        var file = SqliteFile.OpenOrCreate(_folder.Of("baton.db"), "conformance", out _);
        _files.Push(file);
        return new SqliteLeaseStore(file, clock, domain);
    }

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }

        _folder.Dispose();
    }
}
