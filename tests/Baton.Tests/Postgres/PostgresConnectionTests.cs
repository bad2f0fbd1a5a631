using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Baton.Postgres;
using Npgsql;

namespace Baton.Tests;

/// <summary>A server that offers encryption, with a certificate for <c>localhost</c> of an authority made here.</summary>
public sealed class EncryptedPostgresServer : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public EncryptedPostgresServer()
    {
        Server = PostgresServer.Start();
        var from = BootClock.Instance.GetUtcNow().AddDays(-1);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=baton test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(from, from.AddDays(30));
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var wanted = new CertificateRequest("CN=localhost", own, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        wanted.CertificateExtensions.Add(names.Build());
        using var certificate = wanted.Create(authority, from, from.AddDays(20), [1, 2, 3]);
        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = new CertificateRequest("CN=another authority", otherKey, HashAlgorithmName.SHA256)
            .CreateSelfSigned(from, from.AddDays(30));
        Root = Write("root.crt", authority.ExportCertificatePem());
        OtherRoot = Write("other.crt", other.ExportCertificatePem());
        Give("server.crt", certificate.ExportCertificatePem());
        Give("server.key", own.ExportPkcs8PrivateKeyPem());
        Server.Do("ALTER SYSTEM SET ssl = on");
        Server.Stop();
        Server.Start();
    }

    internal PostgresServer Server { get; }

    /// <summary>The authority that signed the server's certificate.</summary>
    public string Root { get; }

    /// <summary>One that did not.</summary>
    public string OtherRoot { get; }

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.Of(name), text);
        return _folder.Of(name);
    }

    // The server takes a key that is its own, and nobody else's to read.
    private void Give(string name, string text) => Server.RunAsServer(
        "sh", "-c", "umask 077; printf '%s\\n' \"$1\" > \"$2\"", "sh", text, Path.Combine(Server.Data, name));
}

/// <summary>The forms of an address: encryption, passwords, sockets, and what a role forces on its sessions.</summary>
public sealed class PostgresConnectionTests(EncryptedPostgresServer own) : IClassFixture<EncryptedPostgresServer>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _schema = PostgresServer.NewSchema();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("127.0.0.1", "disable", false, false)]
    [InlineData("127.0.0.1", "allow", false, false)]
    [InlineData("127.0.0.1", "prefer", false, true)]
    [InlineData("127.0.0.1", "require", false, true)]
    [InlineData("127.0.0.1", "verify-ca", true, true)]
    [InlineData("localhost", "verify-full", true, true)]
    public async Task Each_mode_encrypts_as_it_says(string host, string mode, bool withRoot, bool isEncrypted)
    {
        using var database = PostgresDatabase.OpenOrCreate(
            At(host, $"sslmode={mode}{(withRoot ? $"&sslrootcert={own.Root}" : "")}"), "store-1", out _);
        Assert.Equal(LeaseView.Never(ElectionName.Main),
            await new PostgresLeaseStore(database).ReadAsync(ElectionName.Main, Cancel));
        using var connection = database.Rent();
        using var ask = new NpgsqlCommand("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", connection);
        Assert.Equal(isEncrypted, await ask.ExecuteScalarAsync(Cancel));
    }

    [Theory]
    [InlineData("127.0.0.1", "verify-full", "root")]
    [InlineData("localhost", "verify-full", "other")]
    [InlineData("localhost", "verify-ca", "other")]
    [InlineData("localhost", "verify-ca", null)]
    [InlineData("localhost", "verify-full", null)]
    public void A_certificate_of_another_name_or_authority_is_refused(string host, string mode, string? root)
    {
        var file = root is null ? "" : $"&sslrootcert={(root == "root" ? own.Root : own.OtherRoot)}";
        Refuses(At(host, $"sslmode={mode}{file}"), "certificate that is not trusted");
    }

    [Fact]
    public void What_an_address_names_and_is_not_there_is_refused()
    {
        var none = _folder.Of("none");
        Refuses(At("localhost", $"sslmode=verify-full&sslrootcert={none}"), $"sslrootcert names {none}, which is not there");
        Refuses(PostgresAddress.Parse($"{PostgresServer.Shared.Address(_schema)}&sslmode=require"), "offers no encryption");
    }

    [Theory]
    [InlineData("sslcert", "root.crt", "", "", "sslcert names {0}, which holds no private key")]
    [InlineData("sslcert", "root.crt", "other.key", "", "sslcert names {0}, which does not belong to the key in {1}")]
    [InlineData("sslcert", "root.crt", "none.key", "", "sslkey names {1}, which is not there")]
    [InlineData("sslcert", "root.crt", "folder", "", "sslkey names {1}, which is a folder")]
    [InlineData("sslcert", "root.crt", "root.crt", "", "which has no private key in {1}")]
    [InlineData("sslcert", "root.crt", "locked.key", "", "sslpassword does not give its password")]
    [InlineData("sslcert", "root.crt", "locked.key", "wrong", "sslpassword is not its password")]
    [InlineData("sslcert", "other.key", "other.key", "", "sslcert names {0}, which holds no certificate")]
    [InlineData("sslcert", "empty.pfx", "", "", "sslcert names {0}, which is no PKCS #12 file")]
    [InlineData("sslcert", "folder", "", "", "sslcert names {0}, which is a folder")]
    [InlineData("sslrootcert", "other.key", "", "", "sslrootcert names {0}, which holds no certificate")]
    [InlineData("sslrootcert", "empty.pfx", "", "", "sslrootcert names {0}, which holds no certificate")]
    [InlineData("sslrootcert", "folder", "", "", "sslrootcert names {0}, which is a folder")]
    public void A_file_that_can_not_be_used_is_named(string parameter, string file, string key, string password, string words)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.Copy(own.Root, _folder.Of("root.crt"));
        File.WriteAllText(_folder.Of("other.key"), pair.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_folder.Of("locked.key"), pair.ExportEncryptedPkcs8PrivateKeyPem("right",
            new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        File.WriteAllText(_folder.Of("empty.pfx"), "");
        Directory.CreateDirectory(_folder.Of("folder"));
        var mode = parameter == "sslrootcert" ? "verify-ca" : "require";
        var more = (key.Length == 0 ? "" : $"&sslkey={_folder.Of(key)}")
            + (password.Length == 0 ? "" : $"&sslpassword={password}");
        Refuses(At("127.0.0.1", $"sslmode={mode}&{parameter}={_folder.Of(file)}{more}"),
            string.Format(System.Globalization.CultureInfo.InvariantCulture, words, _folder.Of(file), _folder.Of(key)));
    }

    [Fact]
    public void A_passfile_that_is_a_folder_is_named()
    {
        var user = $"u{_schema}";
        own.Server.AskPasswordOf(user, "s3cret");
        Refuses(PostgresAddress.Parse($"postgres://{user}@127.0.0.1:{own.Server.Port}/postgres?passfile={_folder.Path}"),
            $"passfile names {_folder.Path}, which is a folder");
    }

    [Fact]
    public void A_passfile_that_others_may_read_is_refused_and_a_private_one_is_used()
    {
        var user = $"u{_schema}";
        own.Server.AskPasswordOf(user, "s3cret");
        own.Server.Do($"GRANT CREATE ON DATABASE postgres TO {user}");
        var file = _folder.Of("pass");
        File.WriteAllText(file, $"127.0.0.1:*:*:{user}:s3cret\n");
        var address = PostgresAddress.Parse(
            $"postgres://{user}@127.0.0.1:{own.Server.Port}/postgres?schema={_schema}&passfile={file}");
        foreach (var mode in (UnixFileMode[])[UnixFileMode.GroupRead, UnixFileMode.OtherRead, UnixFileMode.OtherWrite])
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | mode);
            Refuses(address, "can be read by others");
        }

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        PostgresDatabase.OpenOrCreate(address, "store-1", out var created).Dispose();
        Assert.True(created);
        File.WriteAllText(file, "");
        Refuses(address, $"asks for the password of '{user}'");
    }

    [Fact]
    public void A_role_that_gives_up_durability_does_not_get_its_way()
    {
        var user = $"u{_schema}";
        own.Server.Do($"CREATE USER {user}; ALTER ROLE {user} SET synchronous_commit = off; "
            + $"GRANT CREATE ON DATABASE postgres TO {user}");
        using var database = PostgresDatabase.OpenOrCreate(PostgresAddress.Parse(
            $"postgres://{user}@127.0.0.1:{own.Server.Port}/postgres?schema={_schema}"), "store-1", out _);
        using var connection = database.Rent();
        using (var outside = new NpgsqlCommand("SHOW synchronous_commit", connection))
        {
            Assert.Equal("off", outside.ExecuteScalar());
        }

        foreach (var (order, setting) in ((PostgresOrder, string)[])
            [(new(), "on"), (new() { IsLasting = false }, "off")])
        {
            using var steps = database.Steps(connection);
            steps.Begin(order);
            Assert.Equal(setting, steps.Scalar("SELECT current_setting('synchronous_commit')"));
            steps.Commit();
        }
    }

    [Fact]
    public async Task A_socket_of_this_host_leads_to_the_store()
    {
        var folder = Path.GetDirectoryName(own.Server.Data)!;
        var socket = PostgresAddress.Parse($"postgres:///postgres?host={folder}&port={own.Server.Port}&schema={_schema}");
        own.Server.Do($"CREATE ROLE \"{socket.User}\" SUPERUSER LOGIN");
        using var database = PostgresDatabase.OpenOrCreate(socket, "store-1", out _);
        var leases = PostgresDatabase.Open(socket);
        await using var candidate = new StoreCandidate(
            new PostgresLeaseStore(leases), "orc-a", TimeSpan.FromSeconds(2), leases);
        Assert.True((await candidate.LeadsAsync(above: 0)).IsValid);
    }

    private PostgresAddress At(string host, string parameters) =>
        PostgresAddress.Parse($"postgres://postgres@{host}:{own.Server.Port}/postgres?schema={_schema}&{parameters}");

    private static void Refuses(PostgresAddress address, string words)
    {
        var refusal = Assert.Throws<StoreUnavailableException>(() => PostgresDatabase.OpenOrCreate(address, "x", out _));
        Assert.Equal(StoreFault.Unreachable, refusal.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.NotNull(refusal.Hint);
    }
}
