using System.Net;
using System.Net.Sockets;

namespace Baton.Tests;

/// <summary>A way to a server that can be made bad.</summary>
internal sealed class TcpProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _over = new();
    private readonly List<Socket> _sockets = [];
    private readonly Lock _gate = new();
    private readonly int _port;
    private readonly Task _accepting;
    private TaskCompletionSource _open = Opened();
    private TaskCompletionSource _answers = Opened();
    private byte[]? _sign;

    public TcpProxy(int port)
    {
        _port = port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where to connect instead.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How long each piece is held back.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>How long each piece of an answer is held back besides.</summary>
    public TimeSpan AnswerDelay { get; set; }

    /// <summary>From now on nothing comes through, and nobody is told; what is sent waits.</summary>
    public void BlackHole()
    {
        lock (_gate)
        {
            _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>
    /// Lets requests through, and holds back all answers from the first request on that holds these words.
    /// </summary>
    public void HoldAnswersFrom(string words)
    {
        lock (_gate)
        {
            _sign = System.Text.Encoding.UTF8.GetBytes(words);
        }
    }

    /// <summary>Lets everything through again.</summary>
    public void Heal()
    {
        lock (_gate)
        {
            _sign = null;
            _open.TrySetResult();
            _answers.TrySetResult();
        }
    }

    /// <summary>Ends all connections: in good order, or by a reset.</summary>
    public void Cut(bool reset)
    {
        lock (_gate)
        {
            foreach (var socket in _sockets)
            {
                socket.LingerState = new(reset, 0);
                socket.Dispose();
            }

            _sockets.Clear();
        }
    }

    public void Dispose()
    {
        _over.Cancel();
        Heal();
        _listener.Stop();
        Cut(reset: true);
        _accepting.Wait(TimeSpan.FromSeconds(10));
    }

    private delegate Task Pass(ReadOnlySpan<byte> piece);

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        var pumps = new List<Task>();
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync(_over.Token);
                var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                near.NoDelay = true;
                await far.ConnectAsync(IPAddress.Loopback, _port, _over.Token);
                lock (_gate)
                {
                    _sockets.AddRange([near, far]);
                }

                pumps.Add(PumpAsync(near, far, () => Delay, LetRequestPass));
                pumps.Add(PumpAsync(far, near, () => Delay + AnswerDelay, LetAnswerPass));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(pumps);
        }
    }

    /// <summary>When a piece of a request may go on.</summary>
    private Task LetRequestPass(ReadOnlySpan<byte> piece)
    {
        lock (_gate)
        {
            if (_sign is { } sign && piece.IndexOf(sign) >= 0)
            {
                _sign = null;
                _answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _open.Task;
        }
    }

    /// <summary>When a piece of an answer may go on.</summary>
    private Task LetAnswerPass(ReadOnlySpan<byte> piece)
    {
        lock (_gate)
        {
            return Task.WhenAll(_open.Task, _answers.Task);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Func<TimeSpan> delay, Pass pass)
    {
        var piece = new byte[16384];
        try
        {
            while (await from.ReceiveAsync(piece, _over.Token) is var length and > 0)
            {
                if (delay() is { Ticks: > 0 } held)
                {
                    await Task.Delay(held, BootClock.Instance, _over.Token);
                }

                await pass(piece.AsSpan(0, length)).WaitAsync(_over.Token);
                await to.SendAsync(piece.AsMemory(0, length), _over.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It was cut, or is over.
        }
    }
}
