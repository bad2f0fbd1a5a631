using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Baton.Postgres;
using Baton.Validation;

namespace Baton.Cli;

/// <summary>
/// A PostgreSQL server that a run of drills started for itself: its data and its socket lie in a folder of the run's
/// own, and it listens nowhere else. The server refuses root, so root starts it as the user <c>postgres</c>.
/// </summary>
internal sealed class OwnPostgres : IOwnServer, IAsyncDisposable
{
    private const string Root = "root";
    private const string DataName = "data";
    private const string SocketName = "socket";
    private const string Debian = "/usr/lib/postgresql";
    private const string ServerUser = "postgres";
    private const int MostConnections = 400;
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(20);

    private readonly OwnFolder _folder;
    private readonly string _bin;
    private readonly string _run;
    private ChildProcess? _process;

    private OwnPostgres(string bin, string run)
    {
        (_folder, _bin) = (FolderOf(run), bin);
        _run = run;
    }

    /// <summary>Where its stores lie.</summary>
    public PostgresAddress Address => PostgresAddress.Parse(
        $"postgres:///postgres?host={Uri.EscapeDataString(SocketFolder)}");

    private string Data => Path.Combine(_folder.Path, DataName);

    private string SocketFolder => Path.Combine(_folder.Path, SocketName);

    /// <summary>Where the server's programs are; null where none is installed.</summary>
    public static string? FindBin(Func<string, string?> variable)
    {
        var versions = Directory.Exists(Debian)
            ? Directory.GetDirectories(Debian).OrderByDescending(folder =>
                int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                    ? version : 0).Select(folder => Path.Combine(folder, "bin"))
            : [];
        var path = (variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return versions.Concat(path).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    /// <summary>Makes a server in a new folder, and starts it.</summary>
    /// <exception cref="IOException">It can't be made or started; the message says why.</exception>
    public static async Task<OwnPostgres> MakeAsync(string bin, string run, CancellationToken cancel)
    {
        var server = new OwnPostgres(bin, run);
        server._folder.Make();
        try
        {
            foreach (var name in (string[])[DataName, SocketName])
            {
                var own = server._folder.MakeWithin(name);
                if (Environment.UserName == Root)
                {
                    await server.RunAsync(["chown", ServerUser, own], cancel);
                }
            }

            await server.RunAsync(AsServer([Path.Combine(bin, "initdb"), "-D", server.Data, "-U", server.Address.User,
                "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]), cancel);
            await server.StartAsync(cancel);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Removes the folder that a run left behind when it was killed; its processes have ended.</summary>
    /// <exception cref="NotOursException">It bears another mark.</exception>
    public static void RemoveAfter(string run) => FolderOf(run).Remove();

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancel)
    {
        var said = new ConcurrentQueue<string>();
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = ChildProcess.Start(Order(AsServer(
        [
            Path.Combine(_bin, "postgres"), "-D", Data, "-k", SocketFolder, "-p", "5432", "-c", "listen_addresses=",
            "-c", $"max_connections={MostConnections}", "-c", "log_destination=stderr", "-c", "logging_collector=off",
        ]), line =>
        {
            said.Enqueue(line);
            if (line.Contains("ready to accept ", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        }));
        var first = await Task.WhenAny(ready.Task, _process.Exit).WaitAsync(LongestStart, BootClock.Instance, cancel);
        if (first != ready.Task)
        {
            throw new IOException($"the PostgreSQL server of this run did not start: {said.LastOrDefault()}");
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        // What is frozen hears nothing. Interrupted, the server cuts its connections and ends in good order.
        process.SignalTree(SystemCalls.Continue);
        process.Signal(SystemCalls.Interrupt);
        await ((Task)process.Exit).WaitAsync(LongestStop, BootClock.Instance)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        process.Dispose();
        _process = null;
    }

    /// <inheritdoc/>
    public void Freeze() => _process?.SignalTree(SystemCalls.Stop);

    /// <inheritdoc/>
    public void Thaw() => _process?.SignalTree(SystemCalls.Continue);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Remove();
    }

    private static OwnFolder FolderOf(string run) => new($"baton-validate-{run}", run);

    private async Task RunAsync(ImmutableArray<string> command, CancellationToken cancel)
    {
        var said = new ConcurrentQueue<string>();
        using var process = ChildProcess.Start(Order(command, said.Enqueue));
        var exit = await process.Exit.WaitAsync(LongestStart, BootClock.Instance, cancel);
        await process.Drained.WaitAsync(LongestStart, BootClock.Instance, cancel);
        if (!exit.IsSuccess)
        {
            throw new IOException(
                $"no PostgreSQL server could be made for this run: {said.LastOrDefault()} ({command[^1]}, {exit})");
        }
    }

    private ChildStart Order(ImmutableArray<string> command, Action<string> say) => new(command)
    {
        Folder = "/",
        OwnSession = true,
        Output = new ChildOutput.Lines(say),
        Errors = new ChildOutput.Lines(say),
        Environment = ImmutableDictionary<string, string?>.Empty.Add(DrillHost.Variable, $"{_run}/server").Add("LC_ALL", "C"),
    };

    // A program that becomes the server: one that waits for it would be stopped with it, and not go on.
    private static ImmutableArray<string> AsServer(ImmutableArray<string> command) => Environment.UserName == Root
        ? ["setpriv", $"--reuid={ServerUser}", $"--regid={ServerUser}", "--init-groups", .. command]
        : command;
}
