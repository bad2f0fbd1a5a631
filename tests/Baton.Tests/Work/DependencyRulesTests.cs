using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Tests;

public sealed class DependencyRulesTests
{
    private static NewTask New(string id, params ImmutableArray<string> on) =>
        new(new(id), $"do {id}") { DependsOn = on };

    private static (ImmutableArray<ImmutableArray<TaskId>> DependsOn, int Index, Refusal? Refusal) Resolve(
        params ImmutableArray<NewTask> tasks) => DependencyRules.Resolve(tasks, name => new(name switch
        {
            "known" => [new("task_1")],
            "task_" => [new("task_1"), new("task_2")],
            _ => [],
        }));

    [Fact]
    public void Names_in_the_batch_come_before_names_in_the_store()
    {
        var (dependsOn, _, refusal) = Resolve(
            New("t1"), New("t2", "known", "t1", "k", "t1"), New("t3") with { Key = "k" });
        Assert.Null(refusal);
        Assert.Equal(["task_1", "t1", "t3"], dependsOn[1].Select(id => id.Value));
        Assert.Equal(["known"], Resolve(New("t1", "known"), New("known")).DependsOn[0].Select(id => id.Value));
    }

    [Theory]
    [InlineData("nowhere", RefusalKind.UnknownDependency)]
    [InlineData("task_", RefusalKind.Ambiguous)]
    [InlineData("t1", RefusalKind.Cycle)]
    [InlineData("t3", RefusalKind.Cycle)]
    public void The_first_task_at_fault_is_named(string on, RefusalKind kind)
    {
        var (_, index, refusal) = Resolve(New("t0"), New("t1", on), New("t2", "t1"), New("t3", "t2"));
        Assert.Equal(kind, refusal?.Kind);
        Assert.Equal(1, index);
    }

    [Fact]
    public void A_diamond_is_no_cycle() => Assert.Null(
        Resolve(New("a"), New("b", "a"), New("c", "a"), New("d", "b", "c", "a")).Refusal);

    [Fact]
    public void A_long_chain_is_walked_without_a_deep_stack()
    {
        const int length = 20_000;
        var chain = Enumerable.Range(0, length)
            .Select(i => i == 0 ? New("t0") : New($"t{i}", $"t{i - 1}")).ToImmutableArray();
        Assert.Null(Resolve(chain).Refusal);
        Assert.Equal(RefusalKind.Cycle,
            Resolve(chain.SetItem(0, New("t0", $"t{length - 1}"))).Refusal?.Kind);
    }

    [Fact]
    public void An_added_dependency_may_not_lead_back()
    {
        var graph = new Dictionary<string, ImmutableArray<TaskId>> { ["b"] = [new("a")], ["c"] = [new("b")] };
        ImmutableArray<TaskId> On(TaskId id) => graph.GetValueOrDefault(id.Value, []);
        Assert.Null(DependencyRules.WhyNot(new("c"), new("a"), On));
        Assert.Null(DependencyRules.WhyNot(new("d"), new("c"), On));
        Assert.Equal(RefusalKind.Cycle, DependencyRules.WhyNot(new("a"), new("c"), On)?.Kind);
        Assert.Equal(RefusalKind.Cycle, DependencyRules.WhyNot(new("a"), new("a"), On)?.Kind);
    }
}
