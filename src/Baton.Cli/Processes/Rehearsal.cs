using System.Runtime.CompilerServices;
using Baton.Sqlite;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Plays one whole term on a scratch store beside the real one. Code that runs for the first time is compiled
/// and
/// linked then, and a follower does most of what it does for the first time in the very moment when every
/// millisecond
/// counts: after a rehearsal a takeover takes half the time.
/// </summary>
internal static class Rehearsal
{
    // The start belongs to the real election.
    private static readonly TimeSpan After = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Rehearses once, soon, and leaves nothing behind. Native code needs no rehearsal.</summary>
    public static async Task PlaySoonAsync(Session session, CancellationToken stop)
    {
        await Task.Delay(After, session.Around.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!RuntimeFeature.IsDynamicCodeCompiled || stop.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await PlayAsync(session.Around, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The real one is over before the rehearsal had begun.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreUnavailableException)
        {
            // Nothing is lost but some milliseconds at the first takeover.
            if (session.Output.IsVerbose)
            {
                session.Output.Remark($"no rehearsal: {e.Message}");
            }
        }
    }

    private static async Task PlayAsync(Surroundings around, CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory("baton-rehearsal-").FullName;
        try
        {
            using var file = SqliteFile.OpenOrCreate(Path.Combine(folder, "baton.db"), "rehearsal", out _);
            using var late = new CancellationTokenSource(Longest, around.Clock);
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
            var life = new Orchestrator(
                new()
                {
                    Name = "rehearsal",
                    Ids = around.Ids,
                    Observer = told =>
                    {
                        if (told.Type == EventType.LeaderElected)
                        {
                            enough.Cancel();
                        }
                    },
                },
                new(new SqliteLeaseStore(file), new SqliteWorkStore(file, ElectionName.Main),
                    new EpochFile(Path.Combine(folder, "epoch")), new(Path.Combine(folder, "witness"))));
            await life.RunAsync(enough.Token);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
