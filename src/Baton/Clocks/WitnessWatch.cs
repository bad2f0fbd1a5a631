using System.Text;

namespace Baton;

/// <summary>
/// Hears from the kernel what happens to the files of a folder of witnesses, so that nobody needs to look at them all the
/// time to be quick. Where it can't be had, looking at a steady beat does alone.
/// </summary>
internal sealed class WitnessWatch : IDisposable
{
    private const uint Touched = 0x4;
    private const uint LetGo = 0x8;
    private const uint Over = 0x8000;
    private const int EventBytes = 16;

    private readonly int _notice;
    private readonly Action<HolderId> _told;
    private readonly Lock _gate = new();
    private int _notices;

    private WitnessWatch(int notices, int notice, Action<HolderId> told)
    {
        _notices = notices;
        _notice = notice;
        _told = told;
        new Thread(Listen) { IsBackground = true, Name = "baton-witnesses" }.Start();
    }

    /// <summary>Starts to listen; null where the system allows no more of these.</summary>
    public static WitnessWatch? TryStart(string folder, Action<HolderId> told)
    {
        var notices = Posix.NewNotices(Posix.CloseOnExec);
        if (notices < 0)
        {
            return null;
        }

        var notice = Posix.AddNotice(notices, folder, Touched | LetGo);
        if (notice < 0)
        {
            _ = Posix.Close(notices);
            return null;
        }

        return new(notices, notice, told);
    }

    /// <summary>Listens no longer; what is being told now may still be told.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_notices >= 0)
            {
                // The kernel says that the notice is over, which wakes the thread and ends it.
                _ = Posix.RemoveNotice(_notices, _notice);
            }
        }
    }

    private unsafe void Listen()
    {
        const int bytes = 4096;
        var buffer = stackalloc byte[bytes];
        while (true)
        {
            var length = (int)Posix.Read(_notices, buffer, bytes);
            if (length <= 0)
            {
                if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Posix.Interrupted)
                {
                    continue;
                }

                break;
            }

            if (!TakeAll(new(buffer, length)))
            {
                break;
            }
        }

        lock (_gate)
        {
            _ = Posix.Close(_notices);
            _notices = -1;
        }
    }

    /// <summary>Tells each event; false once the notice is over: it was taken back, or the folder is gone.</summary>
    private bool TakeAll(ReadOnlySpan<byte> events)
    {
        while (events.Length >= EventBytes)
        {
            var kind = BitConverter.ToUInt32(events[4..]);
            var name = events.Slice(EventBytes, BitConverter.ToInt32(events[12..]));
            events = events[(EventBytes + name.Length)..];
            if ((kind & Over) != 0)
            {
                return false;
            }

            var end = name.IndexOf((byte)0);
            var text = Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
            if (HolderId.IsWellFormed(text))
            {
                _told(new(text));
            }
        }

        return true;
    }
}
