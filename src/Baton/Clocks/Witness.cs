using System.Runtime.InteropServices;

namespace Baton;

/// <summary>
/// A file that one process life keeps locked for as long as it lives; the kernel lets go of the lock when the
/// process ends, however it ends. So a lock that can be had on that very inode proves death, and nothing else
/// does.
/// </summary>
/// <remarks>
/// The lock is flock's: FileStream's own locks can be switched off by an environment variable, and those of
/// fcntl are dropped when the process closes any descriptor of the file.
/// </remarks>
public sealed class Witness : IDisposable
{
    private readonly string _path;
    private readonly bool _inherited;
    private readonly Lock _gate = new();
    private FileIdentity _mark;
    private int _file = -1;

    internal Witness(string path, bool inherited)
    {
        _path = path;
        _inherited = inherited;
        _mark = Take();
    }

    /// <summary>The identity of the locked file, as it stands in the lease row.</summary>
    public FileIdentity Mark
    {
        get
        {
            lock (_gate)
            {
                return _mark;
            }
        }
    }

    /// <summary>The descriptor; a child that inherits it keeps the witness alive with its own life.</summary>
    public int Descriptor => _file;

    /// <summary>
    /// Makes the witness anew if its path is gone or bears another file. True when <see cref="Mark"/>
    /// changed; any
    /// thread may call it, and one that was let go stays so.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The file can't be made.</exception>
    public bool Restore()
    {
        // The renewal and the heartbeat both look: without the lock the one would find the other's lock in
        // its way.
        lock (_gate)
        {
            if (_file < 0 || FileIdentity.Of(_path) == _mark)
            {
                return false;
            }

            var old = _file;
            _mark = Take();
            _ = Posix.Close(old);
            return true;
        }
    }

    /// <summary>
    /// Says to whoever watches that what this life held is free. See <see cref="WitnessFolder.Watch"/>.
    /// </summary>
    public void Beckon()
    {
        lock (_gate)
        {
            if (_file >= 0)
            {
                _ = Posix.Touch(_file);
            }
        }
    }

    /// <summary>Lets go, and removes the file. Only for a life that ended in good order.</summary>
    public void Remove()
    {
        lock (_gate)
        {
            if (FileIdentity.Of(_path) == _mark)
            {
                File.Delete(_path);
            }

            Dispose();
        }
    }

    /// <summary>Lets go; the file stays as the proof.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_file >= 0)
            {
                _ = Posix.Close(_file);
                _file = -1;
            }
        }
    }

    private FileIdentity Take()
    {
        const int ownerOnly = 0b110_000_000;
        var flags = Posix.ReadWrite | Posix.Create | (_inherited ? 0 : Posix.CloseOnExec);
        MakeFolder(System.IO.Path.GetDirectoryName(_path)!);
        for (var tries = 0; tries < 100; tries++)
        {
            var file = Posix.Open(_path, flags, ownerOnly);
            if (file < 0)
            {
                throw Failure("can't be made", Marshal.GetLastPInvokeError());
            }

            // A follower that looks holds a shared lock for some microseconds.
            var locked = Posix.Flock(file, Posix.LockExclusive | Posix.DontBlock) == 0;
            var error = Marshal.GetLastPInvokeError();
            if (locked && Posix.Stat(file) is { } stat && FileIdentity.Of(_path) == stat.Identity)
            {
                _file = file;
                return stat.Identity;
            }

            _ = Posix.Close(file);
            if (!locked && error is not (Posix.WouldBlock or Posix.Interrupted))
            {
                throw Failure("can't be locked", error);
            }

            BootClock.Pause(TimeSpan.FromMilliseconds(1), CancellationToken.None);
        }

        throw Failure("is locked by another process", Posix.WouldBlock);
    }

    private static void MakeFolder(string folder)
    {
        try
        {
            System.IO.Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(StoreFault.ReadOnly, $"{folder} can't be made: {e.Message}", inner: e);
        }
    }

    private StoreUnavailableException Failure(string what, int error) => new(
        StoreFault.UnsafePlace,
        $"the witness file {_path} {what}: {Marshal.GetPInvokeErrorMessage(error)}",
        "the folder must be writable, and on a file system of this machine");
}

/// <summary>The witnesses of a workspace: one file per process life or claim.</summary>
public sealed class WitnessFolder
{
    private readonly string _folder;

    /// <summary>The folder; made when the first witness is.</summary>
    public WitnessFolder(string folder) => _folder = System.IO.Path.GetFullPath(folder);

    /// <summary>Where a witness of this name lies.</summary>
    public string PathOf(HolderId name) => System.IO.Path.Combine(_folder, name.Value);

    /// <summary>Begins to witness for this process.</summary>
    /// <param name="name">The process life or claim.</param>
    /// <param name="inherited">
    /// Whether children keep it alive too. A process life's witness never is; a claim's is, on purpose.
    /// </param>
    /// <exception cref="StoreUnavailableException">The file can't be made or locked.</exception>
    public Witness Hold(HolderId name, bool inherited = false) => new(PathOf(name), inherited);

    /// <summary>
    /// Calls back, on a thread of its own, as soon as a witness beckons or is let go of, be it by the end of its
    /// process. A hint and no more: it may be missed, and comes a moment before the lock can be had. Null where the
    /// system offers none.
    /// </summary>
    /// <param name="told">Given the name of the witness; must be quick.</param>
    public IDisposable? Watch(Action<HolderId> told) => WitnessWatch.TryStart(_folder, told);

    /// <summary>
    /// Whether the witness proves that whoever held it is dead. A missing file, another inode or any error
    /// proves nothing.
    /// </summary>
    public bool IsProvablyDead(HolderId name, FileIdentity? mark)
    {
        if (mark is null)
        {
            return false;
        }

        var file = Posix.Open(PathOf(name), Posix.ReadOnly | Posix.CloseOnExec, 0);
        if (file < 0)
        {
            return false;
        }

        try
        {
            return Posix.Stat(file)?.Identity == mark
                && Posix.Flock(file, Posix.LockShared | Posix.DontBlock) == 0;
        }
        finally
        {
            _ = Posix.Close(file);
        }
    }

    /// <summary>
    /// Removes the witness of a life that has been evicted; nothing happens while it is held or bears another
    /// identity.
    /// </summary>
    public void Forget(HolderId name, FileIdentity? mark)
    {
        if (IsProvablyDead(name, mark))
        {
            File.Delete(PathOf(name));
        }
    }
}
