using Baton.Work;

namespace Baton.Tests;

public sealed class WholeFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Place => _folder.Of("page.md");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_an_editor_saves_meanwhile_is_not_lost(bool replaces)
    {
        File.WriteAllText(Place, "one\n");
        var saved = false;
        new WholeFile(Place).Change(() =>
        {
            var text = File.ReadAllBytes(Place);
            if (!saved)
            {
                saved = true;
                Save("one\nby hand\n", replaces);
            }

            return [.. text, .. "by us\n"u8];
        });
        Assert.Equal("one\nby hand\nby us\n", File.ReadAllText(Place));
        Assert.Equal([Place], Directory.GetFiles(Path.GetDirectoryName(Place)!));
    }

    [Fact]
    public void A_file_that_never_stands_still_is_given_up_and_stays()
    {
        File.WriteAllText(Place, "");
        var failure = Assert.Throws<IOException>(() => new WholeFile(Place).Change(() =>
        {
            File.AppendAllText(Place, "x");
            return [];
        }));
        Assert.Contains("is being changed by another program", failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("xx", File.ReadAllText(Place), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_read_only_is_left_alone()
    {
        File.WriteAllText(Place, "one\n");
        File.SetUnixFileMode(Place, UnixFileMode.UserRead);
        Assert.Throws<UnauthorizedAccessException>(() => new WholeFile(Place).Change(() => [1]));
        Assert.Equal("one\n", File.ReadAllText(Place));
    }

    // As some editors do, and as others.
    private void Save(string text, bool replaces)
    {
        if (replaces)
        {
            File.WriteAllText(Place + ".tmp", text);
            File.Move(Place + ".tmp", Place, overwrite: true);
        }
        else
        {
            File.WriteAllText(Place, text);
        }
    }
}
