using Baton.Postgres;
using Npgsql;

namespace Baton.Tests;

/// <summary>What becomes of a call that is given up, and of the connection under it.</summary>
public sealed class PostgresLinkTests : IDisposable
{
    private readonly SemaphoreSlim _begun = new(0);
    private readonly ManualResetEventSlim _goOn = new();
    private readonly CancellationTokenSource _impatience = new();

    private int _opened;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _goOn.Set();
        _begun.Dispose();
        _impatience.Dispose();
    }

    [Fact]
    public async Task A_connection_that_is_being_opened_is_waited_for_by_the_next_call_too()
    {
        using var link = new PostgresLink(() => Open(isSlow: true), "test");
        var wasCalled = false;
        var first = Begin(link, () => wasCalled = true);
        await _begun.WaitAsync(Cancel);
        await _impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        _goOn.Set();

        Assert.Equal(2, link.Run(_ => 2, Cancel));
        Assert.Equal((1, false), (_opened, wasCalled));
    }

    [Fact]
    public async Task A_call_that_has_begun_keeps_its_connection_and_the_next_one_gets_another()
    {
        using var link = new PostgresLink(() => Open(isSlow: false), "test");
        var first = Begin(link, Hang);
        await _begun.WaitAsync(Cancel);
        await _impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        Assert.Equal(2, link.Run(_ => 2, Cancel));
        Assert.Equal(2, _opened);
    }

    private Task<bool> Begin(PostgresLink link, Action act) => Task.Factory.StartNew(() => link.Run(_ =>
    {
        act();
        return true;
    }, _impatience.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private NpgsqlConnection Open(bool isSlow)
    {
        Interlocked.Increment(ref _opened);
        if (isSlow)
        {
            Hang();
        }

        return new();
    }

    private void Hang()
    {
        _begun.Release();
        _goOn.Wait(CancellationToken.None);
    }
}
