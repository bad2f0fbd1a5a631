namespace Baton.Cli;

/// <summary>
/// The descendants that a supervisor did not start itself but answers for: workers that outlived their
/// leader, and commands that outlived their worker.
/// </summary>
/// <param name="lifeline">The value of <see cref="Lifeline.Variable"/> that marks the supervisor's own
/// processes.</param>
internal sealed class Offspring(string lifeline)
{
    private readonly HashSet<ProcessIdentity> _suspects = [];
    private readonly Dictionary<ProcessIdentity, Instant> _asked = [];

    /// <summary>
    /// Reaps orphans that have ended, and ends those that no worker answers for any more: by request, and
    /// after a grace by force. Called at a steady beat.
    /// </summary>
    public void EndStrays(TimeSpan grace)
    {
        var strays = ChildProcess.Adopted().Where(orphan => !IsOurs(orphan)).Select(orphan => orphan.Identity).ToList();
        var now = Instant.Of(BootClock.Instance);
        foreach (var stray in strays)
        {
            // A process that is just becoming another program shows no environment for a moment: look twice.
            if (_suspects.Add(stray))
            {
                continue;
            }

            if (_asked.TryAdd(stray, now))
            {
                SignalWithDescendants(stray, SystemCalls.Terminate);
            }
            else if (now - _asked[stray] >= grace)
            {
                SignalWithDescendants(stray, SystemCalls.Kill);
            }
        }

        _suspects.IntersectWith(strays);
        foreach (var gone in _asked.Keys.Except(strays).ToList())
        {
            _asked.Remove(gone);
        }
    }

    /// <summary>Asks the workers to end. True while there are any.</summary>
    public bool EndWorkers(HashSet<ProcessIdentity> asked)
    {
        var any = false;
        foreach (var worker in ChildProcess.Adopted().Where(IsOurs))
        {
            any = true;
            if (asked.Add(worker.Identity))
            {
                ProcessTable.Signal(worker.Identity, SystemCalls.Terminate);
            }
        }

        return any;
    }

    /// <summary>Kills every descendant of this process. True when none is left.</summary>
    public static bool KillAll()
    {
        ChildProcess.Adopted();
        var all = ProcessTable.All();
        var below = ProcessTable.DescendantsOf(Environment.ProcessId, all);
        var left = all.Where(entry => below.Contains(entry.Pid) && !entry.IsZombie).ToList();
        foreach (var entry in left)
        {
            ProcessTable.Signal(entry.Identity, SystemCalls.Kill);
        }

        return left.Count == 0;
    }

    private bool IsOurs(ProcessEntry orphan) =>
        ProcessTable.EnvironmentOf(orphan.Pid, Lifeline.Variable) == lifeline;

    private static void SignalWithDescendants(ProcessIdentity root, int signal)
    {
        var all = ProcessTable.All();
        var below = ProcessTable.DescendantsOf(root.Pid, all);
        ProcessTable.Signal(root, signal);
        foreach (var entry in all.Where(entry => below.Contains(entry.Pid)))
        {
            ProcessTable.Signal(entry.Identity, signal);
        }
    }
}
