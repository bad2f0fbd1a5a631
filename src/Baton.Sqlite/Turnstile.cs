namespace Baton.Sqlite;

/// <summary>
/// Lets a lease verb go before writers that never rest. Those leave SQLite's write lock free for microseconds only;
/// here they stand aside, for a bounded time, while somebody with a deadline waits.
/// </summary>
/// <remarks>
/// A flock on a file of its own, freed by the kernel with its holder. It guards nothing but the order: where the file
/// can't be made, or its holder is stopped, everyone goes on as without it.
/// </remarks>
internal sealed class Turnstile(string path) : IDisposable
{
    private const int OwnerOnly = 0b110_000_000;
    private readonly int _file = Posix.Open(path, Posix.ReadWrite | Posix.Create | Posix.CloseOnExec, OwnerOnly);
    private bool _held;

    /// <summary>Asks the others to stand aside; called again and again while waiting.</summary>
    public void Claim() => _held = _held || Posix.Flock(_file, Posix.LockExclusive | Posix.DontBlock) == 0;

    /// <summary>Lets the others go on.</summary>
    public void Leave()
    {
        if (_held)
        {
            _held = false;
            _ = Posix.Flock(_file, Posix.Unlock);
        }
    }

    /// <summary>Whether somebody with a deadline waits.</summary>
    public bool IsClaimed()
    {
        if (_file < 0 || Posix.Flock(_file, Posix.LockShared | Posix.DontBlock) != 0)
        {
            return _file >= 0;
        }

        _ = Posix.Flock(_file, Posix.Unlock);
        return false;
    }

    public void Dispose()
    {
        if (_file >= 0)
        {
            _ = Posix.Close(_file);
        }
    }
}
