using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Simulation;

/// <summary>The work store as one process reaches it.</summary>
internal sealed class NetworkedWork(Arena arena, SimulatedProcess process, TimeProvider clock) : IWorkStore
{
    public string Kind => "simulated";

    public ValueTask<Snapshot> BeginTermAsync(TermStart start, CancellationToken cancel) =>
        ChangeAsync(work => work.BeginTermAsync(start, CancellationToken.None), cancel, isLeaders: true);

    public ValueTask<SweepAnswer> SweepAsync(Epoch epoch, SweepPlan plan, CancellationToken cancel) =>
        ChangeAsync(work => work.SweepAsync(epoch, plan, CancellationToken.None), cancel, isLeaders: true);

    public ValueTask<ClaimAnswer> ExtendAsync(Claim claim, string? progress, CancellationToken cancel) =>
        ChangeAsync(work => work.ExtendAsync(claim, progress, CancellationToken.None), cancel);

    public ValueTask<ClaimAnswer> SettleAsync(Claim claim, Settlement settlement, CancellationToken cancel) =>
        ChangeAsync(work => work.SettleAsync(claim, settlement, CancellationToken.None), cancel);

    public ValueTask<SubmitAnswer> SubmitAsync(
        ImmutableArray<NewTask> tasks, string actor, CancellationToken cancel) =>
        ChangeAsync(work => work.SubmitAsync(tasks, actor, CancellationToken.None), cancel);

    public ValueTask<ClaimAnswer> ClaimAsync(ClaimRequest request, CancellationToken cancel) =>
        ChangeAsync(work => work.ClaimAsync(request, CancellationToken.None), cancel);

    public ValueTask<Agent> RegisterAsync(Agent agent, CancellationToken cancel) =>
        ChangeAsync(work => work.RegisterAsync(agent, CancellationToken.None), cancel);

    public ValueTask<Agent?> ReportAsync(AgentReport report, CancellationToken cancel) =>
        ChangeAsync(work => work.ReportAsync(report, CancellationToken.None), cancel);

    public ValueTask<ClaimAnswer> EditAsync(TaskId task, TaskEdit edit, string actor, CancellationToken cancel) =>
        ChangeAsync(work => work.EditAsync(task, edit, actor, CancellationToken.None), cancel);

    public ValueTask<long> AskAsync(LeaderRequest request, CancellationToken cancel) =>
        ChangeAsync(work => work.AskAsync(request, CancellationToken.None), cancel);

    public ValueTask<ImportAnswer> ImportAsync(ImportBatch batch, CancellationToken cancel) =>
        ChangeAsync(work => work.ImportAsync(batch, CancellationToken.None), cancel);

    public ValueTask<Snapshot> SnapshotAsync(CancellationToken cancel) =>
        CallAsync(work => work.SnapshotAsync(CancellationToken.None), cancel);

    public ValueTask<ImmutableArray<DurableTask>> TasksAsync(TaskQuery query, CancellationToken cancel) =>
        CallAsync(work => work.TasksAsync(query, CancellationToken.None), cancel);

    public ValueTask<ImmutableArray<WorkEvent>> EventsAsync(EventQuery query, CancellationToken cancel) =>
        CallAsync(work => work.EventsAsync(query, CancellationToken.None), cancel);

    /// <summary>A hint, and so it takes another way than the requests: it always comes, and costs nothing.</summary>
    public async ValueTask<long> ChangedAsync(long mark, TimeSpan atMost, CancellationToken cancel)
    {
        if (arena.Stores.Version != mark)
        {
            return arena.Stores.Version;
        }

        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var giveUp = cancel.UnsafeRegister(
            static (waiting, token) => ((TaskCompletionSource)waiting!).TrySetCanceled(token), changed);
        await using var timer = clock.CreateTimer(
            static waiting => ((TaskCompletionSource)waiting!).TrySetResult(),
            changed, atMost, Timeout.InfiniteTimeSpan);
        arena.Stores.OnChange(() => changed.TrySetResult());
        await changed.Task;
        return arena.Stores.Version;
    }

    private ValueTask<T> ChangeAsync<T>(
        Func<IWorkStore, ValueTask<T>> verb, CancellationToken cancel, bool isLeaders = false) =>
        CallAsync(async work =>
        {
            try
            {
                return await verb(work);
            }
            finally
            {
                arena.Stores.Changed();
            }
        }, cancel, isLeaders);

    private ValueTask<T> CallAsync<T>(
        Func<IWorkStore, ValueTask<T>> verb, CancellationToken cancel, bool isLeaders = false) =>
        new(arena.Network.CallAsync(process, sent => verb(arena.Stores.WorkFrom(sent)), isLeaders, cancel));
}
