namespace Baton.Cli;

/// <summary>
/// Does one thing again and again on a thread of its own, so that a starved thread pool can't delay it.
/// </summary>
internal sealed class Beat : IDisposable
{
    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _thread;

    /// <summary>Begins; the first time is one <paramref name="every"/> from now.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="every">How long to wait before each time.</param>
    /// <param name="act">What to do; false ends it. It must not throw.</param>
    public Beat(string name, TimeSpan every, Func<bool> act)
    {
        _thread = new(() =>
        {
            while (!_ended.Wait(every) && act())
            {
            }
        }) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Ends it, and waits for the last time to be over.</summary>
    public void Dispose()
    {
        _ended.Set();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }
}
