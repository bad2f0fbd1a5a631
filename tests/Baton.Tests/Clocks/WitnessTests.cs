using System.Diagnostics;

namespace Baton.Tests;

public sealed class WitnessTests : IDisposable
{
    private static readonly HolderId Life = new("a-1");

    private readonly TemporaryFolder _temporary = new();
    private readonly WitnessFolder _folder;

    public WitnessTests() => _folder = new(_temporary.Of("witness"));

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_witness_that_is_held_proves_nothing_and_one_that_was_let_go_proves_death()
    {
        var witness = _folder.Hold(Life);
        Assert.False(_folder.IsProvablyDead(Life, witness.Mark));
        Assert.False(_folder.IsProvablyDead(Life, witness.Mark));
        witness.Dispose();
        Assert.True(_folder.IsProvablyDead(Life, witness.Mark));
    }

    [Fact]
    public void A_missing_file_another_inode_and_no_mark_prove_nothing()
    {
        var witness = _folder.Hold(Life);
        var mark = witness.Mark;
        witness.Dispose();
        Assert.False(_folder.IsProvablyDead(Life, null));
        Assert.False(_folder.IsProvablyDead(Life, mark with { Inode = mark.Inode + 1 }));
        Assert.False(_folder.IsProvablyDead(Life, mark with { Device = mark.Device + 1 }));
        Assert.False(_folder.IsProvablyDead(new HolderId("b-1"), mark));
        File.Delete(_folder.PathOf(Life));
        Assert.False(_folder.IsProvablyDead(Life, mark));
        Assert.False(File.Exists(_folder.PathOf(Life)));
    }

    [Fact]
    public void The_witness_of_a_process_life_is_not_inherited()
    {
        var witness = _folder.Hold(Life);
        using var child = Sleeper();
        try
        {
            witness.Dispose();
            Assert.True(_folder.IsProvablyDead(Life, witness.Mark));
            Assert.False(child.HasExited);
        }
        finally
        {
            End(child);
        }
    }

    [Fact]
    public void A_witness_that_children_inherit_lives_until_the_last_of_them_was_killed()
    {
        var witness = _folder.Hold(Life, inherited: true);
        using var child = Sleeper();
        try
        {
            witness.Dispose();
            Assert.False(_folder.IsProvablyDead(Life, witness.Mark));
        }
        finally
        {
            End(child);
        }

        // Another test may have started a process in the same moment; it ends too.
        var giveUp = Instant.Of(BootClock.Instance) + TimeSpan.FromSeconds(60);
        while (!_folder.IsProvablyDead(Life, witness.Mark) && Instant.Of(BootClock.Instance) < giveUp)
        {
            BootClock.Pause(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }

        Assert.True(_folder.IsProvablyDead(Life, witness.Mark));
    }

    [Fact]
    public void A_witness_whose_file_was_removed_or_replaced_is_made_anew()
    {
        using var witness = _folder.Hold(Life);
        var first = witness.Mark;
        Assert.False(witness.Restore());

        // The second file exists before the first is gone, so that it can't get the inode of the first.
        var other = _temporary.Of("other");
        File.WriteAllText(other, "");
        File.Move(other, _folder.PathOf(Life), overwrite: true);
        Assert.True(witness.Restore());
        Assert.NotEqual(first, witness.Mark);
        Assert.Equal(witness.Mark, FileIdentity.Of(_folder.PathOf(Life)));
        Assert.False(_folder.IsProvablyDead(Life, witness.Mark));
        Assert.False(_folder.IsProvablyDead(Life, first));

        File.Delete(_folder.PathOf(Life));
        Assert.True(witness.Restore());
        Assert.True(File.Exists(_folder.PathOf(Life)));
        Assert.False(_folder.IsProvablyDead(Life, witness.Mark));
    }

    [Fact]
    public void A_witness_is_made_anew_even_if_its_folder_is_gone()
    {
        using var witness = _folder.Hold(Life);
        Directory.Delete(_temporary.Of("witness"), recursive: true);
        Assert.True(witness.Restore());
        Assert.Equal(witness.Mark, FileIdentity.Of(_folder.PathOf(Life)));
        Assert.False(_folder.IsProvablyDead(Life, witness.Mark));
    }

    [Fact]
    public void Any_number_of_threads_may_restore_a_witness()
    {
        using var witness = _folder.Hold(Life);
        for (var round = 0; round < 500; round++)
        {
            File.Delete(_folder.PathOf(Life));
            var restored = 0;
            using var together = new Barrier(4);
            var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
            {
                together.SignalAndWait();
                if (witness.Restore())
                {
                    Interlocked.Increment(ref restored);
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            Assert.Equal(1, restored);
            Assert.Equal(witness.Mark, FileIdentity.Of(_folder.PathOf(Life)));
            Assert.False(_folder.IsProvablyDead(Life, witness.Mark));
        }
    }

    [Fact]
    public void A_witness_that_was_let_go_is_not_made_anew()
    {
        var witness = _folder.Hold(Life);
        witness.Remove();
        Assert.False(witness.Restore());
        Assert.False(File.Exists(_folder.PathOf(Life)));
    }

    [Fact]
    public void A_witness_is_held_by_one_life_only()
    {
        using var witness = _folder.Hold(Life);
        var refusal = Assert.Throws<StoreUnavailableException>(() => _folder.Hold(Life));
        Assert.Equal(StoreFault.UnsafePlace, refusal.Code);
        Assert.Contains(_folder.PathOf(Life), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_can_not_be_made_is_named()
    {
        File.WriteAllText(_temporary.Of("file"), "");
        var refusal = Assert.Throws<StoreUnavailableException>(
            () => new WitnessFolder(_temporary.Of("file/witness")).Hold(Life));
        Assert.Contains("witness", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_dead_are_forgotten()
    {
        var witness = _folder.Hold(Life);
        _folder.Forget(Life, witness.Mark);
        Assert.True(File.Exists(_folder.PathOf(Life)));
        witness.Dispose();
        _folder.Forget(Life, witness.Mark with { Inode = 1 });
        Assert.True(File.Exists(_folder.PathOf(Life)));
        _folder.Forget(Life, witness.Mark);
        Assert.False(File.Exists(_folder.PathOf(Life)));
    }

    [Fact]
    public void A_life_that_ended_in_good_order_takes_its_witness_along()
    {
        _folder.Hold(Life).Remove();
        Assert.False(File.Exists(_folder.PathOf(Life)));
    }

    private static Process Sleeper() =>
        Process.Start(new ProcessStartInfo("sleep", "600") { RedirectStandardInput = true })!;

    private static void End(Process child)
    {
        child.Kill();
        child.WaitForExit();
    }
}
