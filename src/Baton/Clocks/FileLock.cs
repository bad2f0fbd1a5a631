using System.Runtime.InteropServices;

namespace Baton;

/// <summary>
/// An exclusive lock between processes on a file of its own; the kernel frees it when its holder ends.
/// </summary>
public sealed class FileLock : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(2);
    private int _file;

    private FileLock(int file) => _file = file;

    /// <summary>Takes the lock, making its file if need be.</summary>
    /// <exception cref="IOException">
    /// The file can't be made, or the lock stayed taken for <paramref name="wait"/>.
    /// </exception>
    public static FileLock Take(string path, TimeSpan wait) => TryTake(path, wait)
        ?? throw new IOException($"{path}: another process holds it");

    /// <summary>
    /// Takes the lock, making its file if need be; null when it stayed taken for <paramref name="wait"/>.
    /// </summary>
    /// <exception cref="IOException">The file can't be made.</exception>
    public static FileLock? TryTake(string path, TimeSpan wait)
    {
        const int ownerOnly = 0b110_000_000;
        var file = Posix.Open(path, Posix.ReadWrite | Posix.Create | Posix.CloseOnExec, ownerOnly);
        if (file < 0)
        {
            throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }

        var until = Instant.Of(BootClock.Instance) + wait;
        while (Posix.Flock(file, Posix.LockExclusive | Posix.DontBlock) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is not (Posix.WouldBlock or Posix.Interrupted))
            {
                _ = Posix.Close(file);
                throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}");
            }

            if (Instant.Of(BootClock.Instance) >= until)
            {
                _ = Posix.Close(file);
                return null;
            }

            BootClock.Pause(LookEvery, CancellationToken.None);
        }

        return new(file);
    }

    /// <summary>Lets go.</summary>
    public void Dispose()
    {
        var file = Interlocked.Exchange(ref _file, -1);
        if (file >= 0)
        {
            _ = Posix.Close(file);
        }
    }
}
