using System.Text;
using Baton.Work;

namespace Baton.Cli.Tests;

public sealed class TaskLogTests : IDisposable
{
    private static readonly TaskId Task = new("task_1_aaaaaa");

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _trouble = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_short_is_kept_byte_for_byte()
    {
        var logs = Logs(1000);
        Assert.Null(logs.Read(Task, null));
        Write(logs, 1, "one\n", "two\xff");
        Assert.Equal((1, "one\ntwo\xff"), Read(logs));
        Assert.Equal(["1.log"], Files());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(_folder.PathOf($"log/{Task}/1.log")));
    }

    [Theory]
    [InlineData(399)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(5003)]
    public void Of_what_is_long_the_beginning_and_the_end_are_kept(int length)
    {
        var logs = Logs(400);
        var said = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 26))));
        Write(logs, 1, [.. said.Chunk(7).Select(piece => new string(piece))]);
        var (_, kept) = Read(logs);
        if (length <= 400)
        {
            Assert.Equal(said, kept);
        }
        else
        {
            var cut = kept.Split('\n', '…');
            Assert.True(kept.Length <= 400 + 40, kept);
            Assert.StartsWith(cut[0], said, StringComparison.Ordinal);
            Assert.EndsWith(cut[^1], said, StringComparison.Ordinal);
            Assert.True(cut[^1].Length > 200, kept);
            if (kept.Contains('…', StringComparison.Ordinal))
            {
                Assert.Contains($" {length - cut[0].Length - cut[^1].Length} bytes left out ", kept, StringComparison.Ordinal);
            }
        }

        Assert.Equal(["1.log"], Files());
    }

    [Fact]
    public void What_a_killed_worker_had_written_is_there()
    {
        var logs = Logs(100);
        var log = logs.Begin(Task, 1, _trouble.Add)!;
        log.Write(Encoding.UTF8.GetBytes(new string('a', 30)));
        Assert.Equal((1, new string('a', 30)), Read(logs));
        log.Write(Encoding.UTF8.GetBytes(new string('b', 100)));
        Assert.StartsWith("aaaaaaaaaaaaaaaaaaaaaaaaa\n… ", Read(logs).Text, StringComparison.Ordinal);
        log.Dispose();
    }

    [Fact]
    public void The_last_attempts_are_kept()
    {
        var logs = Logs(1000);
        for (var attempt = 1; attempt <= 8; attempt++)
        {
            Write(logs, attempt, $"attempt {attempt}");
        }

        Assert.Equal((8, "attempt 8"), Read(logs));
        Assert.Equal((5, "attempt 5"), Read(logs, 5));
        Assert.Null(logs.Read(Task, 3));
        Assert.Equal(TaskLogs.MostAttempts, Files().Length);
    }

    [Fact]
    public void The_tasks_that_ran_last_are_kept_and_those_at_work()
    {
        var logs = Logs(1000);
        const int more = 60;
        for (var i = 0; i < TaskLogs.MostTasks + more; i++)
        {
            var folder = Directory.CreateDirectory(_folder.PathOf($"log/task_{i:0000}"));
            folder.LastWriteTimeUtc = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(i);
        }

        Assert.True(logs.IsOverfull);
        logs.Prune(new HashSet<string> { "task_0003" });

        var left = Directory.GetDirectories(_folder.PathOf("log")).Select(Path.GetFileName).ToHashSet();
        Assert.Equal(TaskLogs.MostTasks + 1, left.Count);
        Assert.Contains("task_0003", left);
        Assert.DoesNotContain($"task_{more - 1:0000}", left);
        Assert.Contains($"task_{more:0000}", left);
        Assert.False(logs.IsOverfull);
    }

    [Fact]
    public void Where_nothing_can_be_kept_one_line_says_so_and_the_work_goes_on()
    {
        File.WriteAllText(_folder.PathOf("log"), "in the way");
        Assert.Null(Logs(1000).Begin(Task, 1, _trouble.Add));
        Assert.Contains("the work goes on", Assert.Single(_trouble), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_fills_up_is_told_once()
    {
        var logs = Logs(100);
        using var log = logs.Begin(Task, 1, _trouble.Add)!;
        log.Write("all is well"u8);
        Directory.Delete(_folder.PathOf($"log/{Task}"), true);
        log.Write(new byte[300]);
        log.Write(new byte[300]);
        Assert.Contains("no longer kept", Assert.Single(_trouble), StringComparison.Ordinal);
    }

    private TaskLogs Logs(long mostBytes) => new(_folder.PathOf("log"), mostBytes);

    private void Write(TaskLogs logs, int attempt, params string[] pieces)
    {
        using var log = logs.Begin(Task, attempt, _trouble.Add)!;
        foreach (var piece in pieces)
        {
            log.Write(Encoding.Latin1.GetBytes(piece));
        }

        Assert.Empty(_trouble);
    }

    private static (int Attempt, string Text) Read(TaskLogs logs, int? attempt = null)
    {
        var (number, bytes) = logs.Read(Task, attempt)!.Value;
        // The mark of what is left out is the only thing here that is not Latin.
        var text = Encoding.UTF8.GetString(bytes);
        return (number, text.Contains('…', StringComparison.Ordinal) ? text : Encoding.Latin1.GetString(bytes));
    }

    private string[] Files() =>
        [.. Directory.GetFiles(_folder.PathOf($"log/{Task}")).Select(path => Path.GetFileName(path)!)];
}
