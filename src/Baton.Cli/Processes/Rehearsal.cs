using System.Runtime.CompilerServices;
using Baton.Sqlite;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Plays a whole takeover on a scratch store beside the real one: one leads, another follows, the first gives the lease
/// back, the other takes it. Code that runs for the first time is compiled and linked then, and a follower does most of
/// what it does for the first time in the very moment when every millisecond counts.
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
            // The real one is over before the rehearsal was.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreUnavailableException
            or OperationCanceledException)
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
        using var folder = new ScratchFolder("baton-rehearsal-");
        using var file = SqliteFile.OpenOrCreate(folder.PathOf("baton.db"), "rehearsal", out _);
        using var late = new CancellationTokenSource(Longest, around.Clock);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        await using var first = new Part("first", file, folder, around.Ids, over.Token);
        await first.Leads.WaitAsync(over.Token);
        await using var second = new Part("second", file, folder, around.Ids, over.Token);
        await second.Follows.WaitAsync(over.Token);
        await first.EndAsync();
        await second.Leads.WaitAsync(over.Token);
    }

    /// <summary>One who takes part in the play.</summary>
    private sealed class Part : IAsyncDisposable
    {
        private readonly CancellationTokenSource _leave;
        private readonly TaskCompletionSource _follows = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _leads = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task _life;

        public Part(string name, SqliteFile file, ScratchFolder folder, IdSource ids, CancellationToken over)
        {
            _leave = CancellationTokenSource.CreateLinkedTokenSource(over);
            var leases = new SqliteLeaseStore(file);
            leases.PrepareToWrite(ElectionName.Main);
            _life = new Orchestrator(
                new()
                {
                    Name = name,
                    Ids = ids,
                    Observer = told =>
                    {
                        _ = told.Type switch
                        {
                            EventType.OrchestratorStandby => _follows.TrySetResult(),
                            EventType.LeaderElected => _leads.TrySetResult(),
                            _ => false,
                        };
                    },
                },
                new(leases, new SqliteWorkStore(file, ElectionName.Main), new EpochFile(folder.PathOf("epoch")),
                    new(folder.PathOf("witness")))).RunAsync(_leave.Token);
        }

        public Task Follows => _follows.Task;

        public Task Leads => _leads.Task;

        /// <summary>Leaves in good order; once is enough, twice does no harm.</summary>
        public async Task EndAsync()
        {
            await _leave.CancelAsync();
            await _life;
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            _leave.Dispose();
        }
    }
}
