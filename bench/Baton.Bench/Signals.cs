using System.Runtime.InteropServices;

namespace Baton.Bench;

/// <summary>What is done to processes here.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>The one that a kind of fault is made by.</summary>
    public static int Of(string fault) => fault switch
    {
        "kill" or "crash" => Kill,
        "term" or "release" => Terminate,
        _ => Stop,
    };

    /// <summary>Sends one; a process that is gone gets none.</summary>
    public static void Send(int pid, int signal) => _ = kill(pid, signal);

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
