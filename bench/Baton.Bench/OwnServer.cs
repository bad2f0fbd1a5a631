using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Baton.Bench;

/// <summary>
/// A PostgreSQL server that a benchmark starts for itself: as it comes, and so durable, but for the number of
/// connections. Its data lie in a temporary folder. The server refuses root, which starts it as <c>postgres</c>.
/// </summary>
internal sealed class OwnServer : IDisposable
{
    private const string Debian = "/usr/lib/postgresql";
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("baton-bench-server-").FullName;
    private readonly Process _process;

    /// <summary>Starts one.</summary>
    /// <exception cref="InvalidOperationException">None is installed, or it does not start.</exception>
    public OwnServer(int connections)
    {
        var bin = FindBin() ?? throw new InvalidOperationException(
            "no PostgreSQL server is installed (Debian, Ubuntu: apt-get install postgresql); or give the address of one");
        var data = Path.Combine(_folder, "data");
        if (Environment.UserName == "root")
        {
            Run("chown", "postgres", _folder);
        }

        Run(AsServer([Path.Combine(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8"]));
        Port = FreePort();
        var command = AsServer([Path.Combine(bin, "postgres"), "-D", data, "-p", $"{Port}", "-k", _folder,
            "-c", "listen_addresses=127.0.0.1", "-c", $"max_connections={connections}"]);
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
        using var ready = new ManualResetEventSlim();
        var last = "";
        _process.ErrorDataReceived += (_, line) =>
        {
            last = line.Data ?? last;
            if (!ready.IsSet && line.Data?.Contains("ready to accept ", StringComparison.Ordinal) != false)
            {
                ready.Set();
            }
        };
        _process.BeginErrorReadLine();
        if (!ready.Wait(TooLong) || _process.HasExited)
        {
            throw new InvalidOperationException($"the PostgreSQL server did not start: {last}");
        }

        Version = Run(Path.Combine(bin, "postgres"), "--version").Trim();
    }

    /// <summary>Where it listens, on this host alone.</summary>
    public int Port { get; }

    /// <summary>The process; its sessions are its children.</summary>
    public int Pid => _process.Id;

    /// <summary>What it calls itself.</summary>
    public string Version { get; }

    public void Dispose()
    {
        Signals.Send(_process.Id, Signals.Interrupt);
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string? FindBin()
    {
        var versions = Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian).OrderByDescending(folder =>
                int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                    ? version : 0).Select(folder => Path.Combine(folder, "bin"))
            : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return versions.Concat(path).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    // A program that becomes the server: one that waits for it would be stopped in its place.
    private static string[] AsServer(string[] command) => Environment.UserName == "root"
        ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. command]
        : command;

    private static string Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? said
            : throw new InvalidOperationException($"{string.Join(' ', command)}: {errors.Result.Trim()}");
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
