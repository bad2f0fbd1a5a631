using System.Text.Json;
using Baton.Work;

namespace Baton.Cli;

/// <summary>One orchestrator's place under a supervisor: whoever dies there is followed by another.</summary>
/// <param name="name">The stable name.</param>
/// <param name="start">How its process is started.</param>
/// <param name="stores">Where the lease of one that died is revoked.</param>
/// <param name="clock">The clock.</param>
/// <param name="said">Told, in a line, of what happens.</param>
internal sealed class Post(string name, ChildStart start, OpenStores stores, TimeProvider clock, Action<string> said)
{
    /// <summary>So many deaths in a row, each before the process had joined, are a crash loop.</summary>
    public const int MostCrashes = 5;

    private const int MostErrors = 5;

    private static readonly TimeSpan ShortLife = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    private readonly TaskCompletionSource _hopeless = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _errors = new();
    private readonly Lock _gate = new();
    private Incumbent? _incumbent;

    /// <summary>Completes when its process is in a crash loop, or refuses how it is started.</summary>
    public Task Hopeless => _hopeless.Task;

    /// <summary>The last lines of its processes' standard error.</summary>
    public string[] LastErrors
    {
        get
        {
            lock (_gate)
            {
                return [.. _errors];
            }
        }
    }

    /// <summary>
    /// The process that runs now and its life in the election, empty until it has joined; null while none
    /// runs.
    /// </summary>
    public (HolderId Life, ProcessIdentity Process)? Running
    {
        get
        {
            lock (_gate)
            {
                return _incumbent is { Child: { } child } now ? (now.Life ?? default, child.Identity) : null;
            }
        }
    }

    /// <summary>Keeps a process running until stopped; returns when the last one has ended.</summary>
    public async Task KeepAsync(CancellationToken stop)
    {
        var crashes = 0;
        var shortLives = 0;
        while (!stop.IsCancellationRequested)
        {
            var startedAt = Instant.Of(clock);
            var (pid, exit, joined) = await RunOneAsync();
            if (stop.IsCancellationRequested)
            {
                return;
            }

            crashes = joined ? 0 : crashes + 1;
            shortLives = Instant.Of(clock) - startedAt < ShortLife ? shortLives + 1 : 0;
            said($"{name} (process {pid}) ended: {exit}; "
                + (joined ? "started again" : $"it had not joined, {crashes} in a row"));
            // Who was started with something that it refuses will refuse it again.
            if (crashes >= MostCrashes || exit.Code == ExitCode.Usage)
            {
                if (_hopeless.TrySetResult())
                {
                    said($"{name} can't be kept running; its last words: {string.Join(" | ", LastErrors)}");
                }
            }

            await Task.Delay(BackOff(shortLives), clock, stop)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Asks the process to end.</summary>
    public void AskToEnd() => Signal(SystemCalls.Terminate);

    /// <summary>Kills the process.</summary>
    public void Kill() => Signal(SystemCalls.Kill);

    private static TimeSpan BackOff(int shortLives)
    {
        var pause = FirstBackOff * Math.Pow(2, Math.Clamp(shortLives - 1, 0, 10));
        return pause < LongestBackOff ? pause : LongestBackOff;
    }

    private void Signal(int signal)
    {
        lock (_gate)
        {
            _incumbent?.Child?.Signal(signal);
        }
    }

    private async Task<(int Pid, ChildExit Exit, bool Joined)> RunOneAsync()
    {
        var incumbent = new Incumbent();
        try
        {
            lock (_gate)
            {
                incumbent.Child = ChildProcess.Start(start with
                {
                    Output = new ChildOutput.Lines(line => TakeEvent(incumbent, line)),
                    Errors = new ChildOutput.Lines(TakeError),
                });
                _incumbent = incumbent;
            }
        }
        catch (IOException e)
        {
            TakeError(e.Message);
            const int cannotRun = 127;
            return (0, new(cannotRun, null), false);
        }

        var child = incumbent.Child;
        var exit = await child.Exit;
        if (incumbent.Life is null)
        {
            // Workers outlive their leader and may keep its streams: its last words come at once, or were
            // none.
            await child.Drained.WaitAsync(LastWords, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        lock (_gate)
        {
            _incumbent = null;
        }

        if (incumbent.Life is { } life && !exit.IsSuccess)
        {
            await RevokeAsync(life);
        }

        // Not the tree: the workers it started live on in sessions of their own.
        child.LetGo();
        return (child.Pid, exit, incumbent.Life is not null);
    }

    private async Task RevokeAsync(HolderId life)
    {
        try
        {
            await stores.Leases.RevokeAsync(stores.Place.Election, life, CancellationToken.None);
        }
        catch (StoreUnavailableException e)
        {
            said($"the lease of {life} could not be revoked, it must run out: {e.Message}");
        }
    }

    private void TakeEvent(Incumbent incumbent, string line)
    {
        try
        {
            using var told = JsonDocument.Parse(line);
            if (told.RootElement.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            if (told.RootElement.TryGetProperty("type", out var type)
                && type.ValueEquals(EventType.OrchestratorJoined.Name())
                && told.RootElement.TryGetProperty("id", out var life)
                && life.GetString() is { } id && HolderId.IsWellFormed(id))
            {
                incumbent.Life = new(id);
            }
            else if (told.RootElement.TryGetProperty("error", out var error)
                && error.TryGetProperty("message", out var message))
            {
                // What a command that prints JSON fails of stands among its data.
                TakeError(Plain.Line(message.GetString() ?? ""));
            }
        }
        catch (JsonException)
        {
            TakeError(line);
        }
    }

    private void TakeError(string line)
    {
        lock (_gate)
        {
            _errors.Enqueue(line);
            if (_errors.Count > MostErrors)
            {
                _errors.Dequeue();
            }
        }

        said(line);
    }

    /// <summary>One process at this post, and the life in which it joined last.</summary>
    private sealed class Incumbent
    {
        private volatile string? _life;

        public ChildProcess? Child { get; set; }

        public HolderId? Life
        {
            get => _life is { } life ? new(life) : null;
            set => _life = value?.Value;
        }
    }
}
