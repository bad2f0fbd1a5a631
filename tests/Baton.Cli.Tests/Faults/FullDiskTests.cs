using System.Diagnostics;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>A disk without space and a folder that can't be written to. Needs the right to mount.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private bool _isMounted;

    public void Dispose()
    {
        if (_isMounted)
        {
            Assert.Equal(0, Run("umount", _folder.Path));
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Without_space_nothing_half_written_stays_and_with_space_it_goes_on()
    {
        Mount("-t", "tmpfs", "-o", "size=1500k", "none", _folder.Path);
        _isMounted = true;
        Fill();
        Playground.Refuses(await RunAsync("init"), ExitCode.Failure, "No space left");
        Assert.DoesNotContain(Directory.GetFiles(_folder.PathOf(".baton")),
            name => name.Contains(".new", StringComparison.Ordinal));
        Playground.Refuses(await RunAsync("memory", "append", "--title", "t", "--body", "b", "--memory-file", "m.md"),
            ExitCode.Failure, "No space left");
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path),
            name => name.EndsWith("m.md", StringComparison.Ordinal) || name.Contains(".new", StringComparison.Ordinal));
        Playground.Refuses(await RunAsync("validate", "--report", ""), ExitCode.Failure, "No space left");
        Assert.Equal([_folder.PathOf(".baton")], Directory.GetDirectories(_folder.Path));
        Spare(200_000);
        Playground.Refuses(await RunAsync("init"), ExitCode.Unavailable, "no space is left");
        Assert.DoesNotContain(Directory.GetFiles(_folder.PathOf(".baton")),
            name => name.Contains(".new", StringComparison.Ordinal));

        File.Delete(_folder.PathOf("filler"));
        Assert.Equal(0, (await RunAsync("init")).Exit);
        var made = 0;
        Played last;
        while ((last = await RunAsync("task", "create", "--title", "t", "--description", new('x', 100_000))).Exit == 0)
        {
            made++;
        }

        Playground.Refuses(last, ExitCode.Unavailable, "no space is left");
        await WithMoreSpaceAsync(made);
    }

    [Fact]
    public async Task A_folder_that_can_only_be_read_is_named()
    {
        var made = Directory.CreateDirectory(_folder.PathOf("made")).FullName;
        var seen = Directory.CreateDirectory(_folder.PathOf("seen")).FullName;
        Assert.Equal(0, (await Playground.RunInAsync(made, "init")).Exit);
        Mount("--bind", made, seen);
        try
        {
            Assert.Equal(0, Run("mount", "-o", "remount,ro,bind", seen));
            foreach (var words in (string[][])[["status"], ["task", "create", "--title", "t"], ["orchestrator", "run"]])
            {
                Playground.Refuses(await Playground.RunInAsync(seen, words), ExitCode.Unavailable, "read-only");
            }

            Playground.Refuses(await Playground.RunInAsync(seen, "init"), ExitCode.Failure, "Read-only file system");
        }
        finally
        {
            Assert.Equal(0, Run("umount", seen));
        }
    }

    private async Task WithMoreSpaceAsync(int made)
    {
        Assert.Equal(0, Run("mount", "-o", "remount,size=8m", _folder.Path));
        Assert.Equal(0, (await RunAsync("task", "create", "--title", "again")).Exit);
        var lines = (await RunAsync("task", "list")).Out.Split('\n');
        Assert.Equal(made + 1, lines.Count(line => line.StartsWith("task_", StringComparison.Ordinal)));
    }

    private static void Mount(params string[] what)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting needs root");
        using var mount = Process.Start(new ProcessStartInfo("mount", what) { RedirectStandardError = true })!;
        var said = mount.StandardError.ReadToEnd();
        mount.WaitForExit();
        Requirement.Allowed(mount.ExitCode == 0, "to mount", said);
    }

    private void Fill() => Run("/bin/sh", "-c", "cat /dev/zero > \"$0\" 2>/dev/null || true", _folder.PathOf("filler"));

    // Gives back the end of what fills the disk.
    private void Spare(int bytes)
    {
        using var filler = new FileStream(_folder.PathOf("filler"), FileMode.Open);
        filler.SetLength(filler.Length - bytes);
    }

    private Task<Played> RunAsync(params string[] words) => Playground.RunInAsync(_folder.Path, words);

    private static int Run(string program, params string[] words)
    {
        using var child = Process.Start(program, words);
        child.WaitForExit();
        return child.ExitCode;
    }
}
