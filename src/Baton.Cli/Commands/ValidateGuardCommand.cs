using System.CommandLine;
using Baton.Etcd;
using Baton.Postgres;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>
/// Watches over a run of drills. A killed run can end nothing any more, and a frozen process can't end by itself: this
/// one kills what such a run has left, and removes its folder, its schemas, its keys and its servers.
/// </summary>
internal static class ValidateGuardCommand
{
    /// <summary>The name of the verb; no person types it.</summary>
    public const string Name = "validate-guard";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Where the run's own witness lies in its folder.</summary>
    public static string WitnessesOf(string folder) => Path.Combine(folder, "witness");

    public static Verb Declare()
    {
        var folder = new Argument<string>("FOLDER");
        var run = new Argument<string>("RUN");
        var verb = new Verb(Name, "watch over a run of drills", session =>
            WatchAsync(session, session.Get(folder)!, session.Get(run)!)) { folder, run };
        verb.Hidden = true;
        return verb;
    }

    private static async Task<int> WatchAsync(Session session, string folder, string run)
    {
        using var lifeline = Lifeline.FromEnvironment(new(WitnessesOf(folder)));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(session.Stop, lifeline.Cut);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var waiting = over.Token.Register(() => told.TrySetResult());
        await told.Task;
        if (!lifeline.Cut.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }

        while (KillLeft(run))
        {
            await Task.Delay(Look, session.Around.Clock);
        }

        if (session.Around.Variable("BATON_STORE") is { Length: > 0 } server)
        {
            PostgresScratch.RemoveAfter(PostgresAddress.Parse(server), run);
        }

        if (session.Around.Variable("BATON_LEASES") is { Length: > 0 } leases)
        {
            using var keys = new EtcdScratch(EtcdAddress.Parse(leases), run);
            await keys.RemoveAsync(CancellationToken.None);
        }

        OwnPostgres.RemoveAfter(run);
        OwnEtcd.RemoveAfter(run);
        Scratch.RemoveAfter(folder, run);
        return ExitCode.Ok;
    }

    private static bool KillLeft(string run)
    {
        var all = ProcessTable.All();
        var marked = all.Where(process => ProcessTable.EnvironmentOf(process.Pid, DrillHost.Variable)?
            .StartsWith(run + "/", StringComparison.Ordinal) ?? false).Select(process => process.Pid).ToHashSet();
        // The sessions of a server write their titles over their environment: they are known by their parent.
        var below = marked.SelectMany(pid => ProcessTable.DescendantsOf(pid, all)).ToHashSet();
        var left = all.Where(process => !process.IsZombie && process.Pid != Environment.ProcessId
            && (marked.Contains(process.Pid) || below.Contains(process.Pid))).ToList();
        foreach (var process in left)
        {
            ProcessTable.Signal(process.Identity, SystemCalls.Kill);
        }

        return left.Count > 0;
    }
}
