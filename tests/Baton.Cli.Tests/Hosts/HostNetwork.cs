using System.Collections.Immutable;
using System.Diagnostics;
using Baton.Tests;
using Baton.Work;

namespace Baton.Cli.Tests;

/// <summary>
/// Several hosts on this one: each has a network, a host name, a boot id and a state folder of its own. Nothing but
/// a bridge joins them, so none can prove that another's process is dead. It needs root.
/// </summary>
internal sealed class HostNetwork : IDisposable
{
    private const string Subnet = "10.77.0";

    private readonly string _name;
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _spaces = [];
    private int _hosts;

    private HostNetwork(string name)
    {
        _name = name;
        Switch = Space("s");
    }

    /// <summary>The address at which servers beside the bridge are reached from each host.</summary>
    public static string ServerAddress => $"{Subnet}.1";

    /// <summary>The addresses of all hosts.</summary>
    public static string AllAddresses => $"{Subnet}.0/24";

    /// <summary>What a command begins with that runs beside the bridge.</summary>
    public ImmutableArray<string> BesideSwitch => ["ip", "netns", "exec", Switch];

    private string Switch { get; }

    /// <summary>Makes one; skips the test where this user may not, or the system can't.</summary>
    public static HostNetwork Make()
    {
        var ids = new IdSource(BootClock.Instance, System.Security.Cryptography.RandomNumberGenerator.Fill);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "hosts as network namespaces need root");
        Requirement.Installed(Find("ip"), "ip", "iproute2");
        var network = new HostNetwork($"baton-{ids.NewSecret()[..6]}-");
        try
        {
            network.MakeSwitch();
            return network;
        }
        catch (IOException e)
        {
            network.Dispose();
            Requirement.Allowed(false, "to make hosts as network namespaces", e.Message);
            throw;
        }
    }

    /// <summary>Adds a host.</summary>
    public NetworkHost Add(string name)
    {
        var number = ++_hosts;
        var space = Space(name);
        var cable = $"v{number}";
        Run("ip", "netns", "add", space);
        Run("ip", "-n", Switch, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space);
        Run("ip", "-n", Switch, "link", "set", cable, "master", "br0", "up");
        Run("ip", "-n", space, "addr", "add", $"{Subnet}.{number + 1}/24", "dev", "eth0");
        Run("ip", "-n", space, "link", "set", "eth0", "up");
        Run("ip", "-n", space, "link", "set", "lo", "up");
        var boot = _folder.PathOf($"boot-{name}");
        File.WriteAllText(boot, $"00000000-0000-4000-8000-{number:000000000000}\n");
        Directory.CreateDirectory(_folder.PathOf(name));
        return new(name, $"{Subnet}.{number + 1}", _folder.PathOf(name), space, boot, isUp =>
            Run("ip", "-n", Switch, "link", "set", cable, isUp ? "up" : "down"));
    }

    public void Dispose()
    {
        foreach (var space in _spaces)
        {
            Try("ip", "netns", "del", space);
        }

        _folder.Dispose();
    }

    private void MakeSwitch()
    {
        Run("ip", "netns", "add", Switch);
        Run("ip", "-n", Switch, "link", "add", "br0", "type", "bridge");
        Run("ip", "-n", Switch, "addr", "add", $"{ServerAddress}/24", "dev", "br0");
        Run("ip", "-n", Switch, "link", "set", "br0", "up");
        Run("ip", "-n", Switch, "link", "set", "lo", "up");
    }

    private string Space(string name)
    {
        _spaces.Add(_name + name);
        return _name + name;
    }

    private static void Run(params string[] command)
    {
        var (exit, said) = Try(command);
        if (exit != 0)
        {
            throw new IOException($"{string.Join(' ', command)}: {said}");
        }
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static (int Exit, string Said) Try(params string[] command)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardError = true,
            })!;
            var said = process.StandardError.ReadToEnd().Trim();
            process.WaitForExit();
            return (process.ExitCode, said);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (127, e.Message);
        }
    }
}

/// <summary>One of the hosts.</summary>
/// <param name="name">Its host name.</param>
/// <param name="address">Where the others reach it.</param>
/// <param name="folder">What is its own on disk.</param>
/// <param name="space">Its network namespace.</param>
/// <param name="boot">The file with its boot id.</param>
/// <param name="link">Plugs its cable in, or pulls it.</param>
internal sealed class NetworkHost(string name, string address, string folder, string space, string boot, Action<bool> link)
{
    // Each program becomes the next one: the process that is started is the one that runs in the end.
    private const string Settle =
        "hostname \"$1\" && mount --bind \"$2\" /proc/sys/kernel/random/boot_id && shift 2 && exec \"$@\"";

    public string Name => name;

    public string Address => address;

    public string Folder => folder;

    /// <summary>Pulls the cable: what is sent is lost, nobody is told.</summary>
    public void Unplug() => link(false);

    /// <summary>Plugs it in again.</summary>
    public void Plug() => link(true);

    /// <summary>A command that runs on this host.</summary>
    public ImmutableArray<string> Command(params ReadOnlySpan<string> command) =>
    [
        "ip", "netns", "exec", space, "unshare", "--uts", "--mount", "--propagation", "private",
        "sh", "-c", Settle, "sh", name, boot, .. command,
    ];
}
