using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Tests;

/// <summary>A store in memory between which and its callers a test may stand.</summary>
internal sealed class UnreliableStore(InMemoryLeaseStore inner) : ILeaseStore
{
    private long _acquires;
    private long _renewals;

    /// <summary>Awaited before each step; throws or hangs at will.</summary>
    public Func<CancellationToken, ValueTask> Before { get; set; } = _ => ValueTask.CompletedTask;

    /// <summary>
    /// Awaited before the terms are read, with which a leader's work begins; heeds no cancellation.
    /// </summary>
    public Func<ValueTask> BeforeTerms { get; set; } = () => ValueTask.CompletedTask;

    /// <summary>Awaited when a lease was taken, before that is answered.</summary>
    public Func<ValueTask> AfterAcquire { get; set; } = () => ValueTask.CompletedTask;

    public long Acquires => Volatile.Read(ref _acquires);

    public long Renewals => Volatile.Read(ref _renewals);

    public LeaseStoreTraits Traits => inner.Traits;

    public async ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        Interlocked.Increment(ref _acquires);
        await Before(cancel);
        var answer = await inner.TryAcquireAsync(candidacy, cancel);
        await AfterAcquire();
        return answer;
    }

    public async ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel)
    {
        await Before(cancel);
        var answer = await inner.RenewAsync(term, cancel);
        Interlocked.Increment(ref _renewals);
        return answer;
    }

    public async ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel)
    {
        await Before(cancel);
        return await inner.ReleaseAsync(term, reason, cancel);
    }

    public ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel) =>
        inner.RevokeAsync(election, holder, cancel);

    public async ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel)
    {
        await Before(cancel);
        return await inner.ReadAsync(election, cancel);
    }

    public async IAsyncEnumerable<Term> TermsAsync(
        ElectionName election, Epoch after, [EnumeratorCancellation] CancellationToken cancel)
    {
        await BeforeTerms();
        await foreach (var term in inner.TermsAsync(election, after, cancel))
        {
            yield return term;
        }
    }

    public IAsyncEnumerable<LeaseView> WatchAsync(ElectionName election, CancellationToken cancel) =>
        inner.WatchAsync(election, cancel);
}

/// <summary>A clock that a test moves, and a store on it.</summary>
internal sealed class Stage
{
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    public Stage()
    {
        Rows = new(Clock, Domain);
        Store = new(Rows);
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public ClockDomain Domain { get; } = new("stage");

    public InMemoryLeaseStore Rows { get; }

    public UnreliableStore Store { get; }

    public Instant Now => Instant.Of(Clock);

    public Actor Enter(string name, HighWaterMark? mark = null) => new(this, name, mark ?? new VolatileMark());

    public async Task<LeaseView> Row() => await Rows.ReadAsync(ElectionName.Main, CancellationToken.None);

    /// <summary>
    /// Waits for something while the stage's time goes on, slower than the threads of an election can follow
    /// and
    /// no further than <paramref name="atMost"/>.
    /// </summary>
    public async Task<T> Until<T>(Task<T> happened, TimeSpan? atMost = null)
    {
        await Until(() => happened.IsCompleted, atMost);
        return await happened;
    }

    /// <inheritdoc cref="Until{T}"/>
    public async Task Until(Func<bool> happened, TimeSpan? atMost = null)
    {
        var giveUp = Instant.Of(BootClock.Instance) + TooLong;
        var stop = Now + (atMost ?? TimeSpan.FromHours(1));
        while (!happened())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), BootClock.Instance);
            Assert.True(Instant.Of(BootClock.Instance) < giveUp, "what was waited for did not happen");
            if (Now < stop)
            {
                Clock.Advance(Beat);
            }
        }
    }
}

/// <summary>One candidate on the stage and all that it was told.</summary>
internal sealed class Actor : IAsyncDisposable
{
    private readonly Stage _stage;
    private readonly Channel<ElectionEvent> _told = Channel.CreateUnbounded<ElectionEvent>();
    private readonly Channel<Leadership> _terms = Channel.CreateUnbounded<Leadership>();
    private readonly CancellationTokenSource _stop = new();

    public Actor(Stage stage, string name, HighWaterMark mark)
    {
        _stage = stage;
        Election = new(stage.Store, new()
        {
            Candidate = new(new HolderId(name)),
            Clock = stage.Clock,
            ClockDomain = stage.Domain,
            Mark = mark,
            Observer = told => _told.Writer.TryWrite(told),
        });
        Work = WaitForTheEnd;
    }

    public LeaderElection Election { get; }

    /// <summary>The leader's work; by default it ends when its leadership does.</summary>
    public Func<Leadership, Task> Work { get; set; }

    public Task Running { get; private set; } = Task.CompletedTask;

    public Actor Run()
    {
        Running = Election.RunAsync(
            leadership =>
            {
                _terms.Writer.TryWrite(leadership);
                return Work(leadership);
            },
            _stop.Token);
        return this;
    }

    public Task<Leadership> Leads() => _stage.Until(_terms.Reader.ReadAsync().AsTask());

    /// <summary>The next event of a kind; those before it are passed over.</summary>
    public Task<T> IsTold<T>() where T : ElectionEvent
    {
        return _stage.Until(Find());

        async Task<T> Find()
        {
            while (true)
            {
                if (await _told.Reader.ReadAsync() is T found)
                {
                    return found;
                }
            }
        }
    }

    public Task Stop()
    {
        _stop.Cancel();
        return Ended();
    }

    public Task Ended() => _stage.Until(Running.ContinueWith(
        static task => task.IsFaulted, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default));

    public async ValueTask DisposeAsync()
    {
        _stage.Store.Before = _ => ValueTask.CompletedTask;
        await Stop();
        _stop.Dispose();
    }

    private static async Task WaitForTheEnd(Leadership leadership)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var waiting = leadership.Lost.Register(lost.SetResult);
        await lost.Task;
    }
}
