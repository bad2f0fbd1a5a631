using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace Baton.Etcd;

/// <summary>What an error of the cluster, or of the way to it, means to whoever uses the leases.</summary>
internal static class EtcdFault
{
    // The words of etcd's own refusals (api/v3rpc/rpctypes), which gRPC's few codes don't tell apart.
    private const string NoSpace = "database space exceeded";
    private const string WrongLogin = "authentication failed";
    private const string NoUser = "user name is empty";
    private const string NoLogins = "authentication is not enabled";
    private const string OldLogin = "invalid auth token";
    private const string ChangedLogins = "revision of auth store is old";

    /// <summary>Whether the login is to be asked for again: its time was over, or the users changed.</summary>
    public static bool IsOldLogin(RpcException e) => Says(e, OldLogin) || Says(e, ChangedLogins);

    /// <summary>
    /// Whether another member may answer: this one can't be reached, is stopping, or has no leader. The request may
    /// have happened all the same; every one of ours is safe to repeat.
    /// </summary>
    public static bool MayAnotherAnswer(RpcException e) => e.StatusCode is StatusCode.Unavailable
        or StatusCode.DeadlineExceeded or StatusCode.Internal or StatusCode.Unknown;

    /// <summary>The fault that a refusal is.</summary>
    public static StoreUnavailableException Of(RpcException e, EtcdAddress address, string endpoint) => e.StatusCode switch
    {
        StatusCode.ResourceExhausted when Says(e, NoSpace) => new(StoreFault.Full,
            $"etcd at {endpoint} has no space left: {e.Status.Detail}",
            "compact and defragment it, then 'etcdctl alarm disarm'; --quota-backend-bytes is its limit", true, e),
        StatusCode.InvalidArgument when Says(e, WrongLogin) => new(StoreFault.Unreachable,
            $"etcd at {endpoint} refuses the password of '{address.User}'",
            "give the right one in ETCDCTL_PASSWORD or in the address", inner: e),
        StatusCode.InvalidArgument when Says(e, NoUser) => new(StoreFault.Unreachable,
            $"etcd at {endpoint} asks who connects", "name the user in the address: etcd://USER@HOST:PORT", inner: e),
        StatusCode.FailedPrecondition when Says(e, NoLogins) => new(StoreFault.Unreachable,
            $"etcd at {endpoint} knows no users, and the address names '{address.User}'",
            "leave the user out of the address, or switch authentication on ('etcdctl auth enable')", inner: e),
        StatusCode.PermissionDenied => new(StoreFault.Unreachable,
            $"etcd at {endpoint} does not let '{address.User}' read and write the keys of Baton",
            "grant it read and write of the prefix /baton/ ('etcdctl role grant-permission')", inner: e),
        StatusCode.Unimplemented => Stranger(endpoint, e),
        _ when e.Status.DebugException is { } cause && OfWay(cause, e, address, endpoint) is { } fault => fault,
        _ => new(StoreFault.Unreachable, $"etcd at {endpoint} did not do it: {OneLine(e.Status.Detail)}",
            "look at the cluster with 'etcdctl endpoint status --cluster'", true, e),
    };

    /// <summary>What is wrong with the connection; null where it is nothing of it.</summary>
    private static StoreUnavailableException? OfWay(
        Exception cause, RpcException e, EtcdAddress address, string endpoint) => cause switch
    {
        _ when Find<SocketException>(cause) is { } refused && !HungUp(refused) => new(StoreFault.Unreachable,
            $"etcd at {endpoint} can't be reached: {OneLine(refused.Message)}", "start it, or mend the address", true, e),
        _ when Find<AuthenticationException>(cause) is { } refused => OfEncryption(refused.Message, e, endpoint),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => OfEncryption("", e, endpoint),
        HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError } => Stranger(endpoint, e),
        // Whoever wants a certificate and gets none, or none that it trusts, agrees and then hangs up.
        HttpRequestException or IOException when address.IsEncrypted => new(
            StoreFault.Unreachable, address.CertificateFile is null
                ? $"etcd at {endpoint} hangs up: it may ask for a certificate of ours"
                : $"etcd at {endpoint} hangs up: it may not trust our certificate",
            "name one that it trusts with cert=FILE and key=FILE", true, e),
        _ when Find<SocketException>(cause) is not null => new(StoreFault.Unreachable,
            $"etcd at {endpoint} hung up: it was stopped, or it is encrypted and the address is not",
            "start it, or name tls=true or cacert=FILE where it is encrypted", true, e),
        HttpRequestException or IOException => Stranger(endpoint, e),
        _ => null,
    };

    private static bool HungUp(SocketException e) => e.SocketErrorCode is SocketError.ConnectionReset
        or SocketError.ConnectionAborted or SocketError.Shutdown;

    private static StoreUnavailableException OfEncryption(string words, RpcException e, string endpoint) => words switch
    {
        _ when words.Contains("remote certificate", StringComparison.Ordinal) => new(StoreFault.Unreachable,
            $"etcd at {endpoint} shows a certificate that is not trusted: {OneLine(words)}",
            "name its authority with cacert=FILE, and the host as the certificate does", true, e),
        _ when words.Contains("TLS alert", StringComparison.Ordinal) => new(StoreFault.Unreachable,
            $"etcd at {endpoint} does not trust our certificate: {OneLine(words)}",
            "name one that it trusts with cert=FILE and key=FILE", true, e),
        _ => new(StoreFault.Unreachable, $"etcd at {endpoint} is not encrypted, and the address asks for it",
            "leave tls, cacert, cert and key out of the address, or name the port that is encrypted", true, e),
    };

    /// <summary>Nobody answered in time.</summary>
    public static StoreUnavailableException Silent(EtcdAddress address) => new(StoreFault.Unreachable,
        $"etcd at {address.Members} does not answer", "look at the cluster and at the way to it", true);

    private static StoreUnavailableException Stranger(string endpoint, RpcException e) => new(StoreFault.Unreachable,
        $"what answers at {endpoint} is not etcd, or it is encrypted and the address is not",
        "name the port for clients (2379), and tls=true or cacert=FILE where it is encrypted", true, e);

    private static bool Says(RpcException e, string words) =>
        e.Status.Detail.Contains(words, StringComparison.Ordinal);

    private static T? Find<T>(Exception? cause) where T : Exception =>
        cause is T found ? found : cause is null ? null : Find<T>(cause.InnerException);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim().TrimEnd('.');
}
