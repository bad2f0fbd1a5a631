using System.Collections.Immutable;
using System.Globalization;

namespace Baton.Validation;

/// <summary>Tries the criteria with real processes and real faults, in a folder that it makes for itself.</summary>
/// <param name="host">The program that is tried.</param>
/// <param name="order">What is to be tried.</param>
public sealed class DrillRun(IDrillHost host, DrillOrder order)
{
    /// <summary>All criteria, in their fixed order.</summary>
    public static ImmutableArray<string> Criteria { get; } = [.. Drill.All.Select(drill => drill.Id)];

    // It needs calm, and time: it runs beside all others, whose load it is tried under.
    private static readonly Drill Beside = LeaderHeartbeat.Drill;

    // It looks at the terms of all others.
    private static readonly Drill Last = EpochsGrow.Drill;

    private readonly Dictionary<string, History> _histories = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>
    /// Tries them. What was started is ended, and the folder removed, however this ends; where a criterion failed the
    /// folder is kept, and that is said.
    /// </summary>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    /// <exception cref="IOException">The folder can't be made or removed.</exception>
    public async Task<Findings> RunAsync(CancellationToken stop)
    {
        var startedAt = host.Clock.GetUtcNow();
        var began = Instant.Of(host.Clock);
        var scratch = Scratch.Make(order.Beside, order.Run);
        var keep = false;
        IDisposable? guard = null;
        IAsyncDisposable? place = null;
        try
        {
            host.Progress(string.Create(CultureInfo.InvariantCulture,
                $"run {order.Run}, seed {order.Seed}, ttl {order.Ttl.TotalMilliseconds:0} ms, in {scratch.Folder}"));
            guard = host.Guard(scratch.Folder, scratch.Run);
            place = await host.PrepareAsync(scratch.Run, stop);
            var criteria = await TryAllAsync(scratch, stop);
            keep = criteria.Any(criterion => criterion.Result == Judgement.Fail);
            var history = new History(_histories.Values.SelectMany(one => one.Operations));
            var last = history.Reigns.LastOrDefault();
            return new(order.Run, ValidationMode.Drills, criteria)
            {
                Store = host.Store, Election = order.Election, StartedAt = startedAt, Ttl = order.Ttl, Seed = order.Seed,
                Duration = Instant.Of(host.Clock) - began, History = history,
                Parts =
                [
                    .. _histories.OrderBy(pair => Criteria.IndexOf(pair.Key))
                        .Select(pair => new NamedHistory(pair.Key, pair.Value)),
                ],
                Leader = last is null ? null : new(last.Who), Epoch = last?.Epoch,
                NotAskedFor = Criteria.Length - criteria.Length,
            };
        }
        finally
        {
            scratch.Dispose();
            if (place is not null)
            {
                await place.DisposeAsync();
            }

            guard?.Dispose();
            if (keep)
            {
                host.Progress($"what is left of this run, its logs and recordings, is kept in {scratch.Folder}");
            }
            else
            {
                scratch.Remove();
            }
        }
    }

    private async Task<ImmutableArray<Criterion>> TryAllAsync(Scratch scratch, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var wanted = Drill.All.Where(drill => order.Only.IsEmpty || order.Only.Contains(drill.Id)).ToArray();
        var found = new Dictionary<string, Criterion>(StringComparer.Ordinal);
        var beside = wanted.Contains(Beside) ? TryAsync(Beside, scratch, over.Token) : null;
        try
        {
            foreach (var drill in wanted.Where(drill => drill != Beside && drill != Last))
            {
                found[drill.Id] = await TryAsync(drill, scratch, over.Token);
            }
        }
        catch
        {
            await over.CancelAsync();
            throw;
        }
        finally
        {
            if (beside is not null)
            {
                await ((Task)beside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        if (beside is not null)
        {
            found[Beside.Id] = await beside;
        }

        if (wanted.Contains(Last))
        {
            found[Last.Id] = await TryAsync(Last, scratch, stop);
        }

        return [.. wanted.Select(drill => found[drill.Id])];
    }

    private async Task<Criterion> TryAsync(Drill drill, Scratch scratch, CancellationToken stop)
    {
        var began = Instant.Of(host.Clock);
        host.Progress($"{drill.Id} …");
        var criterion = await Task.Run(() => PlayAsync(drill, scratch, stop), stop);
        host.Progress(string.Create(CultureInfo.InvariantCulture,
            $"{drill.Id}: {criterion.Result.ToString().ToLowerInvariant()}, "
                + $"{(Instant.Of(host.Clock) - began).TotalSeconds:0.0} s"));
        return criterion;
    }

    private async Task<Criterion> PlayAsync(Drill drill, Scratch scratch, CancellationToken stop)
    {
        var verdict = new Verdict();
        if (order.Orchestrators < drill.Least)
        {
            verdict.Skip($"it takes {drill.Least} orchestrators; this run has {order.Orchestrators}");
            return verdict.ToCriterion(drill.Id, drill.Title);
        }

        try
        {
            using var arena = new Arena(host, scratch, drill.Id, order, verdict, stop);
            try
            {
                await drill.Play(arena);
            }
            catch (DrillFailedException e)
            {
                verdict.Fail($"{e.Message}");
            }

            await arena.KillAllAsync(arena.Running, null, "the drill is over");
            var history = arena.History();
            Keep(drill, history, verdict);

            return drill.Conclude(history, verdict, order);
        }
        catch (DrillSkippedException e)
        {
            verdict.Skip(e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            // Whatever went wrong, this criterion was not shown; the others may be.
            verdict.Fail($"the drill broke off: {e.GetType().Name}: {e.Message}");
        }

        return verdict.ToCriterion(drill.Id, drill.Title);
    }

    private void Keep(Drill drill, History history, Verdict verdict)
    {
        lock (_gate)
        {
            if (drill == Last)
            {
                foreach (var (other, one) in _histories.OrderBy(pair => Criteria.IndexOf(pair.Key)))
                {
                    EpochsGrow.ShowTerms(other, one, verdict);
                }
            }

            _histories[drill.Id] = history;
        }
    }
}
