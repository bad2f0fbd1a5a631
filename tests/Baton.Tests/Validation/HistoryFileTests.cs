using Baton.Validation;

namespace Baton.Tests;

public sealed class HistoryFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<OperationKind> Kinds => [.. Enum.GetValues<OperationKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_written_is_read(OperationKind kind)
    {
        var whole = new Operation("a-b1", kind, new(5_000_000_001), Outcome.Unknown)
        {
            Ended = new(5_000_000_009),
            Clock = "wall",
            Epoch = new(7),
            Subject = "task_1",
            Attempt = 3,
            Claim = "3-ff",
            Until = new(6_000_000_000),
            Ttl = TimeSpan.FromMilliseconds(1500),
            Note = "a \"quoted\"\nline\t\u001b",
        };
        var path = Write(whole, new Operation("b", kind, default, Outcome.Ok));

        var read = HistoryFile.Read(path).Operations;

        Assert.Equal([new("b", kind, default, Outcome.Ok) { Line = 2 }, whole with { Line = 1 }], read);
    }

    [Fact]
    public void A_line_that_its_writers_end_cut_short_is_left_out()
    {
        var path = Write(Beat("a", 1), Beat("b", 2));
        var text = File.ReadAllText(path);
        File.WriteAllText(path, text[..^5]);

        Assert.Equal("a", Assert.Single(HistoryFile.Read(path).Operations).Who);
    }

    [Fact]
    public void A_folder_is_read_as_one_history()
    {
        Write(Beat("b", 20));
        using (var other = HistoryFile.Append(_folder.Of("h/2.ndjson")))
        {
            other.Write(Beat("a", 10));
        }

        Assert.Equal(["a", "b"], HistoryFile.Read(_folder.Of("h")).Operations.Select(operation => operation.Who));
    }

    [Theory]
    [InlineData("{", "line 2")]
    [InlineData("[]", "line 2")]
    [InlineData("null", "line 2")]
    [InlineData("""{"who":"a","began_ns":1}""", "kind")]
    [InlineData("""{"who":"a","kind":"dance","began_ns":1}""", "line 2")]
    [InlineData("""{"who":"a","kind":"beat","began_ns":5,"ended_ns":4}""", "ended before it began")]
    [InlineData("""{"who":"a","kind":"beat","began_ns":5,"epoch":-1}""", "-1 is no epoch")]
    [InlineData("""{"who":"a","kind":"beat","began_ns":5,"surprise":1}""", "surprise")]
    public void A_broken_line_is_named(string line, string said)
    {
        var path = Write(Beat("a", 1));
        File.AppendAllText(path, line + "\n");

        var refusal = Assert.Throws<BrokenHistoryException>(() => HistoryFile.Read(path));

        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
    }

    private static Operation Beat(string who, long at) => new(who, OperationKind.Beat, new(at), Outcome.Ok);

    private string Write(params Operation[] operations)
    {
        var path = _folder.Of("h/1.ndjson");
        using var file = HistoryFile.Append(path);
        foreach (var operation in operations)
        {
            file.Write(operation);
        }

        return path;
    }
}
