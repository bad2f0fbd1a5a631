using Etcdserverpb;
using Grpc.Core;

namespace Baton.Etcd;

/// <summary>
/// Asks a cluster: one member at a time, the next one when it does not answer. Repeats nothing that was refused.
/// </summary>
internal sealed class EtcdCluster(EtcdAddress address) : IDisposable
{
    // A member that is cut off answers nothing; whoever waits for less says so by its token.
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(2);

    private readonly EtcdLine?[] _lines = new EtcdLine?[address.Endpoints.Length];
    private readonly Lock _gate = new();
    private int _turn;
    private volatile string? _login;
    private volatile bool _isOver;

    /// <summary>Where it is.</summary>
    public EtcdAddress Address => address;

    /// <summary>Sends a request that is safe to repeat, to one member after the other until one answers.</summary>
    /// <exception cref="StoreUnavailableException">None does, or one refuses.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the request may have happened.</exception>
    public async Task<T> AskAsync<T>(
        Func<EtcdLine, CallOptions, AsyncUnaryCall<T>> request, CancellationToken cancel)
    {
        StoreUnavailableException? fault = null;
        for (var (left, logins) = (address.Endpoints.Length, 1); left > 0;)
        {
            cancel.ThrowIfCancellationRequested();
            var line = Line();
            using var patience = new CancellationTokenSource(LongestAnswer, BootClock.Instance);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
            try
            {
                var answer = await request(line, await OptionsAsync(line, limit.Token).ConfigureAwait(false))
                    .ResponseAsync.ConfigureAwait(false);
                line.Answered();
                return answer;
            }
            catch (RpcException e) when (EtcdFault.IsOldLogin(e) && logins-- > 0)
            {
                _login = null;
            }
            catch (RpcException) when (limit.IsCancellationRequested)
            {
                left--;
                Turn(line, isSilent: true);
                cancel.ThrowIfCancellationRequested();
                fault = EtcdFault.Silent(address);
            }
            catch (Exception e) when (!_isOver
                && e is ObjectDisposedException or RpcException { StatusCode: StatusCode.Cancelled })
            {
                // Another request found the member silent, and gave its connection up.
                left--;
                fault = EtcdFault.Silent(address);
            }
            catch (RpcException e) when (EtcdFault.MayAnotherAnswer(e))
            {
                left--;
                Turn(line, isSilent: false);
                fault = EtcdFault.Of(e, address, line.Endpoint);
            }
            catch (RpcException e)
            {
                throw EtcdFault.Of(e, address, line.Endpoint);
            }
        }

        throw fault!;
    }

    /// <summary>Opens a watch over one member; it ends with an error when that one leaves the cluster's majority.</summary>
    /// <exception cref="StoreUnavailableException">It can't be opened.</exception>
    public async Task<EtcdWatch> WatchAsync(WatchCreateRequest request, CancellationToken cancel)
    {
        var line = Line();
        try
        {
            var call = line.Watches.Watch(await OptionsAsync(line, cancel).ConfigureAwait(false));
            await call.RequestStream.WriteAsync(new() { CreateRequest = request }, cancel).ConfigureAwait(false);
            return new(call, line.Endpoint, e => Failed(line, e));
        }
        catch (RpcException e)
        {
            cancel.ThrowIfCancellationRequested();
            throw Failed(line, e);
        }
        catch (InvalidOperationException) when (!_isOver)
        {
            // The stream was over before it began.
            throw EtcdFault.Silent(address);
        }
    }

    public void Dispose()
    {
        EtcdLine?[] lines;
        lock (_gate)
        {
            _isOver = true;
            lines = [.. _lines];
        }

        foreach (var line in lines)
        {
            line?.Dispose();
        }
    }

    private StoreUnavailableException Failed(EtcdLine line, RpcException e)
    {
        if (EtcdFault.IsOldLogin(e))
        {
            _login = null;
        }

        Turn(line, isSilent: false);
        return e.StatusCode == StatusCode.Cancelled ? EtcdFault.Silent(address) : EtcdFault.Of(e, address, line.Endpoint);
    }

    private EtcdLine Line()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            return _lines[_turn] ??= new(address, address.Endpoints[_turn]);
        }
    }

    /// <summary>The next request goes to the next member; one that was silent twice gets a new connection.</summary>
    private void Turn(EtcdLine line, bool isSilent)
    {
        lock (_gate)
        {
            var at = Array.IndexOf(_lines, line);
            if (at < 0)
            {
                return;
            }

            if (at == _turn)
            {
                _turn = (_turn + 1) % _lines.Length;
            }

            if (!isSilent || !line.WasSilentTwice())
            {
                return;
            }

            _lines[at] = null;
        }

        // Ends what others still ask over it; they go on to the next member.
        line.Dispose();
    }

    private async Task<CallOptions> OptionsAsync(EtcdLine line, CancellationToken cancel)
    {
        // A member without a leader then says so at once, and does not wait for one.
        var headers = new Metadata { { "hasleader", "true" } };
        if (address.User is { } user)
        {
            _login ??= (await line.Logins.AuthenticateAsync(
                new() { Name = user, Password = address.Password ?? "" }, cancellationToken: cancel)
                .ResponseAsync.ConfigureAwait(false)).Token;
            headers.Add("token", _login);
        }

        return new(headers, cancellationToken: cancel);
    }
}

/// <summary>A stream of changes.</summary>
internal sealed class EtcdWatch(
    AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call, string endpoint,
    Func<RpcException, StoreUnavailableException> fault) : IDisposable
{
    /// <summary>Waits for the next change; false when what it was to begin from is compacted.</summary>
    /// <exception cref="StoreUnavailableException">The connection broke, or the member ended the watch.</exception>
    public async Task<bool> ChangedAsync(CancellationToken cancel)
    {
        try
        {
            while (await call.ResponseStream.MoveNext(cancel).ConfigureAwait(false))
            {
                var told = call.ResponseStream.Current;
                if (told.Canceled)
                {
                    return told.CompactRevision > 0 ? false : throw Ended(told.CancelReason);
                }

                if (told.Events.Count > 0)
                {
                    return true;
                }
            }

            throw Ended("no reason given");
        }
        catch (RpcException e)
        {
            cancel.ThrowIfCancellationRequested();
            throw fault(e);
        }
    }

    public void Dispose() => call.Dispose();

    private StoreUnavailableException Ended(string why) => new(StoreFault.Unreachable,
        $"etcd at {endpoint} ended the watch of its keys: {why}", "look at the member's log", true);
}
