using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// Hears what the server's other clients announce, on a connection of its own. A hint: what it misses, whoever
/// waits finds by looking.
/// </summary>
internal sealed class PostgresListener(Func<NpgsqlConnection> connect, string channel) : IAsyncDisposable, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, TaskCompletionSource> _next = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private Task? _hearing;

    /// <summary>Completes with the next word on a topic, or when words may have been missed.</summary>
    public Task Next(string topic)
    {
        lock (_gate)
        {
            _hearing ??= Task.Run(HearAsync);
            if (!_next.TryGetValue(topic, out var next))
            {
                _next[topic] = next = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return next.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        if (_hearing is { } hearing)
        {
            await hearing;
        }

        _over.Dispose();
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task HearAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                await using var connection = connect();
                connection.Notification += (_, word) => Tell(word.Payload);
                await connection.OpenAsync(_over.Token);
                await using (var listen = new NpgsqlCommand($"LISTEN \"{channel}\"", connection))
                {
                    await listen.ExecuteNonQueryAsync(_over.Token);
                }

                TellAll();
                while (true)
                {
                    await connection.WaitAsync(_over.Token);
                }
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException
                or System.Net.Sockets.SocketException or OperationCanceledException or InvalidOperationException)
            {
                // Whoever waits looks now and then; here it is only tried again.
            }

            TellAll();
            await Task.Delay(Pause, BootClock.Instance, _over.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Tell(string topic)
    {
        TaskCompletionSource? next;
        lock (_gate)
        {
            _next.Remove(topic, out next);
        }

        next?.TrySetResult();
    }

    private void TellAll()
    {
        List<TaskCompletionSource> all;
        lock (_gate)
        {
            all = [.. _next.Values];
            _next.Clear();
        }

        all.ForEach(next => next.TrySetResult());
    }
}
