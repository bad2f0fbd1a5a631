using Baton.Cli.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Baton.Cli.Tests;

/// <summary>Begins with the classes that take longest, so that none of them runs alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Long =
        [typeof(HostsTests), typeof(ServerDrillTests), typeof(NightTests), typeof(PostgresTests), typeof(ServerLiveTests)];

    /// <inheritdoc/>
    public IReadOnlyCollection<T> OrderTestCollections<T>(IReadOnlyCollection<T> testCollections)
        where T : ITestCollection => [.. testCollections.OrderBy(collection => Place(collection)).ThenBy(
            collection => collection.UniqueID, StringComparer.Ordinal)];

    private static int Place(ITestCollection collection)
    {
        var place = Array.FindIndex(Long,
            type => collection.TestCollectionDisplayName.Contains(type.FullName!, StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }
}
