using System.Security.Cryptography;
using System.Text;
using Baton.Work;

namespace Baton.Cli.Tests;

/// <summary>What becomes of an attempt whose command declines, hangs, takes too long or talks.</summary>
public sealed class AttemptTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryWorkStore _work = new(ElectionName.Main, BootClock.Instance, ClockDomain.Current);
    private readonly IdSource _ids = new(BootClock.Instance, RandomNumberGenerator.Fill);
    private readonly List<string> _trouble = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("exit 75", "exit code 75")]
    [InlineData("echo 'no licence'; echo; exit 75", "no licence")]
    [InlineData("printf 'quota \\033[31mgone' >&2; exit 75", "quota \\x1b[31mgone")]
    public async Task Exit_75_declines_with_the_last_words(string script, string reason)
    {
        var task = await SubmitAsync();
        var declined = Assert.IsType<RunOutcome.Declined>(await RunAsync(Order(script)));
        Assert.Equal(reason, declined.Reason);
        var after = await TaskAsync(task);
        Assert.Equal((DurableTaskStatus.Pending, 1, 0), (after.Status, after.Declines, after.Failures));
        Assert.NotNull(after.NotBefore);
    }

    [Theory]
    [InlineData(300, null, "stalled: nothing said for 300ms")]
    [InlineData(null, 300, "out of time: it took longer than 300ms")]
    public async Task A_command_without_end_is_ended_with_its_tree(int? stall, int? limit, string reason)
    {
        var task = await SubmitAsync();
        var pids = new List<int>();
        var failed = Assert.IsType<RunOutcome.Failed>(await RunAsync(Order("sleep 1000 & echo $!; wait") with
        {
            Stall = stall is { } some ? TimeSpan.FromMilliseconds(some) : null,
            TimeLimit = limit is { } most ? TimeSpan.FromMilliseconds(most) : null,
            Output = _ => new ChildOutput.Lines(line => pids.Add(int.Parse(line))),
        }));
        Assert.Equal((null, reason), (failed.ExitCode, failed.Reason));
        Assert.All(pids, pid => Assert.Null(ProcessIdentity.Of(pid)));
        var after = await TaskAsync(task);
        Assert.Equal((DurableTaskStatus.Pending, 1), (after.Status, after.Failures));
        Assert.Contains(after.Notes, note => note.Text.EndsWith(reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_it_says_is_kept_and_passed_on_byte_for_byte()
    {
        var task = await SubmitAsync();
        var passed = new MemoryStream();
        var logs = new TaskLogs(_folder.PathOf("log"), TaskLogs.DefaultBytes);
        Assert.IsType<RunOutcome.Completed>(await RunAsync(Order("printf 'a\\377b\\r\\n\\n'; echo oops >&2") with
        {
            Logs = logs,
            Output = _ => new ChildOutput.Chunks(bytes => passed.Write(bytes)),
            Errors = _ => new ChildOutput.Lines(_ => { }),
        }));
        Assert.Equal("a\xff" + "b\r\n\n", Encoding.Latin1.GetString(passed.ToArray()));
        var (attempt, kept) = logs.Read(task, null)!.Value;
        Assert.Equal(1, attempt);
        var text = Encoding.Latin1.GetString(kept);
        // Of two streams nobody knows the order.
        Assert.Equal("a\xff" + "b\r\n\n", text.Replace("oops\n", "", StringComparison.Ordinal));
        Assert.Contains("oops\n", text, StringComparison.Ordinal);
        Assert.Empty(_trouble);
    }

    [Fact]
    public async Task When_nobody_reads_on_the_command_is_told_as_in_a_shell()
    {
        await SubmitAsync();
        var failed = Assert.IsType<RunOutcome.Failed>(await RunAsync(Order("exec yes") with
        {
            Output = _ => new ChildOutput.Chunks(_ => throw new IOException("nobody reads")),
        }));
        const int brokenPipe = 128 + 13;
        Assert.Equal(brokenPipe, failed.ExitCode);
    }

    [Fact]
    public async Task The_environment_says_what_the_worker_offers_and_where_the_spec_lies()
    {
        await SubmitAsync(new(_ids.NewTask(), "a task") { Role = "review", Needs = ["gpu"] });
        var lines = new List<string>();
        Assert.IsType<RunOutcome.NothingReady>(await RunAsync(Order("exit 0") with { Role = "review" }));
        Assert.IsType<RunOutcome.Completed>(await RunAsync(
            Order("echo \"$BATON_ROLE|$BATON_CAN|$BATON_SPEC_FILE\"") with
            {
                Role = "review",
                Can = ["net", "gpu"],
                SpecFile = _ => "/somewhere/spec.md",
                Output = _ => new ChildOutput.Lines(lines.Add),
            }));
        Assert.Equal(["review|net,gpu|/somewhere/spec.md"], lines);
    }

    private static RunOrder Order(string script) => new(["sh", "-c", script])
    {
        Output = _ => new ChildOutput.Lines(_ => { }),
        Errors = _ => new ChildOutput.Lines(_ => { }),
    };

    private Task<RunOutcome> RunAsync(RunOrder order) => new TaskRunner(new(_work, null), order,
        new(_ids, BootClock.Instance, task => $"task {task.Id}", _trouble.Add)).RunAsync(Cancel);

    private async Task<TaskId> SubmitAsync(NewTask? task = null)
    {
        var answer = await _work.SubmitAsync([task ?? new(_ids.NewTask(), "a task")], "test", Cancel);
        return Assert.IsType<SubmitAnswer.Accepted>(answer).Tasks[0].Id;
    }

    private async Task<DurableTask> TaskAsync(TaskId id) =>
        (await _work.TasksAsync(new() { IdPrefix = id.Value }, Cancel)).Single();
}
