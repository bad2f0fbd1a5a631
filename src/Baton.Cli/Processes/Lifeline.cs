namespace Baton.Cli;

/// <summary>
/// What ties a process to the supervisor that started it: it ends when the supervisor's witness proves it
/// dead.
/// </summary>
internal sealed class Lifeline : IDisposable
{
    /// <summary>The variable that names the supervisor's witness: <c>NAME:DEVICE:INODE</c>.</summary>
    public const string Variable = "BATON_SUPERVISOR";

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _cut = new();
    private readonly Beat? _watch;

    private Lifeline(WitnessFolder witnesses, HolderId supervisor, FileIdentity mark) =>
        _watch = new("lifeline", LookEvery, () =>
        {
            if (!witnesses.IsProvablyDead(supervisor, mark))
            {
                return true;
            }

            _cut.Cancel();
            return false;
        });

    private Lifeline() { }

    /// <summary>One that never breaks.</summary>
    public static Lifeline None => new();

    /// <summary>Cancelled once the supervisor is proven dead; never where there is none.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>The value by which a child finds its supervisor.</summary>
    public static string ValueOf(HolderId supervisor, FileIdentity mark) =>
        $"{supervisor}:{mark.Device}:{mark.Inode}";

    /// <summary>
    /// The lifeline that this process was started with; one that never breaks where there is none.
    /// </summary>
    /// <exception cref="FormatException">The variable is set, and not as a supervisor sets it.</exception>
    public static Lifeline FromEnvironment(WitnessFolder witnesses) =>
        Parse(witnesses, Environment.GetEnvironmentVariable(Variable));

    /// <summary>The lifeline of a value; one that never breaks where it is null or empty.</summary>
    /// <exception cref="FormatException">The value is not as a supervisor sets it.</exception>
    public static Lifeline Parse(WitnessFolder witnesses, string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return new();
        }

        return value.Split(':') is [var name, var device, var inode] && HolderId.IsWellFormed(name)
            && long.TryParse(device, out var onDevice) && long.TryParse(inode, out var withInode)
            ? new(witnesses, new(name), new(onDevice, withInode))
            : throw new FormatException(
                $"{Variable}={value} names no supervisor; it is NAME:DEVICE:INODE, set by 'baton up' alone: unset it");
    }

    public void Dispose()
    {
        _watch?.Dispose();
        _cut.Dispose();
    }
}
