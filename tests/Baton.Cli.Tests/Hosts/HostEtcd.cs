using System.Collections.Immutable;
using System.Diagnostics;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>A cluster of etcd with a member on each host.</summary>
internal sealed class HostEtcd : IDisposable
{
    private const int Clients = 2379;
    private const int Peers = 2380;

    // Only there so that a test that waits in vain ends; no test measures anything by it.
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);

    private readonly ImmutableArray<NetworkHost> _hosts;
    private readonly Dictionary<string, Process> _members = [];

    private HostEtcd(ImmutableArray<NetworkHost> hosts) => _hosts = hosts;

    /// <summary>Starts a member on each host; returns when the cluster answers.</summary>
    public static HostEtcd Start(ImmutableArray<NetworkHost> hosts)
    {
        EtcdServers.Require();
        var etcd = new HostEtcd(hosts);
        foreach (var host in hosts)
        {
            etcd.Start(host);
        }

        var until = Instant.Of(BootClock.Instance) + FailSafe;
        foreach (var host in hosts)
        {
            while (Ask(host, "endpoint", "health") is null)
            {
                Assert.True(Instant.Of(BootClock.Instance) < until, $"etcd did not start on {host.Name}");
            }
        }

        return etcd;
    }

    /// <summary>The address of the cluster: first the member on a host itself.</summary>
    public string AddressFrom(string host) => "etcd://" + string.Join(',',
        _hosts.OrderBy(other => other.Name != host).Select(other => $"{other.Address}:{Clients}"));

    /// <summary>The host whose member leads the cluster, as another one sees it.</summary>
    public string LeaderSeenFrom(string host)
    {
        var status = Ask(_hosts.Single(other => other.Name == host), "endpoint", "status", "-w", "fields", "--endpoints",
            string.Join(',', _hosts.Select(other => $"{other.Address}:{Clients}")))!.Split('\n');
        var (members, leaders) = (Values("\"MemberID\""), Values("\"Leader\""));
        return _hosts[Array.FindIndex(members, member => member == leaders[0])].Name;

        string[] Values(string field) => [.. status.Where(line => line.StartsWith(field, StringComparison.Ordinal))
            .Select(line => line.Split(':', 2)[1].Trim())];
    }

    /// <summary>Kills the member on a host.</summary>
    public void Kill(string host)
    {
        _members[host].Kill();
        _members[host].WaitForExit();
    }

    public void Dispose()
    {
        foreach (var member in _members.Values.Where(member => !member.HasExited))
        {
            member.Kill();
            member.WaitForExit();
        }
    }

    private void Start(NetworkHost host)
    {
        var all = string.Join(',', _hosts.Select(other => $"{other.Name}=http://{other.Address}:{Peers}"));
        var command = host.Command("etcd", "--name", host.Name, "--data-dir", Path.Combine(host.Folder, "etcd"),
            "--listen-client-urls", $"http://{host.Address}:{Clients}",
            "--advertise-client-urls", $"http://{host.Address}:{Clients}",
            "--listen-peer-urls", $"http://{host.Address}:{Peers}",
            "--initial-advertise-peer-urls", $"http://{host.Address}:{Peers}",
            "--initial-cluster", all, "--initial-cluster-state", "new", "--logger", "zap",
            "--log-outputs", Path.Combine(host.Folder, "etcd.log"));
        _members[host.Name] = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = "/",
        })!;
    }

    private static string? Ask(NetworkHost host, params string[] words)
    {
        string[] there = words.Contains("--endpoints") ? [] : ["--endpoints", $"{host.Address}:{Clients}"];
        var command = host.Command(["env", "ETCDCTL_API=3", "etcdctl", .. there, .. words]);
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.BeginErrorReadLine();
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? said : null;
    }
}
