using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Baton.Tests;

/// <summary>
/// A cluster of etcd that these tests started, on free ports, with its data in a temporary folder. Each member is
/// ended by its id.
/// </summary>
internal sealed class EtcdServers : IDisposable
{
    private static readonly Lazy<EtcdServers> SharedServer = new(() =>
    {
        var servers = Start(1);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => servers.Dispose();
        return servers;
    });

    private readonly string _folder = Directory.CreateTempSubdirectory("baton-etcd-").FullName;

    private EtcdServers(int members, bool isEncrypted, IReadOnlyList<string> settings)
    {
        var ports = Enumerable.Range(0, members)
            .Select(_ => new EtcdPorts(FreePort(), FreePort(), FreePort(), isEncrypted)).ToArray();
        var all = string.Join(',', ports.Select((port, number) => $"m{number}=http://127.0.0.1:{port.Peers}"));
        // Who is alone need not wait to see whether another leads.
        string[] pace = members == 1 ? ["--heartbeat-interval", "20", "--election-timeout", "200"] : [];
        Members = [.. ports.Select((port, number) =>
            new EtcdMember($"m{number}", _folder, port, all, [.. pace, .. settings]))];
    }

    /// <summary>One for all tests that don't harm it. Skips the test where there is no etcd to start.</summary>
    public static EtcdServers Shared
    {
        get
        {
            Require();
            return SharedServer.Value;
        }
    }

    /// <summary>Its members.</summary>
    public ImmutableArray<EtcdMember> Members { get; }

    /// <summary>The address of the whole cluster.</summary>
    public string Address => $"etcd://{string.Join(',', Members.Select(member => member.Endpoint))}";

    /// <summary>Skips the test where no etcd is installed, but fails it in CI.</summary>
    public static void Require()
    {
        Requirement.Installed(EtcdMember.Find("etcd"), "etcd", "etcd-server");
        Requirement.Installed(EtcdMember.Find("etcdctl"), "etcdctl", "etcd-client");
    }

    /// <summary>A cluster of one's own, for whoever stops, freezes or empties it.</summary>
    public static EtcdServers Start(int members, params string[] settings) => Start(members, false, settings);

    /// <summary>A cluster of one's own whose settings name a certificate.</summary>
    public static EtcdServers StartEncrypted(params string[] settings) => Start(1, true, settings);

    private static EtcdServers Start(int members, bool isEncrypted, string[] settings)
    {
        Require();
        var servers = new EtcdServers(members, isEncrypted, settings);
        foreach (var member in servers.Members)
        {
            member.Launch();
        }

        foreach (var member in servers.Members)
        {
            member.AwaitHealth();
        }

        return servers;
    }

    /// <summary>An id that no other test's work has.</summary>
    public static string NewWork() => new Baton.Work.IdSource(
        BootClock.Instance, System.Security.Cryptography.RandomNumberGenerator.Fill).NewSecret();

    /// <summary>The member that leads the cluster itself.</summary>
    public EtcdMember Leader => Members.First(member => member.IsLeader());

    /// <summary>Runs <c>etcdctl</c> against all members.</summary>
    public string Do(params string[] arguments) => EtcdMember.Control(
        string.Join(',', Members.Select(member => member.Endpoint)), arguments);

    public void Dispose()
    {
        foreach (var member in Members)
        {
            member.Kill();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}

/// <summary>Where a member is asked by clients, by its peers, and for its health.</summary>
internal sealed record EtcdPorts(int Clients, int Peers, int Health, bool IsEncrypted);

/// <summary>One member of a cluster.</summary>
internal sealed class EtcdMember(string name, string folder, EtcdPorts ports, string all, IReadOnlyList<string> settings)
{
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);

    private Process? _process;

    /// <summary>Where clients ask it.</summary>
    public string Endpoint => $"127.0.0.1:{ports.Clients}";

    public int Port => ports.Clients;

    /// <summary>What it wrote about itself.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    private string LogFile => Path.Combine(folder, $"{name}.log");

    private string Data => Path.Combine(folder, name);

    /// <summary>Where a program is; null where it is not installed.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(place => Path.Combine(place, program)).FirstOrDefault(File.Exists);

    /// <summary>Starts its process, and waits for nothing.</summary>
    public void Launch()
    {
        var place = $"{(ports.IsEncrypted ? "https" : "http")}://127.0.0.1:{ports.Clients}";
        var peers = $"http://127.0.0.1:{ports.Peers}";
        _process = Process.Start(new ProcessStartInfo(Find("etcd")!,
        [
            "--name", name, "--data-dir", Data, "--listen-client-urls", place, "--advertise-client-urls", place,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", all,
            "--listen-metrics-urls", $"http://127.0.0.1:{ports.Health}",
            "--initial-cluster-state", "new", "--log-outputs", LogFile, "--logger", "zap", .. settings,
        ])
        {
            WorkingDirectory = "/",
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Waits until it answers, and its cluster with it.</summary>
    public void AwaitHealth()
    {
        using var client = new HttpClient();
        var until = Instant.Of(BootClock.Instance) + TooLong;
        while (true)
        {
            try
            {
                using var answer = client.Send(new(HttpMethod.Get, $"http://127.0.0.1:{ports.Health}/health"));
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            Assert.True(Instant.Of(BootClock.Instance) < until && !_process!.HasExited,
                $"etcd did not start: {Log}");
            BootClock.Pause(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }

    /// <summary>Whether it leads its cluster.</summary>
    public bool IsLeader()
    {
        var status = Control(Endpoint, "endpoint", "status", "-w", "fields").Split('\n');
        return Value("\"MemberID\"") == Value("\"Leader\"");

        string Value(string field) => status.First(line => line.StartsWith(field, StringComparison.Ordinal))
            .Split(':', 2)[1].Trim();
    }

    /// <summary>Sends it a signal.</summary>
    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Ends it at once, and waits for its end.</summary>
    public void Kill()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }

    /// <summary>Copies its data while it does not run.</summary>
    public void Save()
    {
        Run("rm", "-rf", $"{Data}.saved");
        Run("cp", "-a", Data, $"{Data}.saved");
    }

    /// <summary>Puts the copy back while it does not run.</summary>
    public void Restore()
    {
        Run("rm", "-rf", Data);
        Run("cp", "-a", $"{Data}.saved", Data);
    }

    /// <summary>Runs <c>etcdctl</c> against some endpoints.</summary>
    public static string Control(string endpoints, params string[] arguments)
    {
        Environment.SetEnvironmentVariable("ETCDCTL_API", "3");
        return Run(Find("etcdctl")!, ["--endpoints", endpoints, .. arguments]);
    }

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
}
