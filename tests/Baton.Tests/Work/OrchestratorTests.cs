using System.Collections.Concurrent;
using Baton.Work;

namespace Baton.Tests;

/// <summary>One life of an orchestrator, on a stage whose time a test moves.</summary>
public sealed class OrchestratorTests : IDisposable
{
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(6);

    private readonly Stage _stage = new();
    private readonly TemporaryFolder _temporary = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<EventDraft> _seen = new();
    private readonly InMemoryWorkStore _work;
    private readonly WitnessFolder _witnesses;
    private readonly VolatileMark _mark = new();
    private readonly TaskCompletionSource _back = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OrchestratorTests()
    {
        _work = new(ElectionName.Main, _stage.Clock, _stage.Domain);
        _witnesses = new(_temporary.Of("witness"));
    }

    public void Dispose()
    {
        _stop.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public async Task Who_overstayed_never_leads_again_in_this_life()
    {
        _stage.Store.BeforeTerms = () => new(_back.Task);
        var running = Begin();
        await Leads(1);
        Break();
        Assert.Equal(OrchestratorEnd.Overstayed, await _stage.Until(running));

        // The host did not end the process, and the work comes back.
        Mend();
        _back.SetResult();
        var acquires = _stage.Store.Acquires;
        var until = _stage.Now + (Ttl * 3);
        await _stage.Until(() => _stage.Now >= until);
        Assert.Equal(acquires, _stage.Store.Acquires);
    }

    [Fact]
    public async Task Who_waits_for_work_that_overstays_leads_again_once_it_is_back()
    {
        var trouble = new ConcurrentQueue<string>();
        _stage.Store.BeforeTerms = () => new(_back.Task);
        var running = Begin(options => options with
        {
            ExitOnOverrun = false, Trouble = trouble.Enqueue,
        });
        await Leads(1);
        Break();
        await _stage.Until(() => trouble.Any(told => told.Contains("outlasts", StringComparison.Ordinal)));
        Mend();
        var acquires = _stage.Store.Acquires;
        var until = _stage.Now + (Ttl * 2);
        await _stage.Until(() => _stage.Now >= until);
        Assert.Equal(acquires, _stage.Store.Acquires);

        _back.SetResult();
        await Leads(2);
        await StopAsync(running);
    }

    [Fact]
    public async Task A_store_that_was_lost_is_told_of_though_the_answer_that_said_so_was_lost_too()
    {
        _mark.Raise(ElectionName.Main, new(7));
        _stage.Store.AfterAcquire = () =>
        {
            _stage.Store.AfterAcquire = () => ValueTask.CompletedTask;
            throw new StoreUnavailableException(StoreFault.Unreachable, "cut off", isTransient: true);
        };
        var running = Begin();
        await Leads(8);
        await AlarmsAsync(known: 0, floor: 7);
        await StopAsync(running);
    }

    [Fact]
    public async Task Work_that_was_put_back_is_told_of_though_the_leases_lie_elsewhere_and_know_every_term()
    {
        var leases = _stage.Store;
        var won = Assert.IsType<AcquireAnswer.Acquired>(await leases.TryAcquireAsync(new(ElectionName.Main,
            new(new HolderId("old-1")), Ttl, new(2), 1, new(Epoch.None, 0, LeaseStanding.None)), CancellationToken.None));
        await leases.ReleaseAsync(won.Term, TermEnd.Released, CancellationToken.None);
        _mark.Raise(ElectionName.Main, new(3));
        _mark.RaiseBegun(ElectionName.Main, new(3));
        var running = Begin();
        await Leads(4);
        await AlarmsAsync(known: 0, floor: 3);
        await StopAsync(running);
        Assert.Equal(new Epoch(4), _mark.ReadBegun(ElectionName.Main));
    }

    [Fact]
    public async Task A_store_that_was_lost_is_told_of_by_the_next_leader_where_the_first_never_began()
    {
        var other = new Candidacy(ElectionName.Main, new(new("other-1")), Ttl, new(7), 1, new(Epoch.None, 0, LeaseStanding.None));
        var won = Assert.IsType<AcquireAnswer.Acquired>(await _stage.Rows.TryAcquireAsync(other, _stop.Token));
        await _stage.Rows.ReleaseAsync(won.Term, TermEnd.Released, _stop.Token);
        var running = Begin();
        await Leads(9);
        await AlarmsAsync(known: 0, floor: 8);
        await StopAsync(running);
    }

    [Fact]
    public async Task An_observer_that_throws_ends_the_life_and_is_heard_of()
    {
        var running = Begin(options => options with
        {
            Observer = draft => _ = draft.Type == EventType.LeaderElected ? throw new InvalidDataException("a bug") : 0,
        });
        await Assert.ThrowsAsync<InvalidDataException>(() => _stage.Until(running));
        Assert.Null((await _stage.Row()).Holder);
    }

    [Fact]
    public async Task A_leader_that_an_import_fenced_ends_its_term_and_comes_back_above()
    {
        var running = Begin();
        await Leads(1);
        await Begins(1);
        await _work.ImportAsync(new("elsewhere", [], [], new(40)), CancellationToken.None);
        await Leads(41);
        await StopAsync(running);
    }

    [Fact]
    public async Task Its_own_lease_that_is_over_is_no_other_leader_to_follow()
    {
        var running = Begin(options => options with { ExitOnFollow = true });
        await Leads(1);
        Break();
        await _stage.Until(() => _seen.Any(draft => draft.Type == EventType.LeaderDemoted));
        Mend();
        await Leads(2);
        await StopAsync(running);
    }

    [Fact]
    public async Task Nothing_beats_any_more_once_it_took_its_leave()
    {
        var remade = false;
        var running = Begin(options => options with
        {
            Observer = draft =>
            {
                _seen.Enqueue(draft);
                if (draft.Type == EventType.OrchestratorExited)
                {
                    _stage.Clock.Advance(Ttl / 2);
                    remade = SpinWait.SpinUntil(
                        () => Directory.EnumerateFiles(_temporary.Of("witness")).Any(), TimeSpan.FromMilliseconds(200));
                }
            },
        });
        await Leads(1);
        Assert.Equal(OrchestratorEnd.Stopped, await StopAsync(running));
        Assert.False(remade);
    }

    [Fact]
    public async Task The_roster_learns_of_a_witness_that_someone_else_made_anew()
    {
        var life = new HolderId("w-1");
        using var witness = _witnesses.Hold(life);
        var agent = await _work.RegisterAsync(
            new(new(life.Value), "w", Agent.WorkerRole) { Ttl = Ttl, Witness = witness.Mark }, CancellationToken.None);
        using var beat = new Heartbeat(_work, agent, witness, _stage.Clock);
        File.Delete(_witnesses.PathOf(life));
        Assert.True(witness.Restore());
        await _stage.Until(() => beat.Last is { } last && last.Witness == witness.Mark, Ttl);
    }

    private Task<OrchestratorEnd> Begin(Func<OrchestratorOptions, OrchestratorOptions>? with = null)
    {
        byte next = 0;
        OrchestratorOptions options = new()
        {
            Name = "orc",
            Ttl = Ttl,
            Ids = new(_stage.Clock, bytes => bytes.Fill(next++)),
            Clock = _stage.Clock,
            ClockDomain = _stage.Domain,
            Observer = _seen.Enqueue,
        };
        var life = new Orchestrator(
            with?.Invoke(options) ?? options, new(_stage.Store, _work, _mark, _witnesses));
        return life.RunAsync(_stop.Token);
    }

    private Task Leads(long epoch) => _stage.Until(
        () => _seen.Any(draft => draft.Type == EventType.LeaderElected && draft.Epoch == new Epoch(epoch)));

    private Task Begins(long epoch) => _stage.Until(() => _work.SnapshotAsync(CancellationToken.None).AsTask()
        .GetAwaiter().GetResult().Fence.Epoch == new Epoch(epoch));

    private async Task AlarmsAsync(long known, long floor)
    {
        // The election tells of its winner before the winner's first write.
        await Begins(floor + 1);
        var alarm = (await _work.SnapshotAsync(CancellationToken.None)).Alarm;
        Assert.Equal((new Epoch(known), new Epoch(floor)), (alarm?.Known, alarm?.Floor));
    }

    private Task<OrchestratorEnd> StopAsync(Task<OrchestratorEnd> running)
    {
        _stop.Cancel();
        return _stage.Until(running);
    }

    private void Break() =>
        _stage.Store.Before = _ => throw new StoreUnavailableException(StoreFault.Unreachable, "down");

    private void Mend() => _stage.Store.Before = _ => ValueTask.CompletedTask;
}
