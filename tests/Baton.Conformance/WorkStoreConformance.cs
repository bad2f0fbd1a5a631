using System.Collections.Immutable;
using Baton.Work;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Conformance;

/// <summary>
/// What every work store must do. A driver adds a subclass that opens it, and no fact: facts live here only.
/// </summary>
public abstract partial class WorkStoreConformance : IAsyncLifetime
{
    protected const string Leases = "leases-1";

    protected static readonly ClockDomain Domain = new("test-clock");
    protected static readonly HolderId Leader = new("orc-a-000001");
    protected static readonly HolderId Second = new("orc-b-000002");
    protected static readonly TimeSpan AgentTtl = TimeSpan.FromSeconds(6);

    /// <summary>The clock of the rows; stands until a fact moves it.</summary>
    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));

    /// <summary>A fresh store for each fact.</summary>
    protected IWorkStore Store { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Opens a fresh, empty store of the election <c>main</c>.</summary>
    protected abstract Task<IWorkStore> OpenAsync(TimeProvider clock, ClockDomain domain);

    public async ValueTask InitializeAsync() => Store = await OpenAsync(Clock, Domain);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }

    protected DateTimeOffset Now => Clock.GetUtcNow();

    protected static Term TermOf(long epoch, HolderId holder, TermEnd? end = null, string leases = Leases) =>
        new(ElectionName.Main, new(epoch), holder, TimeSpan.FromSeconds(6))
        {
            LeaseStoreId = leases,
            Host = "host",
            Pid = 4711,
            EndedBy = end,
        };

    protected static TermStart StartOf(Term term, params ImmutableArray<Term> former) =>
        new(term, former, new(term.Epoch.Value - 1), new(term.Epoch.Value - 1));

    protected ValueTask<Snapshot> BeginAsync(long epoch, HolderId holder, params ImmutableArray<Term> former) =>
        Store.BeginTermAsync(StartOf(TermOf(epoch, holder), former), Cancel);

    protected async Task<SweepAnswer> SweepAsync(
        long epoch, Eviction[]? evict = null, Requeue[]? requeue = null, long[]? handled = null, HolderId? by = null) =>
        await Store.SweepAsync(
            new(epoch), new(by ?? Leader, [.. evict ?? []], [.. requeue ?? []], [.. handled ?? []]), Cancel);

    protected async Task<Agent> JoinAsync(string id, string role = Agent.WorkerRole) =>
        await Store.RegisterAsync(new(new(id), id.Split('-')[0], role) { Ttl = AgentTtl, Pid = 17 }, Cancel);

    protected static NewTask New(string id, params ImmutableArray<string> dependsOn) =>
        new(new(id), $"do {id}") { DependsOn = dependsOn };

    protected async Task<ImmutableArray<DurableTask>> SubmitAsync(params ImmutableArray<NewTask> tasks) =>
        Assert.IsType<SubmitAnswer.Accepted>(await Store.SubmitAsync(tasks, "tester", Cancel)).Tasks;

    protected ValueTask<ClaimAnswer> AskForAsync(string agent, string? task = null, string? secret = null) =>
        Store.ClaimAsync(new(new(agent), secret ?? $"s{agent}{task}", TaskRules.ClaimTtl)
        {
            Task = task is null ? null : new TaskId(task),
        }, Cancel);

    protected async Task<(DurableTask Task, Claim Claim)> ClaimAsync(
        string agent, string? task = null, string? secret = null)
    {
        var granted = Assert.IsType<ClaimAnswer.Granted>(await AskForAsync(agent, task, secret));
        return (granted.Task, granted.Claim!);
    }

    protected async Task<DurableTask> SettleAsync(Claim claim, Settlement settlement) =>
        Assert.IsType<ClaimAnswer.Granted>(await Store.SettleAsync(claim, settlement, Cancel)).Task;

    protected async Task<DurableTask> EditAsync(string task, TaskEdit edit) =>
        Assert.IsType<ClaimAnswer.Granted>(await Store.EditAsync(new(task), edit, "tester", Cancel)).Task;

    protected async Task<DurableTask> TaskAsync(string id) =>
        Assert.Single(await Store.TasksAsync(new() { IdPrefix = id }, Cancel), task => task.Id.Value == id);

    protected async Task<string[]> ReadyAsync() => Ids(await Store.TasksAsync(new() { Ready = true }, Cancel));

    protected static string[] Ids(ImmutableArray<DurableTask> tasks) => [.. tasks.Select(task => task.Id.Value)];

    protected ValueTask<Snapshot> LookAsync() => Store.SnapshotAsync(Cancel);

    // The clock of a store goes on by itself.
    protected async Task<Agent> AgentAsync(string id)
    {
        var snapshot = await LookAsync();
        return Assert.Single(snapshot.Agents.Concat(snapshot.Gone), agent => agent.Id.Value == id) with { SilentFor = null };
    }

    protected ValueTask<ImmutableArray<WorkEvent>> LogAsync() => Store.EventsAsync(new(), Cancel);

    /// <summary>The events that begin so, as "type subject epoch".</summary>
    protected async Task<string[]> ToldAsync(string family) =>
    [
        .. (await LogAsync()).Where(told => told.Draft.Type.Name().StartsWith(family, StringComparison.Ordinal))
            .Select(told => $"{told.Draft.Type.Name()} {told.Draft.Subject} {told.Draft.Epoch}".TrimEnd()),
    ];

    protected static RefusalKind Refused(ClaimAnswer answer) =>
        Assert.IsType<ClaimAnswer.Refused>(answer).Refusal.Kind;
}
