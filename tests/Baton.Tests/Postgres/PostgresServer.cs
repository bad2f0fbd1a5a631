using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Baton.Tests;

/// <summary>Where a server runs.</summary>
/// <param name="Within">What a command begins with that runs there.</param>
/// <param name="Environment">What the server finds in its environment besides.</param>
internal sealed record PostgresSurroundings(
    IReadOnlyCollection<string> Within, IReadOnlyCollection<KeyValuePair<string, string?>> Environment);

/// <summary>
/// A PostgreSQL server that these tests started, on a free port, with its data in a temporary folder. It is
/// stopped by the number in its postmaster.pid.
/// </summary>
internal sealed class PostgresServer : IDisposable
{
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);
    private static readonly Lazy<PostgresServer> SharedServer = new(() =>
    {
        var server = Start("fsync=off");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Dispose();
        return server;
    });

    private readonly string _folder;
    private readonly string _bin;
    private readonly string[] _settings;

    private readonly PostgresSurroundings _around;

    private PostgresServer(string bin, PostgresSurroundings around, params string[] settings)
    {
        _around = around;
        _folder = Directory.CreateTempSubdirectory("baton-postgres-").FullName;
        _bin = bin;
        _settings = settings;
        Port = FreePort();
        if (Environment.UserName == "root")
        {
            Run("chown", "postgres", _folder);
        }
    }

    /// <summary>One for all tests that don't harm it. Skips the test where there is no server to start.</summary>
    public static PostgresServer Shared
    {
        get
        {
            Require();
            return SharedServer.Value;
        }
    }

    public int Port { get; }

    /// <summary>Skips the test where no server is installed, but fails it in CI.</summary>
    public static void Require() => Requirement.Installed(FindBin(), "a PostgreSQL server", "postgresql");

    /// <summary>A server of one's own, for whoever stops, freezes or fills it.</summary>
    public static PostgresServer Start(params string[] settings)
    {
        Require();
        var server = New(new([], []), settings);
        server.Start();
        return server;
    }

    /// <summary>A server of one's own in another network, which lets in whoever comes from these addresses.</summary>
    /// <param name="around">Where it runs.</param>
    /// <param name="addresses">The addresses, as <c>10.0.0.0/8</c>.</param>
    /// <param name="settings">More settings.</param>
    public static PostgresServer StartWithin(PostgresSurroundings around, string addresses, params string[] settings)
    {
        Require();
        var server = New(around, ["listen_addresses=*", .. settings]);
        File.AppendAllText(Path.Combine(server.Data, "pg_hba.conf"), $"host all all {addresses} trust\n");
        server.Start();
        return server;
    }

    /// <summary>The address of a schema in it.</summary>
    public string Address(string schema, int? port = null) =>
        $"postgres://postgres@127.0.0.1:{port ?? Port}/postgres?schema={schema}";

    private static PostgresServer New(PostgresSurroundings around, string[] settings)
    {
        var server = new PostgresServer(FindBin()!, around, settings);
        server.RunAsServer("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "-N");
        return server;
    }

    /// <summary>A name that no other test uses.</summary>
    public static string NewSchema() => "t_" + new Baton.Work.IdSource(
        BootClock.Instance, System.Security.Cryptography.RandomNumberGenerator.Fill).NewSecret();

    /// <summary>Starts it; returns when it takes connections.</summary>
    public void Start()
    {
        var server = AsServer(
        [
            "env", .. _around.Environment.Select(variable => $"{variable.Key}={variable.Value}"),
            Path.Combine(_bin, "postgres"), "-D", Data, "-p", $"{Port}", "-k", _folder,
            "-c", "listen_addresses=127.0.0.1", .. _settings.SelectMany(setting => new[] { "-c", setting }),
        ]);
        string[] command = [.. _around.Within, .. server];
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        })!;
        using var ready = new ManualResetEventSlim();
        var log = new List<string>();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (log)
            {
                log.Add(line.Data ?? "it ended");
            }

            if (line.Data is null || line.Data.Contains("ready to accept ", StringComparison.Ordinal))
            {
                Set(ready);
            }
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        Assert.True(ready.Wait(TooLong), "the server did not start");
        lock (log)
        {
            Assert.True(log[^1] != "it ended", string.Join('\n', log));
        }
    }

    /// <summary>Stops it, and waits for its end; open connections are cut.</summary>
    public void Stop(string signal = "INT")
    {
        if (Pid() is not { } pid)
        {
            return;
        }

        Run("kill", $"-{signal}", $"{pid}");
        var until = Instant.Of(BootClock.Instance) + TooLong;
        while (Directory.Exists($"/proc/{pid}") && Instant.Of(BootClock.Instance) < until)
        {
            BootClock.Pause(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }
    }

    /// <summary>Sends a signal to it and all of its sessions.</summary>
    public void SignalAll(string signal)
    {
        var pid = Pid() ?? throw new InvalidOperationException("it does not run");
        var sessions = File.ReadAllText($"/proc/{pid}/task/{pid}/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Run("kill", [$"-{signal}", .. sessions, $"{pid}"]);
    }

    /// <summary>Copies its data as it lies there, while it does not run; for a restore.</summary>
    public void Save(string name) => Run("cp", "-a", Data, Path.Combine(_folder, name));

    /// <summary>Puts a copy back, while it does not run.</summary>
    public void Restore(string name)
    {
        Run("rm", "-rf", Data);
        Run("cp", "-a", Path.Combine(_folder, name), Data);
    }

    /// <summary>Runs statements in it.</summary>
    public void Do(string sql, string database = "postgres") => RunAsServer(
        "psql", "-h", _folder, "-p", $"{Port}", "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-qc", sql);

    /// <summary>Asks it for one value.</summary>
    public string Ask(string sql) => RunAsServer(
        "psql", "-h", _folder, "-p", $"{Port}", "-U", "postgres", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-Atqc", sql).Trim();

    /// <summary>Lets a user in by password only.</summary>
    public void AskPasswordOf(string user, string password)
    {
        var file = Path.Combine(Data, "pg_hba.conf");
        Do($"CREATE USER {user} PASSWORD '{password}'");
        RunAsServer("sh", "-c", $"{{ echo 'host all {user} 127.0.0.1/32 scram-sha-256'; cat '{file}'; }} > '{file}.new' "
            + $"&& mv '{file}.new' '{file}'");
        Do("SELECT pg_reload_conf()");
    }

    /// <summary>Starts a replica of it, which takes reads only.</summary>
    public PostgresServer Replicate()
    {
        var replica = new PostgresServer(_bin, new([], []));
        replica.RunAsServer("pg_basebackup", "-h", "127.0.0.1", "-p", $"{Port}", "-U", "postgres", "-D", replica.Data,
            "-R", "-c", "fast");
        replica.Start();
        return replica;
    }

    /// <summary>Makes a replica the primary of a new timeline.</summary>
    public void Promote() => RunAsServer("pg_ctl", "-D", Data, "-w", "promote");

    /// <summary>Runs one of its tools.</summary>
    public string RunAsServer(string tool, params string[] arguments)
    {
        var command = AsServer([File.Exists(Path.Combine(_bin, tool)) ? Path.Combine(_bin, tool) : tool, .. arguments]);
        return Run(command[0], command[1..]);
    }

    /// <summary>The folder of its data.</summary>
    public string Data => Path.Combine(_folder, "data");

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private static void Set(ManualResetEventSlim ready)
    {
        try
        {
            ready.Set();
        }
        catch (ObjectDisposedException)
        {
            // It told once before.
        }
    }

    private int? Pid()
    {
        try
        {
            return int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    // The server refuses root. A program that becomes the server, and not one that waits for it, which would stop
    // with it and not go on.
    private static string[] AsServer(string[] command) =>
        Environment.UserName == "root"
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. command]
            : command;

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        })!;
        var said = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors}{said.Result}");
        return said.Result;
    }

    private static string? FindBin()
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian)
            ? Directory.GetDirectories(debian).OrderByDescending(folder =>
                int.TryParse(Path.GetFileName(folder), out var version) ? version : 0).Select(folder => $"{folder}/bin")
            : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        return versions.Concat(path).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
