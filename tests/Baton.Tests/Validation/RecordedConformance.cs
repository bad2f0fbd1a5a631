using Baton.Conformance;
using Baton.Validation;
using Baton.Work;

namespace Baton.Tests;

public sealed class RecordedLeasesConformance : LeaseStoreConformance
{
    private InMemoryLeaseStore? _store;

    protected override ILeaseStore Open(TimeProvider clock, ClockDomain domain) =>
        new RecordedLeases(_store ??= new InMemoryLeaseStore(clock, domain), new(clock, _ => { }));
}

public sealed class RecordedWorkConformance : WorkStoreConformance
{
    protected override Task<IWorkStore> OpenAsync(TimeProvider clock, ClockDomain domain) =>
        Task.FromResult<IWorkStore>(new RecordedWork(
            new InMemoryWorkStore(ElectionName.Main, clock, domain), new(clock, _ => { })));
}
