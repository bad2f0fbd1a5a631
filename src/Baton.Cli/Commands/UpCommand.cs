using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton up</c>: orchestrators, workers and a live view, in one command.</summary>
internal static class UpCommand
{
    private const int MostProcesses = 64;

    public static Verb Declare()
    {
        var orchestrators = new Option<int>("--orchestrators")
        {
            Description = "how many orchestrators (3)",
            HelpName = "N",
            DefaultValueFactory = _ => 3,
        };
        var workers = new Option<int>("--workers")
        {
            Description = "how many workers the leader keeps (2)",
            HelpName = "N",
            DefaultValueFactory = _ => 2,
        };
        var worker = new Option<string?>("--worker")
        {
            Description = "the shell command that works on a task",
            HelpName = "CMD",
        };
        var ttl = Durations.Option("--ttl", "how long a lease lives without a renewal (6s)");
        var untilIdle = new Option<bool>("--until-idle") { Description = "end once no task can go on" };
        var noMonitor = new Option<bool>("--no-monitor") { Description = "event lines instead of the live view" };
        return new("up", "start and supervise orchestrators and workers", session => RunAsync(session, new()
        {
            Orchestrators = Count("--orchestrators", session.Get(orchestrators), 1),
            Workers = Count("--workers", session.Get(workers), 0),
            Worker = session.Get(worker),
            Ttl = session.Get(ttl),
        }, session.Get(untilIdle)))
        { orchestrators, workers, worker, ttl, untilIdle, noMonitor };
    }

    private static async Task<int> RunAsync(Session session, SupervisorOrder order, bool untilIdle)
    {
        var around = session.Around;
        using var stores = around.Open(PlaceFor(session), OpenPurpose.Lead, around);
        var least = stores.Leases.Traits.MinimumTtl;
        if (order.Ttl < least)
        {
            throw CommandFailure.Usage($"--ttl {Durations.Text(order.Ttl.Value)} is too short: a lease of this store "
                + $"lives {least.TotalMilliseconds:0} ms at least");
        }

        if (order.Worker is null)
        {
            session.Output.Remark(
                "no --worker: tasks wait for agents that take them (baton run, baton task claim)");
        }

        var feed = new EventFeed(stores.Work, (await stores.Work.SnapshotAsync(session.Stop)).Seq, around.Clock,
            told => Tell(session.Output, told));
        using var supervisor = new Supervisor(stores, order, around, session.Output.Remark);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(session.Stop);
        using var untold = new CancellationTokenSource();
        var supervising = supervisor.RunAsync(over.Token);
        var following = feed.FollowAsync(untold.Token);
        var watch = new IdleWatch(stores.Work, around.Clock);
        var idle = untilIdle ? watch.UntilIdleAsync(over.Token) : NeverAsync(over.Token);
        await Task.WhenAny(supervising, idle);
        await over.CancelAsync();
        await supervising;
        await untold.CancelAsync();
        await following;
        await feed.TellNewAsync(CancellationToken.None);
        if (idle.IsCanceled)
        {
            throw new CommandFailure(ErrorCode.Interrupted, "stopped; nothing is left running");
        }

        return (await idle).IsDone ? ExitCode.Ok : throw new CommandFailure(ErrorCode.Failure,
            $"not all tasks could be done: {await watch.WhatIsStuckAsync(CancellationToken.None)}",
            "baton task show ID says why; baton task requeue ID tries again");
    }

    private static StorePlace PlaceFor(Session session)
    {
        if (session.Settings.Store is not null)
        {
            return session.Place;
        }

        var (place, _) = InitCommand.Make(session, null);
        session.Output.Remark($"made the workspace {place.Root}/{Workspace.FolderName}");
        return place;
    }

    private static void Tell(Output output, WorkEvent told)
    {
        if (output.IsJson)
        {
            output.StreamItem(EventJson.Of(told), BatonJson.Default.EventJson);
        }
        else
        {
            var at = UtcMilliseconds.Text(told.At);
            var epoch = told.Draft.Epoch is { } known ? $" [epoch {known}]" : "";
            output.Line(Plain.Line(
                $"{at}  {told.Draft.Type.Name(),-22} {told.Draft.Subject}: {told.Draft.Message}{epoch}"));
        }
    }

    private static async Task<TaskCounts> NeverAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource<TaskCounts>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var told = stop.Register(() => stopped.TrySetCanceled(stop));
        return await stopped.Task;
    }

    private static int Count(string option, int count, int least) => count >= least && count <= MostProcesses
        ? count
        : throw CommandFailure.Usage($"{option} {count}: it is {least} to {MostProcesses}");
}
