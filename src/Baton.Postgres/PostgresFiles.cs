using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace Baton.Postgres;

/// <summary>
/// The files that a connection needs: the driver says that one can't be used, this which one and what is wrong with it.
/// They are looked at only after the driver failed, for it decides which of them it wants.
/// </summary>
internal static class PostgresFiles
{
    /// <summary>The fault of the file that is to blame; null where all of them look well.</summary>
    public static StoreUnavailableException? Blame(NpgsqlConnectionStringBuilder settings, Exception inner)
    {
        var root = Named("sslrootcert", settings.RootCertificate, "PGSSLROOTCERT", ".postgresql/root.crt");
        var certificate = Named("sslcert", settings.SslCertificate, "PGSSLCERT", ".postgresql/postgresql.crt");
        var key = Named("sslkey", settings.SslKey, "PGSSLKEY", ".postgresql/postgresql.key");
        var pass = Named("passfile", settings.Passfile, "PGPASSFILE", ".pgpass");
        foreach (var (file, isWrong) in (IEnumerable<(NamedFile?, Func<string, string?>)>)
        [
            (root, NoCertificate), (certificate, path => NoOwn(path, settings, key)), (key, static _ => null),
            (pass, static _ => null),
        ])
        {
            if (file is not null && (Unreadable(file.Path) ?? Try(isWrong, file.Path)) is { } what)
            {
                return new(StoreFault.Unreachable, $"{file.Origin} names {file.Path}, which {what}",
                    what == MissingKey ? "name the file of its key with sslkey"
                        : what.Contains("sslpassword", StringComparison.Ordinal) ? "give its password with sslpassword"
                        : $"mend that file, or {file.Origin}", inner: inner);
            }
        }

        return null;
    }

    private const string MissingKey = "holds no private key";

    private static string? Unreadable(string path)
    {
        try
        {
            using var opened = File.OpenRead(path);
            return null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return "is not there";
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return Directory.Exists(path) ? "is a folder" : "may not be read";
        }
    }

    private static string? Try(Func<string, string?> isWrong, string path)
    {
        try
        {
            return isWrong(path);
        }
        catch (CryptographicException)
        {
            return "holds no certificate";
        }
    }

    private static string? NoCertificate(string path)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPemFile(path);
        if (found.Count == 0)
        {
            found.Add(X509CertificateLoader.LoadCertificateFromFile(path));
        }

        foreach (var certificate in found)
        {
            certificate.Dispose();
        }

        return null;
    }

    private static string? NoOwn(string path, NpgsqlConnectionStringBuilder settings, NamedFile? key)
    {
        if (Path.GetExtension(path).Equals(".pfx", StringComparison.OrdinalIgnoreCase))
        {
            try
            {
                X509CertificateLoader.LoadPkcs12FromFile(path, settings.SslPassword).Dispose();
                return null;
            }
            catch (CryptographicException)
            {
                return "is no PKCS #12 file, or sslpassword is not its password";
            }
        }

        NoCertificate(path);
        if (key is not null && Unreadable(key.Path) is not null)
        {
            // That file is to blame, and looked at next.
            return null;
        }

        try
        {
            using var whole = string.IsNullOrEmpty(settings.SslPassword)
                ? X509Certificate2.CreateFromPemFile(path, key?.Path)
                : X509Certificate2.CreateFromEncryptedPemFile(path, settings.SslPassword, key?.Path);
            return null;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return WrongKey(File.ReadAllText(key?.Path ?? path), settings.SslPassword, key);
        }
    }

    private static string WrongKey(string text, string? password, NamedFile? key)
    {
        var isEncrypted = text.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
        return (key, text.Contains("PRIVATE KEY-----", StringComparison.Ordinal), isEncrypted) switch
        {
            (null, false, _) => MissingKey,
            (_, false, _) => $"has no private key in {key!.Path}",
            (_, _, true) => string.IsNullOrEmpty(password)
                ? "has an encrypted key, and sslpassword does not give its password"
                : "has an encrypted key, and sslpassword is not its password",
            (null, _, _) => "holds the key of another certificate",
            _ => $"does not belong to the key in {key.Path}",
        };
    }

    private static NamedFile? Named(string parameter, string? path, string variable, string inHome)
    {
        if (!string.IsNullOrEmpty(path))
        {
            return new(parameter, path);
        }

        if (PostgresAddress.Variable(variable) is { } named)
        {
            return new(variable, named);
        }

        return PostgresAddress.Variable("HOME") is { } home && Path.Combine(home, inHome) is var known && File.Exists(known)
            ? new("the driver by default", known) : null;
    }

    private sealed record NamedFile(string Origin, string Path);
}
