namespace Baton.Cli.Tests;

/// <summary>What a killed process left in the folder for temporary files goes with the next of its kind.</summary>
public sealed class LeftOverTests
{
    // Nobody else's: tests beside this one make the real kinds.
    private readonly string _kind = $"baton-leftover-{Environment.ProcessId}-{Path.GetRandomFileName()[..8]}-";

    [Fact]
    public void A_folder_whose_process_is_gone_is_removed_and_one_in_use_is_not()
    {
        var gone = Directory.CreateTempSubdirectory(_kind).FullName;
        File.WriteAllText(Path.Combine(gone, ".held"), "");
        File.WriteAllText(Path.Combine(gone, "baton.db"), "");
        using var used = new ScratchFolder(_kind);
        Assert.False(Directory.Exists(gone));

        using (var next = new ScratchFolder(_kind))
        {
            Assert.True(Directory.Exists(used.Path));
            Assert.True(Directory.Exists(next.Path));
        }

        Assert.Single(Directory.EnumerateDirectories(Path.GetTempPath(), _kind + "*"));
    }

    [Fact]
    public void A_folder_that_is_kept_stays()
    {
        string kept;
        using (var folder = new ScratchFolder(_kind))
        {
            folder.Keep();
            kept = folder.Path;
        }

        using (new ScratchFolder(_kind))
        {
            Assert.True(Directory.Exists(kept));
        }

        Directory.Delete(kept, recursive: true);
    }

    [Fact]
    public async Task The_file_of_a_task_goes_with_the_attempt_and_nobody_elses_does()
    {
        using var playground = await Playground.MakeAsync();
        // A name that anybody may give to what a command printed.
        var stranger = Path.Combine(Path.GetTempPath(), $"{_kind}status.json");
        File.WriteAllText(stranger, "{}");
        try
        {
            await playground.RunAsync("task", "create", "--title", "look");
            var played = await playground.RunAsync("run", "--next", "--", "sh", "-c", "echo \"$BATON_TASK_FILE\"");

            Assert.Equal(ExitCode.Ok, played.Exit);
            var file = played.Out.Split('\n')[0];
            Assert.EndsWith("/task.json", file, StringComparison.Ordinal);
            Assert.False(Path.Exists(Path.GetDirectoryName(file)));
            Assert.True(File.Exists(stranger));
        }
        finally
        {
            File.Delete(stranger);
        }
    }
}
