namespace Baton.Cli.Tests;

/// <summary>The small words of the surface.</summary>
public sealed class WordsTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("6s", 6000)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    public void A_duration_is_a_number_and_a_unit(string text, double milliseconds) =>
        Assert.Equal(milliseconds, Durations.Parse(text)?.TotalMilliseconds);

    [Theory]
    [InlineData("")]
    [InlineData("6")]
    [InlineData("-6s")]
    [InlineData("6 s")]
    [InlineData("6S")]
    [InlineData("1e3s")]
    [InlineData("99999999999h")]
    public void Everything_else_is_none(string text) => Assert.Null(Durations.Parse(text));

    [Theory]
    [InlineData("postgres://u:secret@h/db", "postgres://u:***@h/db")]
    [InlineData("postgres://u:se:cr@et@h/db", "postgres://u:***@h/db")]
    [InlineData("etcd://h:1?password=secret&x=1", "etcd://h:1?password=***&x=1")]
    [InlineData("sqlite:/a/b.db", "sqlite:/a/b.db")]
    public void A_password_is_never_shown(string uri, string shown) => Assert.Equal(shown, StoreUri.Mask(uri));

    [Fact]
    public void Every_error_leads_to_an_exit_code_of_the_surface() => Assert.All(ErrorTable.Codes, code =>
        Assert.Contains(ErrorTable.Of(code).ExitCode, (int[])[1, 2, 3, 4, 5, 6, 7, 8, 130]));

    [Fact]
    public void Wide_letters_take_two_columns()
    {
        Assert.Equal(4, Plain.Width("日本"));
        Assert.Equal("日…", Plain.Cut("日本", 3));
    }

    [Fact]
    public void A_slip_of_the_key_is_understood()
    {
        Assert.Equal("; did you mean completed?", Choices.Meant("complted", Choices.Statuses));
        Assert.Equal("", Choices.Meant("quux", Choices.Statuses));
    }
}
