using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Tests;

/// <summary>What the witnesses of a host tell before anybody looks.</summary>
public sealed class WitnessWatchTests : IDisposable
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Ttl = TimeSpan.FromHours(1);

    private readonly TemporaryFolder _temporary = new();
    private readonly WitnessFolder _folder;
    private readonly Channel<HolderId> _told = Channel.CreateUnbounded<HolderId>();
    private readonly CancellationTokenSource _safe = new(FailSafe, BootClock.Instance);

    public WitnessWatchTests() => _folder = new(_temporary.Of("witness"));

    public void Dispose()
    {
        _temporary.Dispose();
        _safe.Dispose();
    }

    [Fact]
    public async Task Tells_who_beckons_and_who_lets_go()
    {
        using var witness = _folder.Hold(new("a-1"));
        using var other = _folder.Hold(new("b-1"));
        using var watch = _folder.Watch(holder => _told.Writer.TryWrite(holder));

        witness.Beckon();
        other.Dispose();
        witness.Dispose();

        Assert.Equal(["a-1", "b-1", "a-1"], [await ToldAsync(), await ToldAsync(), await ToldAsync()]);
    }

    [Fact]
    public void Where_no_folder_is_nothing_is_watched()
    {
        Assert.Null(_folder.Watch(_ => { }));
    }

    [Fact]
    public async Task A_folder_that_was_removed_is_no_longer_watched_and_nothing_breaks()
    {
        var witness = _folder.Hold(new("a-1"));
        var watch = _folder.Watch(holder => _told.Writer.TryWrite(holder));
        witness.Remove();
        Assert.Equal("a-1", await ToldAsync());
        Directory.Delete(_temporary.Of("witness"));

        watch!.Dispose();
        watch.Dispose();
    }

    [Fact]
    public async Task A_follower_leads_when_the_holder_dies_though_its_own_clock_stands_still()
    {
        var clock = new FakeTimeProvider();
        var store = new InMemoryLeaseStore(clock, ClockDomain.Unknown);
        var witness = _folder.Hold(new("a-1"));
        await store.TryAcquireAsync(new(ElectionName.Main, new(new("a-1")) { Witness = witness.Mark }, Ttl,
            Epoch.None, 1, new(Epoch.None, 0, LeaseStanding.None)), _safe.Token);
        var (follows, leads) = (new TaskCompletionSource(), new TaskCompletionSource<Leadership>());
        var election = Election(store, clock, "b-1", told =>
        {
            if (told is ElectionEvent.Following { Standing: LeaseStanding.Held })
            {
                follows.TrySetResult();
            }
        });
        using var stop = new CancellationTokenSource();
        var running = election.RunAsync(leadership =>
        {
            leads.SetResult(leadership);
            return EndAsync(leadership);
        }, stop.Token);
        await follows.Task.WaitAsync(_safe.Token);

        witness.Dispose();

        Assert.Equal(2, (await leads.Task.WaitAsync(_safe.Token)).Epoch.Value);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Who_gives_the_lease_back_beckons()
    {
        var clock = new FakeTimeProvider();
        using var witness = _folder.Hold(new("a-1"));
        using var watch = _folder.Watch(holder => _told.Writer.TryWrite(holder));
        var leads = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        var running = Election(new(clock, ClockDomain.Unknown), clock, "a-1", _ => { }, witness).RunAsync(leadership =>
        {
            leads.SetResult();
            return EndAsync(leadership);
        }, stop.Token);
        await leads.Task.WaitAsync(_safe.Token);

        await stop.CancelAsync();
        await running;

        Assert.Equal("a-1", await ToldAsync());
    }

    private LeaderElection Election(InMemoryLeaseStore store, FakeTimeProvider clock, string id,
        Action<ElectionEvent> told, Witness? witness = null) => new(store, new()
        {
            Candidate = new(new(id)) { Witness = witness?.Mark },
            Ttl = Ttl,
            Clock = clock,
            ClockDomain = ClockDomain.Unknown,
            Witnesses = _folder,
            Witness = witness,
            Observer = told,
        });

    private async Task<string> ToldAsync() => (await _told.Reader.ReadAsync(_safe.Token)).Value;

    private static async Task EndAsync(Leadership leadership)
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var waiting = leadership.Lost.Register(lost.SetResult);
        await lost.Task;
    }
}
