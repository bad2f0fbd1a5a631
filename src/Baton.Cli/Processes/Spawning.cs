using System.Collections;
using System.Runtime.InteropServices;

namespace Baton.Cli;

/// <summary>
/// Starts a process with posix_spawn: nothing of this process's own state reaches the child but what is
/// named.
/// </summary>
internal static unsafe class Spawning
{
    /// <summary>Starts it.</summary>
    /// <exception cref="IOException">It can't be started.</exception>
    public static (int Pid, LinePipe[] Pipes) Spawn(ChildStart start)
    {
        if (start.Folder is { } folder && !Directory.Exists(folder))
        {
            throw new IOException($"{start.Command[0]} can't be started: there is no folder {folder}");
        }

        var actions = stackalloc byte[SystemCalls.StructureBytes];
        var attributes = stackalloc byte[SystemCalls.StructureBytes];
        var ours = new List<(int File, PipeTakers Takers)>();
        var theirs = new List<int>();
        Check(SystemCalls.posix_spawn_file_actions_init(actions), start);
        Check(SystemCalls.posix_spawnattr_init(attributes), start);
        try
        {
            Describe(attributes, start);
            Direct(actions, start, ours, theirs);
            using var arguments = new NativeStrings(start.Command);
            using var environment = new NativeStrings(EnvironmentFor(start));
            int pid;
            Check(SystemCalls.posix_spawnp(
                &pid, start.Command[0], actions, attributes, arguments.Pointers, environment.Pointers), start);
            var pipes = ours.Select(pipe => LinePipe.Begin(pipe.File, pipe.Takers)).ToArray();
            ours.Clear();
            return (pid, pipes);
        }
        finally
        {
            _ = SystemCalls.posix_spawn_file_actions_destroy(actions);
            _ = SystemCalls.posix_spawnattr_destroy(attributes);
            foreach (var file in theirs.Concat(ours.Select(pipe => pipe.File)))
            {
                _ = SystemCalls.close(file);
            }
        }
    }

    // The runtime ignores SIGPIPE and blocks what its threads should not see: a child must begin as from a
    // shell.
    private static void Describe(byte* attributes, ChildStart start)
    {
        var signals = stackalloc byte[SystemCalls.StructureBytes];
        _ = SystemCalls.sigfillset(signals);
        _ = SystemCalls.posix_spawnattr_setsigdefault(attributes, signals);
        _ = SystemCalls.sigemptyset(signals);
        _ = SystemCalls.posix_spawnattr_setsigmask(attributes, signals);
        var flags = SystemCalls.SetSignalDefaults | SystemCalls.SetSignalMask
            | (start.OwnSession ? SystemCalls.SetSession : 0);
        Check(SystemCalls.posix_spawnattr_setflags(attributes, (short)flags), start);
    }

    private static void Direct(
        byte* actions, ChildStart start, List<(int File, PipeTakers Takers)> ours, List<int> theirs)
    {
        if (start.Folder is { } folder)
        {
            Check(SystemCalls.posix_spawn_file_actions_addchdir_np(actions, folder), start);
        }

        if (!start.InheritsInput)
        {
            Check(SystemCalls.posix_spawn_file_actions_addopen(
                actions, 0, "/dev/null", SystemCalls.ReadOnly, 0), start);
        }

        Direct(actions, start, 1, start.Output, ours, theirs);
        Direct(actions, start, 2, start.Errors, ours, theirs);
        foreach (var file in start.Inherits)
        {
            // A duplicate under the same number loses the mark that would close it.
            Check(SystemCalls.posix_spawn_file_actions_adddup2(actions, file, file), start);
        }
    }

    private static void Direct(byte* actions, ChildStart start, int file, ChildOutput output,
        List<(int File, PipeTakers Takers)> ours, List<int> theirs)
    {
        const int ownerOnly = 0b110_000_000;
        switch (output)
        {
            case ChildOutput.Inherited:
                break;
            case ChildOutput.Descriptor other:
                Check(SystemCalls.posix_spawn_file_actions_adddup2(actions, other.File, file), start);
                break;
            case ChildOutput.ToFile to:
                Check(SystemCalls.posix_spawn_file_actions_addopen(actions, file, Path.GetFullPath(to.Path),
                    SystemCalls.WriteOnly | SystemCalls.Create | SystemCalls.Append, ownerOnly), start);
                break;
            case ChildOutput.Lines lines:
                Pipe(actions, start, file, new(lines.Take, lines.Raw), ours, theirs);
                break;
            case ChildOutput.Chunks chunks:
                Pipe(actions, start, file, new(null, chunks.Take), ours, theirs);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(output));
        }
    }

    private static void Pipe(byte* actions, ChildStart start, int file, PipeTakers takers,
        List<(int File, PipeTakers Takers)> ours, List<int> theirs)
    {
        var ends = stackalloc int[2];
        if (SystemCalls.pipe2(ends, SystemCalls.CloseOnExec) != 0)
        {
            throw new IOException($"no pipe for {start.Command[0]}: {SystemCalls.LastError()}");
        }

        ours.Add((ends[0], takers));
        theirs.Add(ends[1]);
        Check(SystemCalls.posix_spawn_file_actions_adddup2(actions, ends[1], file), start);
    }

    private static IEnumerable<string> EnvironmentFor(ChildStart start)
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            if (!start.Environment.ContainsKey((string)variable.Key))
            {
                yield return $"{variable.Key}={variable.Value}";
            }
        }

        foreach (var (name, value) in start.Environment)
        {
            if (value is not null)
            {
                yield return $"{name}={value}";
            }
        }
    }

    private static void Check(int error, ChildStart start)
    {
        if (error != 0)
        {
            var why = error == SystemCalls.NoSuchFile ? "there is no such program" : SystemCalls.Describe(error);
            throw new IOException($"{start.Command[0]} can't be started: {why}");
        }
    }

    /// <summary>A null-ended array of C strings.</summary>
    private readonly struct NativeStrings : IDisposable
    {
        private readonly int _count;

        public NativeStrings(IEnumerable<string> texts)
        {
            var all = texts.ToArray();
            _count = all.Length;
            Pointers = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                Pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(all[i]);
            }
        }

        public byte** Pointers { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                Marshal.FreeCoTaskMem((nint)Pointers[i]);
            }

            NativeMemory.Free(Pointers);
        }
    }
}
