using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Baton.Cli;

/// <summary>
/// A child of this process. It is waited for without being reaped: until <see cref="Dispose"/> its id, and
/// that of its session, can belong to nobody else, so a signal never hits a stranger.
/// </summary>
/// <remarks>
/// System.Diagnostics.Process reaps as soon as a child ends, can begin no session and lets no chosen
/// descriptor through; that is why it is not used.
/// </remarks>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan SlowestLook = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan UnkillableAfter = TimeSpan.FromSeconds(10);

    // Guards the set of children against whoever reaps orphans: a new child is known before it can be reaped.
    private static readonly Lock Starting = new();
    private static readonly HashSet<int> Children = [];

    private readonly TaskCompletionSource<ChildExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly ChildStart _start;
    private readonly ProcessIdentity _identity;

    // Who bore the mark once: the environment of a process that is ending can't be read any more, while its
    // files may still be open.
    private readonly ConcurrentDictionary<ProcessIdentity, bool> _marked = new();
    private bool _reaped;
    private bool _letGo;

    private ChildProcess(ChildStart start, int pid, LinePipe[] pipes)
    {
        _start = start;
        _identity = ProcessTable.Look(pid)?.Identity ?? new(pid, 0);
        Drained = Task.WhenAll(pipes.Select(pipe => pipe.Ended));
        new Thread(Wait, maxStackSize: 256 * 1024) { IsBackground = true, Name = $"child {pid}" }.Start();
    }

    /// <summary>The process id.</summary>
    public int Pid => _identity.Pid;

    /// <summary>The process for good.</summary>
    public ProcessIdentity Identity => _identity;

    /// <summary>Completes when the process itself has ended; its descendants may live on.</summary>
    public Task<ChildExit> Exit => _exit.Task;

    /// <summary>
    /// Completes when the pipes of its output are closed by all who inherited them, and read to the end.
    /// </summary>
    public Task Drained { get; }

    /// <summary>Starts a process.</summary>
    /// <exception cref="IOException">It can't be started; the message says what, and why.</exception>
    public static ChildProcess Start(ChildStart start)
    {
        SystemCalls.HeedChildren();
        lock (Starting)
        {
            var (pid, pipes) = Spawning.Spawn(start);
            Children.Add(pid);
            return new(start, pid, pipes);
        }
    }

    /// <summary>
    /// Reaps ended orphans that this process has adopted, and gives those that live. Children started here
    /// are not among them.
    /// </summary>
    public static unsafe List<ProcessEntry> Adopted()
    {
        lock (Starting)
        {
            var adopted = new List<ProcessEntry>();
            foreach (var entry in ProcessTable.All())
            {
                if (entry.Parent == Environment.ProcessId && !Children.Contains(entry.Pid))
                {
                    if (entry.IsZombie)
                    {
                        _ = SystemCalls.waitpid(entry.Pid, null, SystemCalls.DontBlock);
                    }
                    else
                    {
                        adopted.Add(entry);
                    }
                }
            }

            return adopted;
        }
    }

    /// <summary>Signals the process itself. False when it has ended.</summary>
    public bool Signal(int signal) => Send(Pid, signal);

    /// <summary>
    /// Signals the process, its session, its descendants, and those who bear its mark. False when none is
    /// left.
    /// </summary>
    public bool SignalTree(int signal)
    {
        var any = Send(_start.OwnSession ? -Pid : Pid, signal);
        foreach (var straggler in Stragglers())
        {
            // Who is in the child's own group has just had the signal.
            any |= (_start.OwnSession && straggler.Group == Pid) || ProcessTable.Signal(straggler.Identity, signal);
        }

        return any;
    }

    /// <summary>Whether anything of the tree still runs.</summary>
    public bool IsTreeAlive
    {
        get
        {
            // Who forks and ends while the table is read can slip through one reading.
            const int readings = 2;
            for (var reading = 0; reading < readings; reading++)
            {
                if (!Exit.IsCompleted || Stragglers().Count > 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Ends the whole tree: asks by SIGTERM, and after the grace kills what is left. Blocks until nothing is
    /// left, or until the kernel has been unable to kill it for ten seconds. True when nothing is left.
    /// </summary>
    public bool EndTree(TimeSpan grace)
    {
        if (!IsTreeAlive)
        {
            return true;
        }

        SignalTree(SystemCalls.Terminate);
        SignalTree(SystemCalls.Continue);
        var clock = BootClock.Instance;
        var kill = Instant.Of(clock) + grace;
        var giveUp = kill + UnkillableAfter;
        var look = FirstLook;
        while (IsTreeAlive)
        {
            var now = Instant.Of(clock);
            if (now >= giveUp)
            {
                return false;
            }

            if (now >= kill)
            {
                SignalTree(SystemCalls.Kill);
            }

            BootClock.Pause(look, CancellationToken.None);
            look = look * 2 < SlowestLook ? look * 2 : SlowestLook;
        }

        return true;
    }

    /// <summary>
    /// Lets it live on without us: it is reaped as soon as it ends, and can't be signalled from here any
    /// more.
    /// </summary>
    public void LetGo()
    {
        lock (_gate)
        {
            _letGo = true;
            if (Exit.IsCompleted)
            {
                Reap();
            }
        }
    }

    /// <summary>Kills the tree if it still lives, and reaps the process.</summary>
    public void Dispose()
    {
        if (_reaped || _letGo || !EndTree(TimeSpan.Zero))
        {
            return;
        }

        lock (_gate)
        {
            Reap();
        }
    }

    private bool Send(int target, int signal)
    {
        lock (_gate)
        {
            return !_reaped && !_letGo && SystemCalls.kill(target, signal) == 0;
        }
    }

    private List<ProcessEntry> Stragglers()
    {
        var all = ProcessTable.All();
        var below = ProcessTable.DescendantsOf(Pid, all);
        if (_start.OwnsOrphans)
        {
            foreach (var orphan in Adopted())
            {
                below.Add(orphan.Pid);
                below.UnionWith(ProcessTable.DescendantsOf(orphan.Pid, all));
            }
        }

        return [.. all.Where(entry => entry.Pid != Pid && entry.Pid != Environment.ProcessId && !entry.IsZombie
            && ((_start.OwnSession && entry.Session == Pid) || below.Contains(entry.Pid) || BearsMark(entry)))];
    }

    private bool BearsMark(ProcessEntry entry)
    {
        if (_start.Mark is not { } mark || entry.Identity.Start < _identity.Start)
        {
            return false;
        }

        if (_marked.ContainsKey(entry.Identity))
        {
            return true;
        }

        var cut = mark.IndexOf('=', StringComparison.Ordinal);
        if (cut <= 0 || ProcessTable.SettledEnvironmentOf(entry, mark[..cut]) != mark[(cut + 1)..])
        {
            return false;
        }

        _marked[entry.Identity] = true;
        return true;
    }

    private unsafe void Wait()
    {
        const int codeAt = 8;
        const int statusAt = 24;
        const int exited = 1;
        var told = stackalloc byte[SystemCalls.StructureBytes];
        while (SystemCalls.waitid(SystemCalls.OneProcess, (uint)Pid, told,
            SystemCalls.WhenExited | SystemCalls.LeaveUnreaped) != 0)
        {
            if (Marshal.GetLastPInvokeError() != SystemCalls.Interrupted)
            {
                _exit.SetException(new IOException($"process {Pid} can't be waited for: {SystemCalls.LastError()}"));
                return;
            }
        }

        var status = *(int*)(told + statusAt);
        _exit.SetResult(*(int*)(told + codeAt) == exited ? new(status, null) : new(null, status));
        lock (_gate)
        {
            if (_letGo)
            {
                Reap();
            }
        }
    }

    private unsafe void Reap()
    {
        if (!_reaped)
        {
            lock (Starting)
            {
                _ = SystemCalls.waitpid(Pid, null, 0);
                Children.Remove(Pid);
            }

            _reaped = true;
        }
    }
}
