using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// <c>baton demo</c>: a temporary workspace with real processes, whose leader is killed once in the middle of
/// the work.
/// </summary>
internal static class DemoCommand
{
    private const int Layers = 6;
    private const int PerLayer = 5;
    private const int Tasks = Layers * PerLayer;
    private const int KillAfter = 8;
    private const string Ledger = "ledger";

    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    public static Verb Declare()
    {
        var keep = new Option<bool>("--keep") { Description = "keep its workspace, to look around in it" };
        return new("demo", "see it work: 30 tasks, three orchestrators, and a leader killed in the middle",
            session => RunAsync(session, session.Get(keep))) { keep };
    }

    private static async Task<int> RunAsync(Session session, bool keep)
    {
        using var scratch = new ScratchFolder("baton-demo-");
        if (keep)
        {
            scratch.Keep();
        }

        var folder = scratch.Path;
        var place = (await InitCommand.MakeAsync(session, folder, isForItself: true)).Place;
        Say(session, $"A workspace of its own: {folder}");
        using var stores = session.Around.Open(place, OpenPurpose.Lead, session.Around);
        await SubmitAsync(stores.Work, session.Stop);
        Say(session, $"{Tasks} tasks in {Layers} layers; each runs a shell command and waits for two of the "
            + "layer before.");
        var takeover = await LiveThroughAsync(session, stores, folder);
        return await JudgeAsync(session, stores, folder, takeover, keep);
    }

    private static async Task SubmitAsync(IWorkStore work, CancellationToken cancel)
    {
        var tasks = Enumerable.Range(0, Tasks).Select(number =>
        {
            var (layer, place) = (number / PerLayer, number % PerLayer);
            return new NewTask(new($"demo_{layer + 1}_{place + 1}"), $"layer {layer + 1}, part {place + 1}")
            {
                DependsOn = layer == 0 ? []
                    : [$"demo_{layer}_{place + 1}", $"demo_{layer}_{((place + 1) % PerLayer) + 1}"],
            };
        });
        if (await work.SubmitAsync([.. tasks], "demo", cancel) is SubmitAnswer.Refused refused)
        {
            throw CommandFailure.Of(refused.Refusal);
        }
    }

    /// <summary>Runs everything, kills the leader once; gives how long nobody led.</summary>
    private static async Task<TimeSpan?> LiveThroughAsync(Session session, OpenStores stores, string folder)
    {
        var order = new SupervisorOrder
        {
            Orchestrators = 3,
            Pool =
            [
                "--workers", "3", "--worker", $"sleep 0.15; echo \"$BATON_TASK_ID\" >> '{folder}/{Ledger}'",
                "--log-size", "0",
            ],
        };
        using var supervisor = new Supervisor(stores, order, session.Around, line =>
        {
            if (session.Output.IsVerbose)
            {
                session.Output.Remark(line);
            }
        });
        using var over = CancellationTokenSource.CreateLinkedTokenSource(session.Stop);
        using var patience = new CancellationTokenSource(AtMost, session.Around.Clock);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(session.Stop, patience.Token);
        Say(session, "Three orchestrators start; one of them leads and keeps three workers running.");
        var supervising = supervisor.RunAsync(over.Token);
        TimeSpan? takeover = null;
        try
        {
            takeover = await await Task.WhenAny(KillOnceAsync(session, stores, supervisor, waiting.Token),
                NeverMindAsync(supervising));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            Say(session, $"Not done within {AtMost.TotalSeconds} s; giving up.");
        }
        finally
        {
            await over.CancelAsync();
            await supervising;
        }

        return takeover;
    }

    // A supervisor that ends by itself has failed, and says why.
    private static async Task<TimeSpan?> NeverMindAsync(Task supervising)
    {
        await supervising;
        return null;
    }

    private static async Task<TimeSpan?> KillOnceAsync(
        Session session, OpenStores stores, Supervisor supervisor, CancellationToken cancel)
    {
        var clock = session.Around.Clock;
        var first = await LeaderAsync(stores, Epoch.None, clock, cancel);
        Say(session, $"{first.Holder!.Holder} leads, epoch {first.Epoch}.");
        await DoneAsync(stores.Work, KillAfter, cancel);

        var (leader, process) = await LeaderProcessAsync(stores, supervisor, clock, cancel);
        Say(session, $"{KillAfter} tasks are done. Now: kill -9 {process.Pid}, the leader's process.");
        var killedAt = Instant.Of(clock);
        ProcessTable.Signal(process, SystemCalls.Kill);
        var next = await LeaderAsync(stores, leader.Epoch, clock, cancel);
        var took = Instant.Of(clock) - killedAt;
        Say(session, $"{next.Holder!.Holder} leads, epoch {next.Epoch}: taken over in {took.TotalMilliseconds:0} ms. "
            + "The workers never stopped.");
        await DoneAsync(stores.Work, Tasks, cancel);
        Say(session, "All tasks are done. Stopping: the followers first, then the leader gives its lease back.");
        return took;
    }

    private static async Task<LeaseView> LeaderAsync(
        OpenStores stores, Epoch after, TimeProvider clock, CancellationToken cancel)
    {
        while (true)
        {
            var view = await stores.Leases.ReadAsync(stores.Place.Election, cancel);
            if (view.Holder is not null && view.Epoch > after)
            {
                return view;
            }

            await Task.Delay(Look, clock, cancel);
        }
    }

    private static async Task<(LeaseView Leader, ProcessIdentity Process)> LeaderProcessAsync(
        OpenStores stores, Supervisor supervisor, TimeProvider clock, CancellationToken cancel)
    {
        while (true)
        {
            var leader = await LeaderAsync(stores, Epoch.None, clock, cancel);
            foreach (var (life, process) in supervisor.Running)
            {
                if (life == leader.Holder!.Holder)
                {
                    return (leader, process);
                }
            }

            await Task.Delay(Look, clock, cancel);
        }
    }

    private static async Task DoneAsync(IWorkStore work, int count, CancellationToken cancel)
    {
        long mark = 0;
        while ((await work.SnapshotAsync(cancel)).Tasks.Completed < count)
        {
            mark = await work.ChangedAsync(mark, AtMost, cancel);
        }
    }

    private static async Task<int> JudgeAsync(
        Session session, OpenStores stores, string folder, TimeSpan? takeover, bool keep)
    {
        var completions = (await stores.Work.EventsAsync(
            new() { Type = EventType.TaskCompleted }, CancellationToken.None))
            .GroupBy(told => told.Draft.Subject).ToList();
        var once = completions.Count(group => group.Count() == 1);
        var ledger = Path.Combine(folder, Ledger);
        var runs = File.Exists(ledger) ? File.ReadLines(ledger).Count() : 0;
        var isGood = once == Tasks && completions.Count == Tasks && takeover is not null;
        var terms = new List<Term>();
        await foreach (var term in stores.Leases.TermsAsync(stores.Place.Election, Epoch.None, CancellationToken.None))
        {
            terms.Insert(0, term);
        }

        Say(session, $"{once} of {Tasks} tasks were completed exactly once; their commands ran {runs} times.");
        if (session.Output.IsJson)
        {
            session.Output.Data(new DemoJson(isGood, Tasks, once, runs, (long?)takeover?.TotalMilliseconds,
                [.. terms.Select(TermJson.Of)]), BatonJson.Default.DemoJson, _ => { });
            return isGood ? ExitCode.Ok : ExitCode.Failure;
        }

        Say(session, "");
        Say(session, "baton leader history");
        foreach (var term in terms)
        {
            var end = term.EndedBy is { } ended ? $"until {Times.Text(term.EndedAt)}, {ended.Name()}" : "still leading";
            Say(session, $"  epoch {term.Epoch,-3} {term.Holder,-16} from {Times.Text(term.BeganAt)} {end}");
        }

        Say(session, "");
        if (keep)
        {
            Say(session, $"Look around: cd {folder}, then baton status, baton events, baton task list");
        }

        Say(session, "Try next:");
        if (OwnProgram.FolderOffPath(session.Around.Variable) is { } away)
        {
            Say(session, $"  export PATH=\"$PATH:{away}\"");
        }

        Say(session, "  baton init && baton task create --title 'My first task'");
        Say(session, "  baton up --worker 'echo working on $BATON_TASK_ID' --until-idle");
        return isGood ? ExitCode.Ok : throw new CommandFailure(ErrorCode.Failure,
            $"the demo did not go as promised: {once} of {Tasks} tasks completed exactly once",
            "run it again with --keep -v, then baton doctor in its workspace");
    }

    private static void Say(Session session, string line)
    {
        if (session.Output.IsJson)
        {
            session.Output.Remark(line);
        }
        else
        {
            session.Output.Line(Plain.Line(line));
        }
    }
}
