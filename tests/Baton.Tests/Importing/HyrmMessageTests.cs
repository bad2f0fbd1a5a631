using Baton.Work;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Tests;

public sealed class HyrmMessageTests : IDisposable
{
    private readonly HyrmFolder _folder = new HyrmFolder().WithTasks(
        "\"id\": \"a\", \"title\": \"A\", \"status\": \"completed\"", "\"id\": \"b\", \"title\": \"B\"");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_message_is_read_with_its_time_reader_and_payload()
    {
        var whole = Bus("""
            {"message_id":"msg-1","from_agent":"agent-1","to_agent":"agent-2","timestamp":"2026-01-04T17:33:45.504Z",
             "type":"note","payload":{"title":"A line","summary":"two\nlines","n":1.50,"k":[null,true,"é"]},
             "read_by":["agent-2"]}
            """);
        Assert.Empty(whole.Report.Findings);
        var message = Assert.Single(whole.Batch.Messages);
        Assert.Equal(new(2026, 1, 4, 17, 33, 45, 504, TimeSpan.Zero), message.At);
        Assert.Equal(["agent-2"], message.ReadBy!.Value);
        Assert.Equal(new(new("msg-1"), "agent-1", Audience.Direct("agent-2"), "two\nlines")
        {
            Subject = "A line",
            Type = "note",
            Data = """{"title":"A line","summary":"two\nlines","n":1.50,"k":[null,true,"é"]}""",
        }, message.Draft);
    }

    [Theory]
    [InlineData("\"payload\":\"just words\"", "just words")]
    [InlineData("\"payload\":{\"status\":\"active\"}", "active")]
    [InlineData("\"payload\":{\"n\":1}", "{\"n\":1}")]
    [InlineData("\"type\":\"ping\"", "ping")]
    public void What_it_says_is_found(string members, string text)
    {
        var message = Assert.Single(Bus($"{{\"message_id\":\"msg-1767548025504-x\",{members}}}").Batch.Messages);
        Assert.Equal(text, message.Draft.Text);
        Assert.Equal(Audience.All, message.Draft.To);
        Assert.Equal("unknown", message.Draft.From);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1767548025504), message.At);
    }

    [Fact]
    public void Broken_lines_are_told_by_number_and_the_others_are_taken()
    {
        var whole = Bus(
            One("m1", "one"), "{\"message_id\":\"m2\"", "", "[1]", "{\"from\":\"x\"}", One("../m", "x"),
            One("baton-1", "false"), One("m3", "three"), "{\"message_id\":\"m4\",\"pay");
        Assert.Equal(["m1", "m3"], whole.Batch.Messages.Select(message => message.Draft.Id.Value));
        Assert.Equal(
            [
                "2: this line is no message: it ends in the middle",
                "4: this message has no id",
                "5: this message has no id",
                "6: '../m' is no id of messages: 1 to 128 of A-Z a-z 0-9 . _ -",
                "7: baton-1: ids that begin with baton- are those of announcements",
                "9: this line is no message: it ends in the middle",
            ],
            whole.Report.Findings.Select(finding => $"{finding.Line}: {finding.Message}"));
        Assert.All(whole.Report.Findings, finding => Assert.Equal(FindingKind.LeftOut, finding.Kind));
        Assert.Contains(new("memory/message-bus.jsonl", true, 8, "messages"), whole.Report.Files);
    }

    [Fact]
    public void The_same_id_is_one_message_and_another_text_is_told()
    {
        var whole = Bus(
            One("m1", "one", "x"), One("m1", "one", "y"), One("m1", "one", "x"), One("m1", "other", "z"));
        var message = Assert.Single(whole.Batch.Messages);
        Assert.Equal("one", message.Draft.Text);
        Assert.Equal(["x", "y", "z"], message.ReadBy!.Value);
        Assert.Equal(
            [
                (FindingKind.Disagreement, 4, "m1 stands here with another text; the first is believed"),
                (FindingKind.LeftOut, 2, "2 messages were read before, here the first"),
            ],
            whole.Report.Findings.Select(finding => (finding.Kind, finding.Line!.Value, finding.Message)));
    }

    [Fact]
    public void Archives_are_read_and_all_stand_in_the_order_of_their_times()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Root, "memory", "archive"));
        _folder.With("message-bus-2025.jsonl", One("m1", "one", at: "2026-01-01T00:00:00Z") + "\n")
            .With("archive/messages.json", $"{{\"messages\": [{One("m0", "zero", at: "2025-12-31T00:00:00Z")}]}}")
            .With("message-archive-old.jsonl", "");
        var whole = Bus(One("m2", "two", at: "2026-01-02T00:00:00Z"), One("m1", "one", at: "2026-01-01T00:00:00Z"));
        Assert.Equal(["m0", "m1", "m2"], whole.Batch.Messages.Select(message => message.Draft.Id.Value));
        Assert.Contains(whole.Report.Findings, finding => finding is
        { File: "memory/message-archive-old.jsonl", Message: "the file is empty (0 bytes)" });
        Assert.Contains(whole.Report.Findings, finding => finding is
        { File: "memory/message-bus.jsonl", Line: 2, Message: "this message was read before" });
        Assert.DoesNotContain(whole.Report.Findings, finding => finding.Message == "this folder is not imported");
    }

    [Fact]
    public void What_a_message_says_of_a_task_is_compared()
    {
        string Done(string id, string task) =>
            $"{{\"message_id\":\"{id}\",\"type\":\"task_completed\",\"payload\":{{\"task_id\":\"{task}\",\"title\":\"T\"}}}}";
        Assert.Equal(
            [
                "m2 says that b is completed; it is pending in memory/tasks.json, which is believed",
                "m3 says that c is completed; there is no such task",
            ],
            Bus(Done("m1", "a"), Done("m2", "b"), Done("m3", "c")).Report.Findings.Select(finding => finding.Message));
    }

    [Fact]
    public void No_more_are_taken_than_a_store_keeps()
    {
        var whole = Bus([.. Enumerable.Range(0, MessageRules.NewestKept + 3).Select(i => One($"m{i}", "x"))]);
        Assert.Equal(MessageRules.NewestKept, whole.Batch.Messages.Length);
        Assert.Equal("m3", whole.Batch.Messages[0].Draft.Id.Value);
        Assert.StartsWith("the 3 oldest messages", Assert.Single(whole.Report.Findings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_the_store_only_who_had_not_read_it_finds_it_unread()
    {
        var cancel = TestContext.Current.CancellationToken;
        var store = new InMemoryWorkStore(ElectionName.Main, new FakeTimeProvider(HyrmFolder.Now), ClockDomain.Current);
        var batch = Bus(
            One("m1", "read", "ann", to: "ann"), One("m2", "unread", to: "ann"), One("m3", "to all")).Batch;
        Assert.Equal(3, (await store.ImportAsync(batch, cancel)).MessagesAdded);
        var unread = await store.MessagesAsync(new() { UnreadFor = new("ann") }, cancel);
        Assert.Equal("unread", Assert.Single(unread).Draft.Text);
        Assert.Equal(0, (await store.ImportAsync(batch, cancel)).MessagesAdded);
    }

    private static string One(
        string id, string text, string? reader = null, string? to = null, string at = "2026-01-04T00:00:00Z") =>
        $"{{\"message_id\":\"{id}\",\"from_agent\":\"f\",\"to_agent\":\"{to}\",\"timestamp\":\"{at}\","
        + $"\"payload\":\"{text}\",\"read_by\":[{(reader is null ? "" : $"\"{reader}\"")}]}}";

    private ImportReading.Whole Bus(params string[] lines) => _folder.With("message-bus.jsonl",
        string.Join('\n', lines.Select(line => line.ReplaceLineEndings(" ")))).ReadWhole();
}
