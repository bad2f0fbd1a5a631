using Baton.Conformance;

namespace Baton.Tests;

public sealed class InMemoryLeaseStoreConformance : LeaseStoreConformance
{
    private InMemoryLeaseStore? _store;

    protected override ILeaseStore Open(TimeProvider clock, ClockDomain domain) =>
        _store ??= new InMemoryLeaseStore(clock, domain);
}
