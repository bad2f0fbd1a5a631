using Baton.Validation;

namespace Baton.Tests;

/// <summary>A log in the form of the Hyrm system's, as a history.</summary>
public sealed class CoordinationLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_kind_of_line_becomes_its_operation()
    {
        var read = Read(
            "00:00.000 a Agent registered: a (role: orchestrator)",
            "00:01.000 a Acquired new orchestrator leader lease (epoch 1)",
            "00:02.000 a Confirmed as current orchestrator leader (epoch 1)",
            "00:03.000 b Detected existing healthy orchestrator leader a (epoch 1). This agent (b) should self-demote",
            "00:04.000 b Status updated: idle - Detected existing leader (a, epoch 1). Exiting gracefully.",
            "00:05.000 a Cleaned up 2 stale agent(s): x, y",
            "00:06.000 x Agent unregistered: x",
            "00:07.000 b Agent unregistered: b",
            "00:08.000 a Orchestrator heartbeat: cleaned up 2 stale agents",
            "00:09.000 a Released orphaned task task_1 (Paint the roof) from stale agent x",
            "00:10.000 a Status updated: working - Session 4 leader (epoch 1) - watching",
            "09:00.000 c Took over orchestrator leader lease from stale leader a (epoch 2)");

        Assert.Equal(
            [
                "1 a register", "2 a acquire 1", "3 a renew 1", "4 b view a 1", "5 b view a 1", "6 a evict x", "6 a evict y",
                "8 b exit b", "9 a write", "10 a write", "11 a write 1", "12 c acquire 2",
            ],
            read.History.Operations.Select(operation => string.Join(' ', new[]
            {
                $"{operation.Line}", operation.Who, operation.Kind.Name(), operation.Subject, operation.Epoch?.ToString(),
            }.Where(word => word is not null))));
        Assert.Equal((12, 9, 3), (read.Lines, read.AboutLeadership, read.AboutRoster));
        Assert.Empty(read.NotUnderstood);
        Assert.All(read.History.Operations, operation => Assert.Equal(Operation.WallClock, operation.Clock));
        Assert.Empty(AllCheckers.Judge(read.History));
    }

    [Fact]
    public void What_is_not_understood_is_counted()
    {
        var read = Read(
            "00:01.000 a Acquired new orchestrator leader lease (epoch 1)",
            "00:02.000 a File locked: /somewhere/orchestrator-state.json",
            "00:03.000 a The leader sings",
            "torn",
            "00:04.000 a Confirmed as current orchestrator leader (epoch 99999999999999999999)");

        Assert.Equal([3, 4, 5], read.NotUnderstood);
        Assert.Equal("read 5 lines, 3 of them about leadership, 3 not understood (line 3, 4, 5)", read.Describe());
        Assert.Single(read.History.Operations);
    }

    [Theory]
    [InlineData("""{"ttl_ms": 5000}""", 5)]
    [InlineData("""{"ttl_ms": "soon"}""", 180)]
    [InlineData("{", 180)]
    [InlineData(null, 180)]
    public void The_ttl_stands_beside_it(string? state, int seconds)
    {
        if (state is not null)
        {
            File.WriteAllText(_folder.Of("orchestrator-state.json"), state);
        }

        var read = Read("00:01.000 a Acquired new orchestrator leader lease (epoch 1)");

        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.Single(read.History.Operations).Ttl);
    }

    [Fact]
    public void A_bad_day_is_rejected_line_by_line()
    {
        var read = Read(
            "00:00.000 a Acquired new orchestrator leader lease (epoch 1)",
            "04:00.000 b Cleaning up 1 stale agent(s): a",
            "04:00.100 b Took over orchestrator leader lease from stale leader a (epoch 2)",
            "05:00.000 c Acquired new orchestrator leader lease (epoch 1)",
            "06:00.000 d Status updated: working - Leader (epoch 2): watching");

        Assert.Equal(
            [
                "EpochsOnlyGrow 3,4", "NoTakeoverOfAFreshLease 3,4", "OneHolderPerEpoch 1,4", "OneHolderPerEpoch 3,5",
                "OnlyTheHolderActs 1,2", "OnlyTheHolderActs 5",
            ],
            AllCheckers.Judge(read.History)
                .Select(found => $"{found.Promise} {string.Join(',', found.Evidence.Select(operation => operation.Line))}")
                .Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("2026-02-03T04:05:06.789Z [INFO] [a] Hello", true)]
    [InlineData("""{"who":"a","kind":"acquire","began_ns":1}""", false)]
    [InlineData("", false)]
    public void It_is_known_by_its_first_line(string line, bool isOne)
    {
        File.WriteAllText(_folder.Of("some.log"), $"\n{line}\n");
        Assert.Equal(isOne, CoordinationLog.IsOne(_folder.Of("some.log")));
    }

    // Lines as "mm:ss.fff who message".
    private CoordinationLogReading Read(params string[] lines)
    {
        File.WriteAllLines(_folder.Of("coordination.log"), lines.Select(line =>
            line.Split(' ', 3) is [var at, var who, var message] ? $"2026-02-03T04:{at}Z [INFO] [{who}] {message}" : line));
        return CoordinationLog.Read(_folder.Of("coordination.log"));
    }
}
