namespace Baton.Tests;

public sealed class HyrmEpochTests : IDisposable
{
    private readonly HyrmFolder _folder = new HyrmFolder().WithTasks();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_floor_is_the_highest_epoch_that_any_record_names()
    {
        var whole = _folder
            .With("orchestrator-state.json", """{"leader_id": "agent-1", "leader_epoch": 5}""")
            .With("coordination.log", """
                2026-01-02T21:21:47.935Z [WARN] [a] Took over leader lease from stale leader b (epoch 24)
                2026-01-03T21:21:47.935Z [INFO] [a] Acquired new orchestrator leader lease (epoch 1)
                2026-01-03T21:22:47.935Z [INFO] [a] Status updated: idle - leader epoch 6, {"leader_epoch": 7}

                """).ReadWhole();
        Assert.Equal(new Epoch(24), whole.Batch.Floor);
        Assert.Equal("memory/coordination.log:1", whole.Report.FloorNamedIn);
        Assert.Empty(whole.Report.Findings);
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("\"5\"", 5)]
    [InlineData("null", 0)]
    public void The_lease_names_its_epoch(string epoch, long floor)
    {
        var whole = _folder.With("orchestrator-state.json", $"{{\"leader_epoch\": {epoch}}}").ReadWhole();
        Assert.Equal(floor, whole.Batch.Floor.Value);
    }

    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("99999999999999999999999999")]
    [InlineData("-1")]
    [InlineData("4503599627370495")]
    [InlineData("\"soon\"")]
    public void An_absurd_epoch_is_told_of_and_not_believed(string epoch)
    {
        var whole = _folder.With("orchestrator-state.json", $"{{\"leader_epoch\": {epoch}}}").ReadWhole();
        Assert.Equal(Epoch.None, whole.Batch.Floor);
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Contains("not believed", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_registry_may_name_an_epoch_too()
    {
        var whole = _folder.With("agent-registry.json", """
            {"agents": [], "leader": {"id": "a", "epoch": 9}}
            """).ReadWhole();
        Assert.Equal(new Epoch(9), whole.Batch.Floor);
    }

    [Fact]
    public void A_line_that_is_torn_is_told_of_and_read()
    {
        var whole = _folder
            .With("coordination.log", "er leader (epoch 8)\n2026-01-03T21:22:47Z [INFO] [a] fine\n")
            .ReadWhole();
        Assert.Equal(new Epoch(8), whole.Batch.Floor);
        var finding = Assert.Single(whole.Report.Findings);
        Assert.Contains("1 of 2 lines", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-01-04T19:00:00.000Z [INFO] leads (epoch 14)\n2026-01-04T19:00:01.000Z [INFO] leads (ep", 2)]
    [InlineData("2026-01-04T19:00:00.000Z [INFO] leads (epoch 14)\r\n", null)]
    public void A_log_that_was_cut_off_is_told_of(string log, int? line)
    {
        var read = _folder.WithTasks("\"id\": \"task_1_a\"").With("coordination.log", log).ReadWhole();
        Assert.Equal(14, read.Batch.Floor.Value);
        Assert.Equal(line, read.Report.Findings.SingleOrDefault(finding =>
            finding.Message.Contains("may have named higher epochs", StringComparison.Ordinal))?.Line);
    }

    [Fact]
    public void Files_that_are_not_there_are_told_of()
    {
        var whole = _folder.ReadWhole();
        Assert.Equal(Epoch.None, whole.Batch.Floor);
        Assert.Null(whole.Report.FloorNamedIn);
        Assert.Equal("memory/tasks.json", Assert.Single(whole.Report.Files, file => file.IsThere).File);
        Assert.Contains(new("memory/coordination.log", false, 0, "lines"), whole.Report.Files);
    }
}
