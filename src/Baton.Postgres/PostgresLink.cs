using System.Runtime.ExceptionServices;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// A connection of its own on a thread of its own. Whoever calls waits for the answer without the thread pool,
/// and no longer than its token lets it, whatever hangs: a name to resolve, a handshake, a socket that nobody
/// answers. What was given up is left to its own thread, which ends with it; the next call gets a new one. A connection
/// that is still being opened is waited for by the next call too: a server that is slow to open many would never have
/// opened any, were each begun anew.
/// </summary>
internal sealed class PostgresLink(Func<NpgsqlConnection> connect, string name) : IDisposable
{
    // Each ends by itself once the driver's own timeouts have passed.
    private const int MostGivenUp = 8;
    private static readonly TimeSpan LongestOpening = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1);
    private Wire? _wire;
    private int _givenUp;

    /// <summary>Runs a call on the connection, one at a time; opens it where there is none.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the call may go on and may have happened.</exception>
    public T Run<T>(Func<NpgsqlConnection, T> call, CancellationToken cancel)
    {
        _gate.Wait(cancel);
        try
        {
            if (_wire is null && Volatile.Read(ref _givenUp) >= MostGivenUp)
            {
                throw new TimeoutException("the earlier requests are not answered yet");
            }

            _wire ??= new(connect, name, () => Interlocked.Decrement(ref _givenUp));
            T answer = default!;
            try
            {
                _wire.Run(connection => answer = call(connection), cancel);
            }
            catch (OperationCanceledException) when (_wire.TryTakeBack())
            {
                throw;
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref _givenUp);
                _wire.GiveUp();
                _wire = null;
                throw;
            }

            return answer;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        _wire?.Dispose();
        _gate.Dispose();
    }

    /// <summary>One thread and its connection.</summary>
    private sealed class Wire : IDisposable
    {
        private readonly object _gate = new();
        private readonly Func<NpgsqlConnection> _connect;
        private readonly Action _gone;
        private Call? _call;
        private Instant? _openingSince;
        private bool _isOver;
        private bool _isGivenUp;

        public Wire(Func<NpgsqlConnection> connect, string name, Action gone)
        {
            _connect = connect;
            _gone = gone;
            new Thread(Serve) { IsBackground = true, Name = name }.Start();
        }

        public void Run(Action<NpgsqlConnection> act, CancellationToken cancel)
        {
            var call = new Call(act);
            lock (_gate)
            {
                _call = call;
                Monitor.Pulse(_gate);
            }

            call.Done.Wait(cancel);
            call.Failure?.Throw();
        }

        /// <summary>
        /// Takes back a call that has not begun because the connection is being opened. False when it has begun, or when
        /// the opening takes so long that another one may do better.
        /// </summary>
        public bool TryTakeBack()
        {
            lock (_gate)
            {
                if (_call is null || (_openingSince is { } since && Now - since > LongestOpening))
                {
                    return false;
                }

                _call = null;
                return true;
            }
        }

        public void GiveUp()
        {
            lock (_gate)
            {
                _isGivenUp = true;
                _call = null;
            }

            Dispose();
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _isOver = true;
                Monitor.Pulse(_gate);
            }
        }

        private static Instant Now => Instant.Of(BootClock.Instance);

        /// <summary>Waits for a call, and leaves it where it is; false when there will be none.</summary>
        private bool AwaitCall()
        {
            lock (_gate)
            {
                while (_call is null && !_isOver)
                {
                    Monitor.Wait(_gate);
                }

                return _call is not null;
            }
        }

        /// <summary>Takes the call, which begins by that; null where it was taken back.</summary>
        private Call? Take()
        {
            lock (_gate)
            {
                var call = _call;
                _call = null;
                _openingSince = null;
                return call;
            }
        }

        private NpgsqlConnection Open()
        {
            lock (_gate)
            {
                _openingSince = Now;
            }

            return _connect();
        }

        private void Serve()
        {
            NpgsqlConnection? connection = null;
            while (AwaitCall())
            {
                ExceptionDispatchInfo? failure = null;
                try
                {
                    connection ??= Open();
                }
                catch (Exception e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }

                if (Take() is not { } call)
                {
                    // Taken back meanwhile: whoever asks next has the connection, or the failure of another try.
                    continue;
                }

                try
                {
                    failure?.Throw();
                    call.Act(connection!);
                }
                catch (Exception e)
                {
                    // What state a failed statement left is not worth guessing at.
                    connection?.Dispose();
                    connection = null;
                    call.Failure = ExceptionDispatchInfo.Capture(e);
                }

                call.Done.Set();
            }

            connection?.Dispose();
            if (_isGivenUp)
            {
                _gone();
            }
        }

        private sealed class Call(Action<NpgsqlConnection> act)
        {
            public Action<NpgsqlConnection> Act { get; } = act;

            public ManualResetEventSlim Done { get; } = new();

            public ExceptionDispatchInfo? Failure { get; set; }
        }
    }
}
