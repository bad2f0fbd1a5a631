using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Etcdserverpb;
using Grpc.Net.Client;

namespace Baton.Etcd;

/// <summary>The connection to one member, and what can be asked over it.</summary>
internal sealed class EtcdLine : IDisposable
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(2);

    // A server hangs up on who asks for a sign of life more often than each 5 s.
    private static readonly TimeSpan SignOfLifeEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SignOfLifeWithin = TimeSpan.FromSeconds(5);

    private readonly GrpcChannel _channel;
    private int _failures;

    /// <summary>A line that connects when it is first used.</summary>
    /// <exception cref="StoreUnavailableException">A file that the address names can't be read.</exception>
    public EtcdLine(EtcdAddress address, string endpoint)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = LongestConnect,
            KeepAlivePingDelay = SignOfLifeEvery,
            KeepAlivePingTimeout = SignOfLifeWithin,
            // A server hangs up on who asks while nothing is under way, too.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
        };
        if (address.IsEncrypted)
        {
            handler.SslOptions = Encryption(address);
        }

        // Given a client and not the handler, the channel connects when it is asked and keeps no pauses of its own
        // between attempts, which grow to two minutes.
        _channel = GrpcChannel.ForAddress($"{(address.IsEncrypted ? "https" : "http")}://{endpoint}",
            new() { HttpClient = new(handler) { Timeout = Timeout.InfiniteTimeSpan }, DisposeHttpClient = true });
        Endpoint = endpoint;
        Keys = new(_channel);
        Leases = new(_channel);
        Watches = new(_channel);
        Logins = new(_channel);
    }

    /// <summary>The member, as <c>host:port</c>.</summary>
    public string Endpoint { get; }

    public KV.KVClient Keys { get; }

    public Lease.LeaseClient Leases { get; }

    public Watch.WatchClient Watches { get; }

    public Auth.AuthClient Logins { get; }

    /// <summary>Notes that the member answered.</summary>
    public void Answered() => Volatile.Write(ref _failures, 0);

    /// <summary>Notes that it did not; whether it was silent twice in a row, so that a new connection may do better.</summary>
    public bool WasSilentTwice() => Interlocked.Increment(ref _failures) > 1;

    public void Dispose() => _channel.Dispose();

    private static SslClientAuthenticationOptions Encryption(EtcdAddress address)
    {
        var options = new SslClientAuthenticationOptions();
        if (address.AuthorityFile is { } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            Read($"cacert={authorities}", () => options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authorities));
            if (options.CertificateChainPolicy.CustomTrustStore.Count == 0)
            {
                throw Unreadable($"cacert={authorities}", "it holds no certificate");
            }
        }

        if (address.CertificateFile is { } certificate)
        {
            Read($"cert={certificate}{(address.KeyFile is { } key ? $" or key={key}" : "")}", () => options.ClientCertificates =
                [X509Certificate2.CreateFromPemFile(certificate, address.KeyFile ?? certificate)]);
        }

        return options;
    }

    private static void Read(string named, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw Unreadable(named, e.Message, e);
        }
    }

    private static StoreUnavailableException Unreadable(string named, string why, Exception? inner = null) => new(
        StoreFault.Unreachable, $"what the address of etcd names can't be read, {named}: {why.ReplaceLineEndings(" ")}",
        "mend cacert, cert or key in the address: files in PEM format", inner: inner);
}
