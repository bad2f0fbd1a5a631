using System.Collections.Immutable;
using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton orchestrator run</c>: one orchestrator in the foreground.</summary>
internal static class OrchestratorCommand
{
    private static readonly TimeSpan ReopenEvery = TimeSpan.FromMilliseconds(500);
    private const string Standby = "standby";
    private const string Leave = "exit";
    private const string Wait = "wait";

    public static Command Declare()
    {
        var id = new Option<string>("--id") { Description = "its stable name", HelpName = "ID" };
        var ttl = Durations.Option("--ttl", "how long its lease lives without a renewal (default 6s)");
        var follow = new Option<string>("--on-follow")
        {
            Description = "what to do while another leads (default standby)",
        };
        Choices.Among(follow, Standby, Leave);
        var overrun = new Option<string>("--on-overrun")
        {
            Description = "what to do when its work outlasts its leadership (default exit)",
        };
        Choices.Among(overrun, Leave, Wait);
        var pool = new PoolOptions(0);
        var run = new Verb("run", "one orchestrator in the foreground", session => RunAsync(session, new(
            AgentDesk.Checked(session.Get(id) ?? "orc", "--id", AgentDesk.LongestName),
            session.Get(ttl) ?? TimeSpan.FromSeconds(6),
            session.Get(follow) == Leave,
            session.Get(overrun) != Wait,
            pool.Kinds(session),
            [.. pool.Limits.ArgumentsOf(session)])));
        foreach (var option in pool.All.Prepend(overrun).Prepend(follow).Prepend(ttl).Prepend(id))
        {
            run.Add(option);
        }

        return new("orchestrator", "run an orchestrator") { run };
    }

    private static async Task<int> RunAsync(Session session, Order order)
    {
        using var reopen = new OpenLead(session);
        var stores = reopen.Open();
        using var lifeline = Lifeline.FromEnvironment(stores.Witnesses!);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(session.Stop, lifeline.Cut);
        var rehearsal = Rehearsal.PlaySoonAsync(session, stop.Token);
        try
        {
            return await LiveAsync(session, order, reopen, stores, stop.Token);
        }
        finally
        {
            await stop.CancelAsync();
            await rehearsal;
        }
    }

    /// <summary>Lives one life after another, until told to stop.</summary>
    private static async Task<int> LiveAsync(
        Session session, Order order, OpenLead reopen, OpenStores stores, CancellationToken stop)
    {
        string? told = null;
        var hasLived = false;
        while (true)
        {
            Orchestrator? life = null;
            OrchestratorEnd end;
            var standFrom = Instant.Of(session.Around.Clock);
            try
            {
                // The leases are opened here, which may fail as well as the life itself.
                life = new(Options(session, order, stores), new(
                    stores.Leases, stores.Work, stores.Mark, stores.Witnesses));
                hasLived = true;
                end = await life.RunAsync(stop);
                standFrom = Instant.Of(session.Around.Clock) + order.Ttl;
            }
            catch (StoreUnavailableException e) when (hasLived && !stop.IsCancellationRequested)
            {
                if (told != e.Message)
                {
                    session.Output.Remark($"{life?.Id.Value ?? order.Name}: {e.Message}");
                    told = e.Message;
                }

                // A store that opens and then refuses each life, being full or read-only, must not be run
                // against.
                await Task.Delay(ReopenEvery, session.Around.Clock, CancellationToken.None);
                end = OrchestratorEnd.StoreLost;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Told to stop before this life had begun: that is as good an order as any.
                return ExitCode.Ok;
            }
            catch (ArgumentException e)
            {
                throw CommandFailure.Usage(e.Message, "baton orchestrator run --help");
            }

            switch (end)
            {
                case OrchestratorEnd.Stopped or OrchestratorEnd.Followed:
                    return ExitCode.Ok;
                case OrchestratorEnd.Overstayed:
                    // The work can't be trusted to end: only the end of the process is sure.
                    session.Output.Remark($"{life?.Id}: its work outlasts its leadership; the process ends");
                    Environment.Exit(ExitCode.Failure);
                    return ExitCode.Failure;
                case OrchestratorEnd.StoreLost:
                    if (await reopen.AnewAsync(stop) is not { } opened)
                    {
                        return ExitCode.Ok;
                    }

                    stores = opened;
                    await StandBackAsync(session, standFrom, stop);
                    break;
                case OrchestratorEnd.Evicted:
                    session.Output.Remark($"{life?.Id}: this life is over; a new one begins");
                    break;
                default:
                    throw new InvalidOperationException($"an orchestrator ended by {end}");
            }
        }
    }

    /// <summary>
    /// Who leads by the store that was lost may not have noticed yet; what it was told last holds for a ttl at the most.
    /// </summary>
    private static async Task StandBackAsync(Session session, Instant until, CancellationToken stop)
    {
        var left = until - Instant.Of(session.Around.Clock);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, session.Around.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static OrchestratorOptions Options(Session session, Order order, OpenStores stores) => new()
    {
        Name = order.Name,
        Election = session.Election,
        Ttl = order.Ttl,
        ExitOnFollow = order.ExitOnFollow,
        ExitOnOverrun = order.ExitOnOverrun,
        Pool = order.Workers.All(kind => kind.Count == 0) ? null
            : new([.. order.Workers.Select(kind => new WorkerGroup(kind.Name, kind.Count, () => Recording.Effect(
                session.Around, "starts a worker", () => StartWorker(session, order, kind, stores.Place))))],
                session.Around.Clock),
        Host = session.Around.Host,
        Process = ProcessIdentity.Current,
        Ids = session.Around.Ids,
        Clock = session.Around.Clock,
        ClockDomain = session.Around.ClockDomain,
        Observer = draft => Tell(session, draft),
        ElectionObserver = Recording.Trust(session.Around),
        Leads = Recording.Yield(session.Around),
        Trouble = session.Output.Remark,
    };

    private static StartedWorker StartWorker(Session session, Order order, WorkerKind kind, StorePlace place)
    {
        try
        {
            Directory.CreateDirectory(place.LogFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ErrorCode.InputOutput,
                $"no worker can be started: its output can't be written to {place.LogFolder}: {e.Message}",
                "make that a folder that can be written to, or move what is there aside");
        }

        var log = new ChildOutput.ToFile(Path.Combine(place.LogFolder, "workers.log"));
        // A session of its own: a worker outlives the leader that started it, and finishes what it has.
        var child = ChildProcess.Start(new(
        [
            .. OwnProgram.Command, "run", "--next", "--wait", "--repeat", "--pooled", "--agent", kind.Name,
            .. PoolOptions.Arguments(kind.Skills), .. order.Limits, "--", "/bin/sh", "-c", kind.Command,
        ])
        {
            OwnSession = true,
            Output = log,
            Errors = log,
            // What this worker offers is said by its options alone.
            Environment = place.Variables
                .Add(SkillOptions.RoleVariable, null)
                .Add(SkillOptions.CanVariable, null),
        });
        child.LetGo();
        return new(child.Pid, child.Exit);
    }

    private static void Tell(Session session, EventDraft draft)
    {
        var told = new OrchestratorEventJson(
            session.Around.Clock.GetUtcNow(), draft.Type.Name(), draft.Subject, draft.Epoch?.Value, draft.Message);
        if (session.Output.IsJson)
        {
            session.Output.StreamItem(told, BatonJson.Default.OrchestratorEventJson);
        }
        else
        {
            session.Output.Line($"{UtcMilliseconds.Text(told.At)}  {told.Type,-21} {Plain.Line(told.Message)}");
        }
    }

    private sealed record Order(
        string Name, TimeSpan Ttl, bool ExitOnFollow, bool ExitOnOverrun,
        ImmutableArray<WorkerKind> Workers, ImmutableArray<string> Limits);

    /// <summary>The store as it is opened to lead, again and again if it is lost.</summary>
    private sealed class OpenLead(Session session) : IDisposable
    {
        private OpenStores? _stores;

        public OpenStores Open() =>
            _stores = session.OpenAnother(OpenPurpose.Lead);

        /// <summary>Opens it anew, waiting while it can't be; null when told to stop.</summary>
        public async Task<OpenStores?> AnewAsync(CancellationToken stop)
        {
            _stores?.Dispose();
            _stores = null;
            string? told = null;
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    return Open();
                }
                catch (Exception e) when (e is StoreUnavailableException or IOException)
                {
                    if (told != e.Message)
                    {
                        session.Output.Remark($"nobody can lead: {e.Message}{HintOf(e)}");
                        told = e.Message;
                    }
                }

                await Task.Delay(ReopenEvery, session.Around.Clock, CancellationToken.None);
            }

            return null;
        }

        public void Dispose() => _stores?.Dispose();

        private static string HintOf(Exception e) =>
            e is StoreUnavailableException { Hint: { } hint } ? $" ({hint})" : "";
    }
}
