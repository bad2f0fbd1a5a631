using Microsoft.Extensions.Time.Testing;

namespace Baton.Cli.Tests;

public sealed class StopSignalsTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly StopSignals _signals;
    private int _stopped;

    public StopSignalsTests() => _signals = new(_clock, () => _stopped++);

    [Fact]
    public void What_comes_together_is_one_request()
    {
        Assert.False(_signals.EndsAtOnce());
        Assert.False(_signals.EndsAtOnce());
        _clock.Advance(StopSignals.Together);

        Assert.False(_signals.EndsAtOnce());
        Assert.Equal(1, _stopped);
    }

    [Fact]
    public void A_later_one_ends_at_once()
    {
        Assert.False(_signals.EndsAtOnce());
        _clock.Advance(StopSignals.Together + TimeSpan.FromMilliseconds(1));

        Assert.True(_signals.EndsAtOnce());
        Assert.Equal(1, _stopped);
    }
}
