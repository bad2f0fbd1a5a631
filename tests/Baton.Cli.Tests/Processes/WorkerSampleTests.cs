using System.Collections.Concurrent;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>The worked examples below <c>samples/</c>, with the program as they find it on the PATH.</summary>
public sealed class WorkerSampleTests : IAsyncLifetime
{
    private static readonly TimeSpan FailSafe = TimeSpan.FromSeconds(90);
    private static readonly string Samples = Path.Combine(Repository.Root, "samples");

    private Playground _ground = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ground = await Playground.MakeAsync();
        Directory.CreateDirectory(_ground.PathOf("bin"));
        var command = string.Join(' ', OwnProgram.Command.Select(word => $"'{word}'"));
        var baton = _ground.PathOf("bin/baton");
        await File.WriteAllTextAsync(baton, $"#!/bin/sh\nexec {command} \"$@\"\n", Cancel);
        File.SetUnixFileMode(baton, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public ValueTask DisposeAsync()
    {
        _ground.Dispose();
        return default;
    }

    [Fact]
    public async Task The_script_packs_checks_and_tells_how_far_it_is()
    {
        await File.WriteAllTextAsync(_ground.PathOf("one"), "the first", Cancel);
        await File.WriteAllTextAsync(_ground.PathOf("two words"), "the second", Cancel);
        var id = await CreateAsync("pack", "one\ntwo words");

        var run = await RunAsync("sh", Path.Combine(Samples, "worker-script", "work.sh"));

        Assert.True(run.Exit == ExitCode.Ok, run.Error);
        Assert.EndsWith("packed 2 files", run.Out, StringComparison.Ordinal);
        Assert.Equal(["one.gz", "two words.gz"],
            Directory.GetFiles(_ground.PathOf("packed")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var told = (await _ground.RunAsync("events", "--type", "task.progress")).Out;
        Assert.Contains("packed 2: two words", told, StringComparison.Ordinal);
        Assert.Equal("packed 2 files", (await _ground.RunAsync("task", "show", id, "--log")).Out);
    }

    [Theory]
    [InlineData("missing", "pending", "declined", "missing is not on this machine")]
    [InlineData("", "pending", "failed", "exit code 1")]
    public async Task The_script_declines_what_it_has_not_and_fails_what_is_wrong(
        string description, string status, string outcome, string reason)
    {
        var id = await CreateAsync("pack", description);
        var run = await RunAsync("sh", Path.Combine(Samples, "worker-script", "work.sh"));
        Assert.Equal(ExitCode.Failure, run.Exit);
        Assert.Contains($"{id} {outcome}, attempt 1: {reason}", run.Error, StringComparison.Ordinal);
        Assert.Equal(status, await FieldAsync(id, "status"));
    }

    [Theory]
    [InlineData("write a file", "completed", "wrote made-")]
    [InlineData("there is no quota", "pending", "declined by", "the quota of today is used up")]
    [InlineData("this is impossible", "pending", "failed: it contradicts itself")]
    [InlineData("says nothing", "pending", "failed: exit code 1")]
    [InlineData("crash", "pending", "failed: exit code 1")]
    public async Task The_wrapper_of_a_coding_agent_tells_the_truth(
        string description, string status, params string[] told)
    {
        var id = await CreateAsync("code", description);
        await RunAsync("sh", Path.Combine(Samples, "coding-agent", "agent.sh"),
            "sh", Path.Combine(Samples, "coding-agent", "fake-agent.sh"));
        Assert.Equal(status, await FieldAsync(id, "status"));
        var notes = (await _ground.RunAsync("task", "show", id)).Out;
        Assert.All(told, words => Assert.Contains(words, notes, StringComparison.Ordinal));
        Assert.Contains("reads the task", (await _ground.RunAsync("events", "--type", "task.progress")).Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_agent_says_is_done_is_checked_and_the_spec_is_part_of_its_instructions()
    {
        var id = await CreateAsync("code", "write a file");
        await _ground.RunAsync("spec", "generate", id);
        var prompt = _ground.PathOf("prompt");
        await RunAsync("env", "AGENT_CHECK=test -e not-there", "sh", Path.Combine(Samples, "coding-agent", "agent.sh"),
            "sh", "-c", $"cat >'{prompt}'; echo 'RESULT: done all of it'");
        Assert.Contains("'test -e not-there' fails", (await _ground.RunAsync("task", "show", id)).Out,
            StringComparison.Ordinal);
        var text = await File.ReadAllTextAsync(prompt, Cancel);
        Assert.Contains("Success Criteria", text, StringComparison.Ordinal);
        Assert.Contains($"\"id\":\"{id}\"", text, StringComparison.Ordinal);
    }

    private async Task<string> CreateAsync(string title, string description) =>
        (await _ground.RunAsync("task", "create", "--title", title, "--description", description)).Out;

    private async Task<string> FieldAsync(string id, string field) =>
        (await _ground.RunAsync("task", "show", id, "--field", field)).Out;

    private async Task<Played> RunAsync(params string[] command)
    {
        var (output, errors) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        var start = Playground.Command(_ground.Root, ["run", "--next", "--", .. command]);
        using var child = ChildProcess.Start(start with
        {
            Output = new ChildOutput.Lines(output.Enqueue),
            Errors = new ChildOutput.Lines(errors.Enqueue),
            Environment = start.Environment.SetItem(
                "PATH", $"{_ground.PathOf("bin")}:{Environment.GetEnvironmentVariable("PATH")}"),
        });
        var exit = await child.Exit.WaitAsync(FailSafe, BootClock.Instance, Cancel);
        await child.Drained.WaitAsync(FailSafe, BootClock.Instance, Cancel);
        return new(exit.ShellCode, string.Join('\n', output), string.Join('\n', errors));
    }
}
