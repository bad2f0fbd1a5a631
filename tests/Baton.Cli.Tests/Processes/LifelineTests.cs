namespace Baton.Cli.Tests;

public sealed class LifelineTests
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Is_cut_when_the_supervisor_dies()
    {
        using var folder = new TemporaryFolder();
        var witnesses = new WitnessFolder(folder.Path);
        var supervisor = new HolderId("up-abc123");
        var witness = witnesses.Hold(supervisor);
        using var lifeline = Lifeline.Parse(witnesses, Lifeline.ValueOf(supervisor, witness.Mark));
        var cut = new TaskCompletionSource();
        using var told = lifeline.Cut.Register(cut.SetResult);
        Assert.False(lifeline.Cut.IsCancellationRequested);

        witness.Dispose();

        await cut.Task.WaitAsync(FailSafe, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Nobody_supervised_is_never_cut(string? value)
    {
        using var folder = new TemporaryFolder();
        using var lifeline = Lifeline.Parse(new(folder.Path), value);
        Assert.False(lifeline.Cut.IsCancellationRequested);
    }

    [Theory]
    [InlineData("up-1")]
    [InlineData("up-1:x:2")]
    [InlineData("../up:1:2")]
    public void A_value_that_no_supervisor_sets_is_refused(string value)
    {
        using var folder = new TemporaryFolder();
        var e = Assert.Throws<FormatException>(() => Lifeline.Parse(new(folder.Path), value));
        Assert.Contains(Lifeline.Variable, e.Message, StringComparison.Ordinal);
    }
}
