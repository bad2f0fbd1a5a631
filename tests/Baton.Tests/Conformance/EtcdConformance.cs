using Baton.Conformance;
using Baton.Etcd;

namespace Baton.Tests;

public sealed class EtcdLeaseStoreConformance : LeaseStoreConformance, IDisposable
{
    private readonly EtcdAddress _address = EtcdAddress.Parse(EtcdServers.Shared.Address);
    private readonly string _work = EtcdServers.NewWork();
    private readonly Stack<EtcdKeyspace> _open = new();

    protected override ILeaseStore Open(TimeProvider clock, ClockDomain domain)
    {
        _open.Push(EtcdKeyspace.OpenOrCreateAsync(_address, _work, "conformance", CancellationToken.None)
            .GetAwaiter().GetResult());
        return new EtcdLeaseStore(_open.Peek(), clock);
    }

    public void Dispose()
    {
        foreach (var space in _open)
        {
            space.Dispose();
        }
    }
}
