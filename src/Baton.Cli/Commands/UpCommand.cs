using System.Collections.Concurrent;
using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton up</c>: orchestrators, workers and a live view, in one command.</summary>
internal static class UpCommand
{
    private const int MostProcesses = 64;
    private const int MostKept = 20;

    public static Verb Declare()
    {
        var orchestrators = new Option<int>("--orchestrators")
        {
            Description = "how many orchestrators (3)",
            HelpName = "N",
            DefaultValueFactory = _ => 3,
        };
        var pool = new PoolOptions(2);
        var ttl = Durations.Option("--ttl", "how long a lease lives without a renewal (6s)");
        var untilIdle = new Option<bool>("--until-idle") { Description = "end once no task can go on" };
        var noMonitor = new Option<bool>("--no-monitor") { Description = "event lines instead of the live view" };
        var up = new Verb("up", "start and supervise orchestrators and workers", session => RunAsync(session, new()
        {
            Orchestrators = Count("--orchestrators", session.Get(orchestrators), 1),
            Pool = pool.ArgumentsOf(session),
            Skills = [.. pool.Kinds(session).Where(kind => kind.Count > 0).Select(kind => kind.Skills)],
            Ttl = session.Get(ttl),
        }, session.Get(untilIdle), !session.Get(noMonitor) && MonitorCommand.CanBeLive(session)))
        { orchestrators };
        foreach (var option in pool.All.Concat([ttl, untilIdle, noMonitor]))
        {
            up.Add(option);
        }

        return up;
    }

    private static async Task<int> RunAsync(Session session, SupervisorOrder order, bool untilIdle, bool isLive)
    {
        var stores = await OpenAsync(session);
        Check(order, stores.Leases.Traits);
        if (order.Pool.IsEmpty)
        {
            session.Output.Remark(
                "no --worker: tasks wait for agents that take them (baton run, baton task claim)");
        }

        // What is said while a live view is on the screen would tear it: it is said afterwards.
        var unsaid = new ConcurrentQueue<string>();
        using var supervisor = new Supervisor(
            stores, order, session.Around, isLive ? line => Keep(unsaid, line) : session.Output.Remark);
        var feed = new EventFeed(session, (await stores.Work.SnapshotAsync(session.Stop)).Seq,
            told => Tell(session.Output, told));
        var watch = new IdleWatch(session, stores.Mark.Read(session.Election), order.Skills);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(session.Stop);
        using var shown = new CancellationTokenSource();
        var supervising = supervisor.RunAsync(over.Token);
        var showing = isLive ? ScreenAsync(session, shown.Token) : feed.FollowAsync(shown.Token);
        var idle = untilIdle ? watch.UntilIdleAsync(over.Token) : NeverAsync(over.Token);
        try
        {
            await Task.WhenAny(supervising, idle);
            await over.CancelAsync();
            await supervising;
        }
        finally
        {
            await shown.CancelAsync();
            await showing;
            foreach (var line in unsaid)
            {
                session.Output.Remark(line);
            }
        }

        if (!isLive)
        {
            await feed.TellNewAsync(CancellationToken.None);
        }

        if (idle.IsCanceled)
        {
            throw new CommandFailure(ErrorCode.Interrupted, "stopped; nothing is left running");
        }

        return (await idle).IsDone ? ExitCode.Ok : throw new CommandFailure(ErrorCode.Failure,
            $"not all tasks could be done: {await watch.WhatIsStuckAsync(CancellationToken.None)}",
            "baton task show ID says why; baton task requeue ID tries again");
    }

    private static async Task<OpenStores> OpenAsync(Session session)
    {
        if (session.Settings.Store is null)
        {
            var place = (await InitCommand.MakeAsync(session, null)).Place;
            session.Output.Remark($"made the workspace {place.Workspace?.Folder ?? place.Store.Masked}");
            session.Reread();
        }

        return session.Open(OpenPurpose.Lead);
    }

    // Who is started with a ttl that it refuses would say so in a crash loop.
    private static void Check(SupervisorOrder order, LeaseStoreTraits traits)
    {
        if (order.Ttl is not { } ttl)
        {
            return;
        }

        try
        {
            new LeaderElectionOptions { Candidate = new(new("up")), Ttl = ttl }.Check(traits);
        }
        catch (ArgumentException e)
        {
            throw CommandFailure.Usage(e.Message, "baton up --help");
        }
    }

    private static async Task ScreenAsync(Session session, CancellationToken stop)
    {
        try
        {
            await MonitorScreen.RunAsync(session, "all", MonitorCommand.Beat, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The view is over when everything else is.
        }
    }

    private static void Keep(ConcurrentQueue<string> lines, string line)
    {
        lines.Enqueue(line);
        if (lines.Count > MostKept)
        {
            lines.TryDequeue(out _);
        }
    }

    private static void Tell(Output output, WorkEvent told)
    {
        if (output.IsJson)
        {
            output.StreamItem(EventJson.Of(told), BatonJson.Default.EventJson);
        }
        else
        {
            output.Line(EventText.Line(told, output.Ink));
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
