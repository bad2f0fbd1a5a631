using System.Reflection;
using Baton.Conformance;
using Baton.Etcd;
using Baton.Postgres;
using Baton.Sqlite;
using Baton.Validation;
using Baton.Work;

namespace Baton.Tests;

/// <summary>The seams stay small, and no store escapes its suite.</summary>
public sealed class SeamTests
{
    private static readonly Assembly[] Libraries =
    [
        typeof(Epoch).Assembly, typeof(IWorkStore).Assembly, typeof(SqliteFile).Assembly,
        typeof(PostgresDatabase).Assembly, typeof(EtcdKeyspace).Assembly, typeof(Operation).Assembly,
    ];

    public static TheoryData<string> LeaseStores => [.. Implementations(typeof(ILeaseStore))];

    public static TheoryData<string> WorkStores => [.. Implementations(typeof(IWorkStore))];

    public static TheoryData<string> MessageStores => [.. Implementations(typeof(IMessageStore))];

    [Fact]
    public void A_lease_store_has_seven_verbs_and_its_traits()
    {
        Assert.Equal(7, Verbs(typeof(ILeaseStore)));
        Assert.Equal(nameof(ILeaseStore.Traits), Assert.Single(typeof(ILeaseStore).GetProperties()).Name);
    }

    [Fact]
    public void A_work_store_has_fifteen_verbs_at_the_most() => Assert.InRange(Verbs(typeof(IWorkStore)), 1, 15);

    [Fact]
    public void A_store_of_messages_has_three_verbs() => Assert.Equal(3, Verbs(typeof(IMessageStore)));

    [Fact]
    public void An_assembly_has_one_public_namespace_and_it_is_its_name()
    {
        foreach (var library in Libraries)
        {
            var spaces = library.GetExportedTypes().Select(type => type.Namespace).Distinct();
            Assert.Equal([library.GetName().Name], spaces);
        }
    }

    [Theory]
    [MemberData(nameof(LeaseStores))]
    public void Every_lease_store_passes_the_suite(string store) => HasSuite(store, typeof(LeaseStoreConformance));

    [Theory]
    [MemberData(nameof(WorkStores))]
    public void Every_work_store_passes_the_suite(string store) => HasSuite(store, typeof(WorkStoreConformance));

    [Theory]
    [MemberData(nameof(MessageStores))]
    public void Every_store_of_messages_passes_the_suite(string store) =>
        HasSuite(store, typeof(MessageStoreConformance));

    private static void HasSuite(string store, Type suite) => Assert.Contains(
        typeof(SeamTests).Assembly.GetTypes(),
        type => type is { IsAbstract: false, IsPublic: true } && type.IsSubclassOf(suite)
            && type.Name.StartsWith(store, StringComparison.Ordinal));

    private static int Verbs(Type seam) => seam.GetMethods().Count(method => !method.IsSpecialName);

    private static IEnumerable<string> Implementations(Type seam) => Libraries
        .SelectMany(library => library.GetTypes())
        .Where(type => type is { IsAbstract: false, IsClass: true } && seam.IsAssignableFrom(type))
        .Select(type => type.Name);
}
