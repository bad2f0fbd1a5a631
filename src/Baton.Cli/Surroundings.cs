using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// All that a command may touch of the world around it, so that a test can give it another world.
/// </summary>
internal sealed record Surroundings
{
    /// <summary>Where data goes.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where everything else goes.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>What <c>-</c> as a file name reads.</summary>
    public required TextReader In { get; init; }

    /// <summary>Whether <see cref="Out"/> is a terminal: colours and a live view make sense.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>How wide the terminal is, in columns.</summary>
    public int Width { get; init; } = 100;

    /// <summary>An environment variable; null where it is not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>From where paths and the search for a workspace start.</summary>
    public required string WorkingFolder { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = BootClock.Instance;

    /// <summary>Which clock that is.</summary>
    public ClockDomain ClockDomain { get; init; } = ClockDomain.Current;

    /// <summary>The name of this host.</summary>
    public string Host { get; init; } = Environment.MachineName;

    /// <summary>All randomness.</summary>
    public required IdSource Ids { get; init; }

    /// <summary>Cancelled when the process is asked to end.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Opens the stores that a command line names; a test gives stores in memory.</summary>
    public Func<StorePlace, OpenPurpose, Surroundings, OpenStores> Open { get; init; } =
        static (place, purpose, around) => place.Store.Open(place, purpose, around);

    /// <summary>Whether whoever reads the data is gone, so that a stream may end.</summary>
    public Func<bool> IsReaderGone { get; init; } = static () => false;

    /// <summary>
    /// Those of this process; a first interrupt, termination or hang-up cancels <see cref="Stop"/>, a later one ends it.
    /// </summary>
    public static Surroundings OfProcess()
    {
        var stop = new CancellationTokenSource();
        var asked = new StopSignals(BootClock.Instance, stop.Cancel);
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            Kept.Add(PosixSignalRegistration.Create(signal, context => context.Cancel = !asked.EndsAtOnce()));
        }

        return new()
        {
            Out = Writer(Console.OpenStandardOutput()),
            // Several threads tell of trouble.
            Error = TextWriter.Synchronized(Writer(Console.OpenStandardError())),
            In = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false, true)),
            IsTerminal = !Console.IsOutputRedirected,
            Width = Console.IsOutputRedirected ? 100 : Math.Max(Console.WindowWidth, 40),
            Variable = Environment.GetEnvironmentVariable,
            WorkingFolder = Environment.CurrentDirectory,
            Ids = new(BootClock.Instance, RandomNumberGenerator.Fill),
            Stop = stop.Token,
            IsReaderGone = StandardOutput.IsReaderGone,
        };
    }

    // A registration that is collected stops to listen.
    private static readonly List<PosixSignalRegistration> Kept = [];

    private static StreamWriter Writer(Stream stream) => new(stream, new UTF8Encoding(false)) { AutoFlush = true };
}
