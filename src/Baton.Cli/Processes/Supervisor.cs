using System.Collections.Immutable;
using Baton.Work;

namespace Baton.Cli;

/// <summary>What a supervisor is to keep running.</summary>
internal sealed record SupervisorOrder
{
    /// <summary>How many orchestrators.</summary>
    public int Orchestrators { get; init; } = 3;

    /// <summary>The options that tell an orchestrator which workers to keep; empty: none.</summary>
    public ImmutableArray<string> Pool { get; init; } = [];

    /// <summary>What those workers offer.</summary>
    public ImmutableArray<Skills> Skills { get; init; } = [];

    /// <summary>The ttl of the lease; null: the default.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>How long orchestrators and workers have to end by themselves.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(8);
}

/// <summary>
/// Starts orchestrator processes and keeps them running. It answers for all that descends from them: when it
/// ends, nothing is left behind; when it dies, they find its witness free and end by themselves.
/// </summary>
internal sealed class Supervisor : IDisposable
{
    private static readonly TimeSpan StrayBeat = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan StrayGrace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Witness? _witness;
    private readonly Offspring _offspring;
    private readonly OpenStores _stores;
    private readonly SupervisorOrder _order;
    private readonly ImmutableArray<Post> _posts;

    /// <summary>Takes its own witness and becomes the one to whom orphans come; starts nothing yet.</summary>
    /// <param name="stores">The stores, opened to lead.</param>
    /// <param name="order">What to keep running.</param>
    /// <param name="around">The world around.</param>
    /// <param name="said">Told, in a line, of what its processes say and what becomes of them.</param>
    public Supervisor(OpenStores stores, SupervisorOrder order, Surroundings around, Action<string> said)
    {
        _stores = stores;
        _order = order;
        var id = around.Ids.NewLife("up").AsHolder();
        _witness = stores.Witnesses?.Hold(id);
        var lifeline = _witness is null ? "" : Lifeline.ValueOf(id, _witness.Mark);
        _offspring = new(lifeline);
        SystemCalls.AdoptOrphans();
        _posts = [.. Enumerable.Range(1, order.Orchestrators)
            .Select(number => new Post($"orc-{number}", StartOf(number, lifeline), stores, around.Clock, said))];
    }

    /// <summary>The orchestrators that run now: the id of the present life, and its process.</summary>
    public IEnumerable<(HolderId Life, ProcessIdentity Process)> Running => _posts
        .Select(post => post.Running)
        .Where(running => running is not null)
        .Select(running => running!.Value);

    /// <summary>Keeps everything running until stopped; then ends everything.</summary>
    /// <exception cref="CommandFailure">No orchestrator can be kept alive.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var strays = new Beat("baton-strays", StrayBeat, () =>
        {
            _offspring.EndStrays(StrayGrace);
            return true;
        });
        var keeping = _posts.Select(post => post.KeepAsync(over.Token)).ToList();
        var hopeless = HopelessAsync(over.Token);
        await Task.WhenAny(Task.WhenAll(keeping), hopeless);
        await EndAsync(over, keeping, strays);
        if (await hopeless && !stop.IsCancellationRequested)
        {
            var last = string.Join(" | ", _posts[0].LastErrors);
            throw new CommandFailure(ErrorCode.Failure,
                "no orchestrator can be kept running"
                + (last.Length > 0 ? $"; the last words of one: {last}" : ""), "baton doctor");
        }
    }

    /// <summary>Lets go of the witness.</summary>
    public void Dispose() => _witness?.Remove();

    private ChildStart StartOf(int number, string lifeline)
    {
        var command = ImmutableArray.CreateBuilder<string>();
        command.AddRange(OwnProgram.Command);
        command.AddRange("orchestrator", "run", "--id", $"orc-{number}", "--json",
            "--election", _stores.Place.Election.Value);
        if (_order.Ttl is { } ttl)
        {
            command.AddRange("--ttl", $"{ttl.TotalMilliseconds:0}ms");
        }

        command.AddRange(_order.Pool);
        return new(command.ToImmutable())
        {
            OwnSession = true,
            Environment = RunVariables.None.SetItems(_stores.Place.Variables)
                .SetItem(Lifeline.Variable, lifeline.Length == 0 ? null : lifeline),
        };
    }

    private async Task<bool> HopelessAsync(CancellationToken over)
    {
        await Task.WhenAll(_posts.Select(post => post.Hopeless.WaitAsync(over)))
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _posts.All(post => post.Hopeless.IsCompleted);
    }

    /// <summary>
    /// Followers leave first, so that nobody takes over from a leader that is about to go; then the leader
    /// gives its lease back; then the workers, whom no leader replaces any more; and whatever is left by
    /// force.
    /// </summary>
    private async Task EndAsync(CancellationTokenSource over, List<Task> keeping, Beat strays)
    {
        await over.CancelAsync();
        var leader = await LeaderAsync();
        foreach (var post in _posts.Where(post => post.Running?.Life != leader))
        {
            post.AskToEnd();
        }

        await WaitAsync(() => _posts.Any(post => post.Running is { } running && running.Life != leader));
        foreach (var post in _posts)
        {
            post.AskToEnd();
        }

        await WaitAsync(() => _posts.Any(post => post.Running is not null));
        foreach (var post in _posts)
        {
            post.Kill();
        }

        await Task.WhenAll(keeping);
        strays.Dispose();
        var asked = new HashSet<ProcessIdentity>();
        await WaitAsync(() => _offspring.EndWorkers(asked));
        await WaitAsync(() => !Offspring.KillAll());
    }

    private async Task<HolderId?> LeaderAsync()
    {
        try
        {
            return (await _stores.Leases.ReadAsync(_stores.Place.Election, CancellationToken.None)).Holder?.Holder;
        }
        catch (StoreUnavailableException)
        {
            // Without it nothing but the order of leaving is lost.
            return null;
        }
    }

    private async Task WaitAsync(Func<bool> isLeft)
    {
        var until = Instant.Of(BootClock.Instance) + _order.Grace;
        while (isLeft() && Instant.Of(BootClock.Instance) < until)
        {
            await Task.Delay(Look, BootClock.Instance);
        }
    }
}
