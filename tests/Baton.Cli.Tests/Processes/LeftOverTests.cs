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
    public void A_task_file_is_removed_once_nobody_holds_it()
    {
        using var folder = new TemporaryFolder();
        var (held, free, other) = (folder.PathOf("baton-a-1.json"), folder.PathOf("baton-b-2.json"), folder.PathOf("c.json"));
        using var holder = FileLock.Take(held, TimeSpan.Zero);
        File.WriteAllText(free, "{}");
        File.WriteAllText(other, "{}");

        TaskFile.RemoveLeftOvers(folder.Path);

        Assert.Equal((true, false, true), (File.Exists(held), File.Exists(free), File.Exists(other)));
    }
}
