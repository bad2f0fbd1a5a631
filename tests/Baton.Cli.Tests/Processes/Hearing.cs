using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Baton.Cli.Tests;

/// <summary>What processes say of themselves, and the waiting for it.</summary>
internal sealed class Hearing<TSaid> where TSaid : class
{
    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);

    private readonly Channel<TSaid> _said = Channel.CreateUnbounded<TSaid>();
    private readonly ConcurrentQueue<string> _remarks = new();
    private readonly List<TSaid> _heard = [];

    /// <summary>Everything heard so far, in order.</summary>
    public IReadOnlyList<TSaid> Heard => _heard;

    /// <summary>All of it, and every complaint, in one line.</summary>
    public string Told => string.Join(" | ", _heard.Cast<object>().Concat(_remarks));

    /// <summary>A process said something. Any thread may.</summary>
    public void Say(TSaid said) => _said.Writer.TryWrite(said);

    /// <summary>A process complained: for whoever waits in vain.</summary>
    public void Remark(string remark) => _remarks.Enqueue(remark);

    /// <summary>Waits for something to be said, and gives it; what was said before counts too.</summary>
    public async Task<TSaid> HearAsync(Func<TSaid, bool> wanted)
    {
        if (_heard.FirstOrDefault(wanted) is { } known)
        {
            return known;
        }

        using var safe = new CancellationTokenSource(FailSafe, BootClock.Instance);
        while (true)
        {
            TSaid said;
            try
            {
                said = await _said.Reader.ReadAsync(safe.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException("not heard; but: " + Told);
            }

            _heard.Add(said);
            if (wanted(said))
            {
                return said;
            }
        }
    }

    /// <summary>Forgets what was heard, so that it must be said again.</summary>
    public void Forget()
    {
        while (_said.Reader.TryRead(out _))
        {
        }

        _heard.Clear();
    }
}
