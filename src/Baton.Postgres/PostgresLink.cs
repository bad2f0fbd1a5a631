using System.Runtime.ExceptionServices;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// A connection of its own on a thread of its own. Whoever calls waits for the answer without the thread pool,
/// and no longer than its token lets it, whatever hangs: a name to resolve, a handshake, a socket that nobody
/// answers. What was given up is left to its own thread, which ends with it; the next call gets a new one.
/// </summary>
internal sealed class PostgresLink(Func<NpgsqlConnection> connect, string name) : IDisposable
{
    // Each ends by itself once the driver's own timeouts have passed.
    private const int MostGivenUp = 8;

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

        public void GiveUp()
        {
            lock (_gate)
            {
                _isGivenUp = true;
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

        private Call? Next()
        {
            lock (_gate)
            {
                while (_call is null && !_isOver)
                {
                    Monitor.Wait(_gate);
                }

                var call = _call;
                _call = null;
                return call;
            }
        }

        private void Serve()
        {
            NpgsqlConnection? connection = null;
            while (Next() is { } call)
            {
                try
                {
                    connection ??= _connect();
                    call.Act(connection);
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
