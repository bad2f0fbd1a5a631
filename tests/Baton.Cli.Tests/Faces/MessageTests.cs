using System.Text.Json;

namespace Baton.Cli.Tests;

/// <summary>Messages by what the commands print, and by what is unread after them.</summary>
public sealed class MessageTests
{
    private readonly Stage _stage = new();

    [Fact]
    public async Task They_are_sent_listed_read_and_answered()
    {
        Golden.Check("message-send", await _stage.PlayAsync(
            "message", "send", "look at the roof", "--to", "bob", "--subject", "Roof", "--id", "m-1"));
        Golden.Check("message-send-json", await _stage.PlayAsync("message", "send", "the build is green", "--all",
            "--from", "ci", "--type", "build.passed", "--data", """{"commit":"c0ffee"}""", "--id", "m-2", "--json"));
        _stage.Input = "two\nlines\n";
        Assert.Equal("m-3\n", (await _stage.PlayAsync(
            "message", "send", "-", "--reply-to", "m-1", "--from", "bob", "--id", "m-3")).Out);
        Golden.Check("message-list", await _stage.PlayAsync("message", "list"));
        Golden.Check("message-read-json", await _stage.PlayAsync("message", "read", "--agent", "ann", "--json"));
        Golden.Check("message-read-none", await _stage.PlayAsync("message", "read", "--agent", "ann"));
    }

    [Fact]
    public async Task What_was_read_is_not_unread_and_what_was_peeked_at_is()
    {
        await SendAsync("one", "--to", "bob");
        await SendAsync("two", "--to", "bob");
        Assert.Equal(["one", "two"], await ReadAsync("bob", "--peek"));
        Assert.Equal(["one"], await ReadAsync("bob", "--limit", "1"));
        Assert.Equal(["two"], await ReadAsync("bob"));
        Assert.Empty(await ReadAsync("bob"));
        Assert.Equal(["two"], await TextsAsync("message", "list", "--after", "1"));
        Assert.Equal(["two"], await TextsAsync("message", "list", "--limit", "1"));
        Assert.Equal(["one", "two"], await TextsAsync("message", "list", "--from", "ann", "--to", "bob"));
        Assert.Empty(await TextsAsync("message", "list", "--from", "bob"));
    }

    [Fact]
    public async Task A_role_and_all_are_read_by_each_who_had_appeared()
    {
        Assert.Empty(await ReadAsync("bob", "--role", "review"));
        await SendAsync("to all", "--all");
        await SendAsync("to reviewers", "--role", "review");
        Assert.Equal(["to all", "to reviewers"], await ReadAsync("bob", "--role", "review"));
        Assert.Empty(await ReadAsync("late", "--role", "review"));
        // The sender knows what it said.
        Assert.Empty(await ReadAsync("ann"));
    }

    [Fact]
    public async Task Who_follows_is_told_what_is_unread_and_what_comes_as_a_stream()
    {
        await SendAsync("one", "--to", "bob");
        await SendAsync("two", "--to", "bob");
        var played = await _stage.PlayAsync(
            "message", "read", "--agent", "bob", "--follow", "--limit", "2", "--json");
        Assert.Equal(0, played.Exit);
        Assert.Equal(["one", "two"], played.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()));
        Assert.Empty(await ReadAsync("bob"));
    }

    [Fact]
    public async Task The_same_id_twice_is_one_message()
    {
        await SendAsync("first", "--to", "bob", "--id", "m-1");
        await SendAsync("longer", "--to", "bob", "--id", "m-12");
        Assert.Equal(new(0, "m-1\n", "m-1 was sent already, 2026-01-02 03:04:05Z; nothing new was sent\n"),
            await _stage.PlayAsync("message", "send", "second", "--to", "bob", "--id", "m-1"));
        Assert.Equal(new(0, "m\n", ""), await _stage.PlayAsync("message", "send", "third", "--to", "bob", "--id", "m"));
        Assert.Equal(["first", "longer", "third"], await TextsAsync("message", "list"));
    }

    [Fact]
    public async Task Whom_nobody_of_the_roster_reads_for_is_told_to_the_sender()
    {
        var played = await _stage.PlayAsync("message", "send", "x", "--role", "nobody");
        Assert.Equal(0, played.Exit);
        Assert.Contains("no agent of the role 'nobody' is on the roster", played.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "who is to read it?", "send", "x")]
    [InlineData(2, "not to several of them", "send", "x", "--all", "--to", "bob")]
    [InlineData(2, "the text is empty", "send", " ", "--all")]
    [InlineData(2, "'baton' is the sender of announcements", "send", "x", "--all", "--from", "baton")]
    [InlineData(2, "ids that begin with baton-", "send", "x", "--all", "--id", "baton-7")]
    [InlineData(2, "'a b' is no id", "send", "x", "--all", "--id", "a b")]
    [InlineData(2, "the type 'two words' holds a blank", "send", "x", "--all", "--type", "two words")]
    [InlineData(2, "the role 'a b' holds a blank", "send", "x", "--role", "a b")]
    [InlineData(2, "the data is no JSON: line 1", "send", "x", "--all", "--data", "{")]
    [InlineData(2, "control character or a line break", "send", "x", "--all", "--subject", "a\nb")]
    [InlineData(2, "the role is empty", "read", "--agent", "bob", "--role", "")]
    [InlineData(3, "no-such", "send", "x", "--reply-to", "no-such")]
    public async Task What_can_not_be_is_refused(int exit, string words, params string[] args)
    {
        var played = await _stage.PlayAsync(["message", .. args]);
        Assert.Equal(exit, played.Exit);
        Assert.Contains(words, played.Error, StringComparison.Ordinal);
        Assert.Empty(await TextsAsync("message", "list"));
    }

    [Theory]
    [InlineData("'baton' is no name", "agent", "register", "baton")]
    [InlineData("'baton' is no name", "agent", "register", "baton", "--ttl", "5s")]
    [InlineData("'baton' is no name", "task", "claim", "--next", "--agent", "baton")]
    [InlineData("--agent 'baton' is no name", "run", "--agent", "baton", "--", "true")]
    [InlineData("--id 'baton' is no name", "orchestrator", "run", "--id", "baton")]
    public async Task Nobody_else_is_called_as_Baton_itself(string words, params string[] args)
    {
        var played = await _stage.PlayAsync(args);
        Assert.Equal((ExitCode.Usage, ""), (played.Exit, played.Out));
        Assert.Contains($"{words} for an agent: Baton itself speaks under it", played.Error, StringComparison.Ordinal);
        Assert.Equal("no agents\n", (await _stage.PlayAsync("agent", "list")).Error);
    }

    private async Task SendAsync(string text, params string[] options) =>
        Assert.Equal(0, (await _stage.PlayAsync(["message", "send", text, .. options])).Exit);

    private Task<string[]> ReadAsync(string agent, params string[] options) =>
        TextsAsync(["message", "read", "--agent", agent, .. options]);

    private async Task<string[]> TextsAsync(params string[] args)
    {
        var played = await _stage.PlayAsync([.. args, "--json"]);
        Assert.True(played.Exit == 0, played.Error + played.Out);
        return [.. JsonDocument.Parse(played.Out).RootElement.GetProperty("data").EnumerateArray()
            .Select(message => message.GetProperty("text").GetString()!)];
    }
}
