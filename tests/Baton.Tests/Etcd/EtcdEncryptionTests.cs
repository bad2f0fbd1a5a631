using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Baton.Etcd;

namespace Baton.Tests;

/// <summary>Two servers with certificates of an authority made here; one of them asks for its clients' too.</summary>
public sealed class EncryptedEtcdServers : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DateTimeOffset _from = BootClock.Instance.GetUtcNow().AddDays(-1);
    private byte _serial;

    public EncryptedEtcdServers()
    {
        using var authority = Authority("baton test authority");
        using var other = Authority("another authority");
        Root = Write("root.crt", authority.ExportCertificatePem());
        OtherRoot = Write("other.crt", other.ExportCertificatePem());
        var (certificate, key) = Issue(authority, "server");
        (Client, ClientKey) = Issue(authority, "client");
        (OtherClient, OtherClientKey) = Issue(other, "other-client");
        string[] files = ["--cert-file", certificate, "--key-file", key];
        Open = EtcdServers.StartEncrypted(files);
        Asking = EtcdServers.StartEncrypted([.. files, "--client-cert-auth", "--trusted-ca-file", Root]);
    }

    /// <summary>Takes whoever comes encrypted.</summary>
    internal EtcdServers Open { get; }

    /// <summary>Takes those with a certificate of the authority.</summary>
    internal EtcdServers Asking { get; }

    public string Root { get; }

    public string OtherRoot { get; }

    public string Client { get; }

    public string ClientKey { get; }

    public string OtherClient { get; }

    public string OtherClientKey { get; }

    public void Dispose()
    {
        Open.Dispose();
        Asking.Dispose();
        _folder.Dispose();
    }

    /// <summary>A file of the folder.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(_folder.Of(name), text);
        return _folder.Of(name);
    }

    private X509Certificate2 Authority(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(_from, _from.AddDays(30));
    }

    private (string Certificate, string Key) Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var wanted = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        wanted.CertificateExtensions.Add(names.Build());
        using var certificate = wanted.Create(authority, _from, _from.AddDays(20), [++_serial]);
        return (Write($"{name}.crt", certificate.ExportCertificatePem()), Write($"{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }
}

/// <summary>Encryption, certificates, and ports where something else listens: one clear line each.</summary>
public sealed class EtcdEncryptionTests(EncryptedEtcdServers own) : IClassFixture<EncryptedEtcdServers>
{
    private readonly string _work = EtcdServers.NewWork();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Open => own.Open.Members[0].Endpoint;

    private string Asking => own.Asking.Members[0].Endpoint;

    private string Own => $"cert={own.Client}&key={own.ClientKey}";

    [Fact]
    public async Task Who_trusts_the_authority_and_is_trusted_leads()
    {
        foreach (var address in (string[])[$"{Open}?cacert={own.Root}", $"{Asking}?cacert={own.Root}&{Own}"])
        {
            using var space = await OpenAsync(address);
            Assert.Equal(1, (await EtcdPlace.WinAsync(new EtcdLeaseStore(space), "a-1")).Epoch.Value);
        }
    }

    [Fact]
    public async Task Who_does_not_trust_the_server_is_told()
    {
        foreach (var address in (string[])[$"{Open}?cacert={own.OtherRoot}", $"{Open}?tls=true",
            $"{Open.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)}?cacert={own.Root}"])
        {
            await RefusesAsync(address, "certificate that is not trusted", "cacert=FILE");
        }
    }

    [Fact]
    public async Task Whom_the_server_does_not_trust_is_told()
    {
        await RefusesAsync($"{Asking}?cacert={own.Root}", "certificate", "cert=FILE");
        await RefusesAsync($"{Asking}?cacert={own.Root}&cert={own.OtherClient}&key={own.OtherClientKey}",
            "certificate", "cert=FILE");
    }

    [Fact]
    public async Task Plain_and_encrypted_are_told_apart()
    {
        await RefusesAsync(Open, "encrypted", "tls=true or cacert=FILE");
        await RefusesAsync($"{EtcdServers.Shared.Members[0].Endpoint}?cacert={own.Root}", "not encrypted", "tls");
    }

    [Fact]
    public async Task A_file_that_is_not_there_or_none_is_named()
    {
        var none = own.Root + ".none";
        await RefusesAsync($"{Open}?cacert={none}", none, "PEM");
        await RefusesAsync($"{Open}?cacert={own.Write("empty.crt", "")}", "empty.crt", "PEM");
        var torn = own.Write("torn.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        await RefusesAsync($"{Open}?cacert={torn}", "torn.crt", "PEM");
        await RefusesAsync($"{Open}?cacert={own.Root}&cert={none}", none, "PEM");
        await RefusesAsync($"{Open}?cacert={own.Root}&cert={own.Client}&key={own.OtherClientKey}", own.Client, "PEM");
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "is not etcd")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "is not etcd")]
    [InlineData("", "does not answer")]
    public async Task What_is_not_etcd_is_told(string greeting, string words)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var greets = GreetAsync(listener, System.Text.Encoding.ASCII.GetBytes(greeting));
        await RefusesAsync($"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", words, "");
        listener.Stop();
        await greets;
    }

    [Fact]
    public async Task A_port_where_nobody_listens_and_a_host_without_a_name_are_told()
    {
        await RefusesAsync("127.0.0.1:1", "can't be reached: Connection refused", "start it, or mend the address");
        await RefusesAsync("no-such-host.invalid", "can't be reached", "start it, or mend the address");
    }

    private Task<EtcdKeyspace> OpenAsync(string place) =>
        EtcdKeyspace.OpenOrCreateAsync(EtcdAddress.Parse($"etcd://{place}"), _work, "store-1", Cancel);

    private async Task RefusesAsync(string place, string words, string hint)
    {
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => OpenAsync(place));
        TestContext.Current.TestOutputHelper!.WriteLine($"{place}\n    {refusal.Message}\n    {refusal.Hint}");
        Assert.Equal(StoreFault.Unreachable, refusal.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(hint, refusal.Hint, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    private static async Task GreetAsync(TcpListener listener, byte[] greeting)
    {
        var guests = new List<Socket>();
        try
        {
            while (true)
            {
                guests.Add(await listener.AcceptSocketAsync(Cancel));
                if (greeting.Length > 0)
                {
                    await guests[^1].SendAsync(greeting, Cancel);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            guests.ForEach(guest => guest.Dispose());
        }
    }
}
