using Baton.Validation;

namespace Baton.Tests;

/// <summary>What a run of drills may damage: its own folder and processes, nothing else.</summary>
public sealed class ScratchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Scratch _scratch;

    public ScratchTests() => _scratch = Scratch.Make(_folder.Path, "r1");

    public void Dispose()
    {
        _scratch.Dispose();
        _folder.Dispose();
    }

    private static string Write(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "precious");
        return file;
    }

    [Fact]
    public void Its_own_file_is_damaged()
    {
        var file = Write(Path.Combine(_scratch.MakeFolder("drill"), "store"));
        _scratch.Truncate(file, 0);
        Assert.Equal(0, new FileInfo(file).Length);
        _scratch.Delete(file);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void A_live_workspace_beside_it_is_refused()
    {
        var live = Write(Path.Combine(_folder.Path, ".baton", "baton.db"));
        Refuses(live, live);
        Refuses(live, Path.Combine(_scratch.Folder, "..", ".baton", "baton.db"));
    }

    [Fact]
    public void A_link_that_leads_out_is_refused()
    {
        var live = Write(Path.Combine(_folder.Path, ".baton", "baton.db"));
        var link = Path.Combine(_scratch.Folder, "link");
        Directory.CreateSymbolicLink(link, Path.GetDirectoryName(live)!);
        Refuses(live, Path.Combine(link, "baton.db"));
    }

    [Fact]
    public void A_folder_without_the_runs_marker_or_with_anothers_is_refused()
    {
        var file = Write(Path.Combine(_scratch.Folder, "store"));
        var marker = Path.Combine(_scratch.Folder, "run");
        File.WriteAllText(marker, "r2");
        Refuses(file, file);
        File.Delete(marker);
        Refuses(file, file);
        Assert.Throws<NotOursException>(_scratch.Remove);
        Assert.Throws<NotOursException>(() => Scratch.RemoveAfter(_scratch.Folder, "r1"));
        Assert.True(File.Exists(file));
    }

    [Fact]
    public void The_folder_of_another_run_is_neither_taken_nor_removed()
    {
        Assert.Throws<NotOursException>(() => Scratch.Make(_folder.Path, "r1"));
        Assert.Throws<NotOursException>(() => Scratch.RemoveAfter(_scratch.Folder, "r2"));
        Assert.Throws<NotOursException>(() => Scratch.RemoveAfter(_folder.Path, "r1"));
        Assert.True(Directory.Exists(_scratch.Folder));
    }

    [Fact]
    public void A_process_that_the_run_did_not_start_gets_no_signal()
    {
        var stranger = new Stranger();
        foreach (var signal in Enum.GetValues<DrillSignal>())
        {
            Assert.Throws<NotOursException>(() => _scratch.Signal(stranger, signal));
        }

        Assert.Throws<NotOursException>(() => _scratch.KillTree(stranger));
        Assert.False(stranger.WasTouched);
    }

    private void Refuses(string precious, string path)
    {
        Assert.Throws<NotOursException>(() => _scratch.Delete(path));
        Assert.Throws<NotOursException>(() => _scratch.Truncate(path, 0));
        Assert.Throws<NotOursException>(() => _scratch.Replace(path, path));
        Assert.Equal("precious", File.ReadAllText(precious));
    }

    private sealed class Stranger : IDrillProcess
    {
        public bool WasTouched { get; private set; }

        public ProcessIdentity Identity => ProcessIdentity.Current;

        public Task<int> Exit => Task.FromResult(0);

        public bool Signal(DrillSignal signal) => WasTouched = true;

        public void KillTree() => WasTouched = true;

        public void Dispose() => WasTouched = true;
    }
}
