using System.Security.Cryptography;
using System.Text;

namespace Baton.Tests;

public sealed class EpochFileTests : IDisposable
{
    private static readonly ElectionName Main = ElectionName.Main;

    private readonly TemporaryFolder _folder = new();
    private readonly EpochFile _mark;

    public EpochFileTests() => _mark = new(_folder.Of("epoch"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_has_begun_is_kept_beside_the_epochs_and_is_no_election()
    {
        _mark.Raise(Main, new(7));
        Assert.Equal(Epoch.None, _mark.ReadBegun(Main));
        _mark.RaiseBegun(Main, new(6));
        _mark.RaiseBegun(Main, new(5));
        var again = new EpochFile(_folder.Of("epoch"));
        Assert.Equal((new Epoch(7), new Epoch(6)), (again.Read(Main), again.ReadBegun(Main)));
        Assert.Equal(["main"], again.Epochs().Keys);
    }

    [Fact]
    public void A_mark_that_was_never_made_reads_as_none()
    {
        Assert.Equal(Epoch.None, _mark.Read(Main));
        Assert.Null(_mark.StoreId);
        Assert.False(File.Exists(_mark.Path));
    }

    [Fact]
    public void A_mark_is_raised_and_never_lowered_and_elections_are_apart()
    {
        var other = new ElectionName("other");
        Assert.Equal(Epoch.None, _mark.Raise(Main, new(7)));
        Assert.Equal(new Epoch(7), _mark.Raise(Main, new(3)));
        _mark.Raise(other, new(2));
        var again = new EpochFile(_mark.Path);
        Assert.Equal((7, 2), (again.Read(Main).Value, again.Read(other).Value));
        Assert.Equal(["main", "other"], again.Epochs().Keys);
    }

    [Fact]
    public void The_first_store_id_stays()
    {
        _mark.Raise(Main, new(7));
        _mark.Adopt("one");
        _mark.Adopt("two");
        _mark.Raise(Main, new(8));
        Assert.Equal(("one", new Epoch(8)), (_mark.StoreId, _mark.Read(Main)));
    }

    [Fact]
    public void A_process_that_was_stopped_with_the_lock_keeps_nobody_from_raising_it()
    {
        var other = new ElectionName("x.y-2");
        _mark.Adopt("one");
        _mark.Raise(Main, new(7));
        using (FileLock.Take(_mark.Path + ".lock", TimeSpan.Zero))
        {
            _mark.Raise(Main, new(9));
            _mark.Raise(Main, new(8));
            _mark.Raise(other, new(3));
            Assert.Equal(9, _mark.Raise(Main, new(9)).Value);
            Assert.Equal((9, 3), (_mark.Read(Main).Value, _mark.Read(other).Value));
        }

        Assert.Equal((9, 3), (_mark.Read(Main).Value, _mark.Read(other).Value));
        _mark.Raise(Main, new(10));
        Assert.Equal((10, 3, "one"), (_mark.Read(Main).Value, _mark.Read(other).Value, _mark.StoreId));
        Assert.Equal(["epoch", "epoch.lock"], Directory.GetFiles(Path.GetDirectoryName(_mark.Path)!)
            .Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_mark_raised_beside_a_file_that_never_was_counts()
    {
        using var held = FileLock.Take(_mark.Path + ".lock", TimeSpan.Zero);
        _mark.Raise(Main, new(4));
        Assert.Equal(new Epoch(4), new EpochFile(_mark.Path).Read(Main));
    }

    [Fact]
    public async Task Of_many_that_raise_it_to_the_same_epoch_one_finds_it_lower()
    {
        const int writers = 4;
        var before = await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Factory.StartNew(
            () => new EpochFile(_mark.Path).Raise(Main, new(5)), TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.Single(before, new Epoch(0));
        Assert.Equal(writers - 1, before.Count(epoch => epoch == new Epoch(5)));
    }

    [Fact]
    public async Task Raised_by_many_at_once_it_is_the_highest_of_all()
    {
        const int writers = 4;
        const int each = 12;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Factory.StartNew(() =>
        {
            var mark = new EpochFile(_mark.Path);
            for (var step = 1; step <= each; step++)
            {
                var epoch = new Epoch((step * writers) + writer);
                mark.Raise(Main, epoch);
                Assert.True(mark.Read(Main) >= epoch);
            }
        }, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal((each * writers) + writers - 1, _mark.Read(Main).Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("baton-epoch 1\nstore \nmain 9\n")]
    [InlineData("baton-epoch 1\nstore \nmain 9\nchecksum 0123456789abcdef\n")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    public void A_file_whose_checksum_does_not_fit_is_damage(string text)
    {
        File.WriteAllText(_mark.Path, text);
        IsDamaged("its checksum does not fit");
    }

    [Theory]
    [InlineData("baton-epoch 1\nstore \nmain 4503599627370497\n")]
    [InlineData("baton-epoch 1\nstore \nmain -1\n")]
    [InlineData("baton-epoch 1\nstore \nmain\n")]
    [InlineData("baton-epoch 1\nstore \nmain 99999999999999999999\n")]
    [InlineData("baton-epoch 2\nstore \nmain 9\n")]
    [InlineData("baton-epoch 1\n")]
    public void A_file_that_names_no_epoch_is_damage_though_its_checksum_fits(string body)
    {
        var sum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)))[..16];
        File.WriteAllText(_mark.Path, $"{body}checksum {sum}\n");
        IsDamaged("is damaged");
    }

    [Fact]
    public void Every_truncation_and_every_flipped_bit_is_noticed()
    {
        _mark.Raise(Main, new(7));
        var whole = File.ReadAllBytes(_mark.Path);

        // Without the last line break all that counts is still there.
        for (var length = 0; length < whole.Length - 1; length++)
        {
            File.WriteAllBytes(_mark.Path, whole[..length]);
            IsDamaged("is damaged");
        }

        for (var place = 0; place < whole.Length - 1; place++)
        {
            var bent = whole.ToArray();
            bent[place] ^= 1;
            File.WriteAllBytes(_mark.Path, bent);
            IsDamaged("is damaged");
        }
    }

    [Fact]
    public void A_mark_that_can_not_be_written_says_so_and_stays_as_it_was()
    {
        _mark.Raise(Main, new(7));
        Directory.CreateDirectory(_mark.Path + ".new");
        var refusal = Assert.Throws<StoreUnavailableException>(() => _mark.Raise(Main, new(8)));
        Assert.Equal(StoreFault.Mark, refusal.Code);
        Assert.Contains(_mark.Path, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(7, _mark.Read(Main).Value);
    }

    [Fact]
    public void A_mark_in_no_folder_can_not_be_raised()
    {
        File.WriteAllText(_folder.Of("file"), "");
        var mark = new EpochFile(_folder.Of("file/epoch"));
        Assert.Equal(StoreFault.Mark, Assert.Throws<StoreUnavailableException>(() => mark.Raise(Main, new(8))).Code);
    }

    private void IsDamaged(string why)
    {
        var refusal = Assert.Throws<StoreUnavailableException>(() => _mark.Read(Main));
        Assert.Equal(StoreFault.Mark, refusal.Code);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("doctor", refusal.Hint!, StringComparison.Ordinal);
        Assert.Throws<StoreUnavailableException>(() => _mark.Raise(Main, new(99)));
    }
}
