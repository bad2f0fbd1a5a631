using Baton.Postgres;

namespace Baton.Tests;

/// <summary>An address as a text: what is refused in it, and what it says on this host and in another folder.</summary>
public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("postgres://baton:s3cr@t:/#%x@127.0.0.1:5432/work", "%23")]
    [InlineData("postgres://baton:s3c#ret@h/d", "%23")]
    [InlineData("postgres://baton@h/d?password=s3c#ret", "%23")]
    [InlineData("postgres://baton:s3c@ret@h/d", "%40")]
    [InlineData("postgres://baton:12/s3cret@h/d", "%2F")]
    [InlineData("postgres://baton:12?s3cret@h/d", "%3F")]
    [InlineData("postgres://baton:s3c/ret@h/d", "%2F")]
    [InlineData("postgres://baton:12/3?schema=s3cret@h/d", "%3F")]
    [InlineData("", "no address")]
    [InlineData("postgres:", "no address")]
    [InlineData("postgres://h:99999/d", "port that is not 1 to 65535")]
    [InlineData("postgres://h:/d", "port that is not 1 to 65535")]
    [InlineData("postgres://h:0/d", "port that is not 1 to 65535")]
    [InlineData("postgres://[::1]:x/d", "port that is not 1 to 65535")]
    [InlineData("postgres://h/d?schema=a&schema=b", "gives schema twice")]
    [InlineData("postgres://h/d?colour=red", "user, password,")]
    public void A_wrong_address_is_refused_in_words_without_its_password(string uri, string words)
    {
        var refusal = Assert.Throws<FormatException>(() => PostgresAddress.Parse(uri));
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3c", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://u:p%40@[::1]:5432/d", "::1:5432")]
    [InlineData("postgres://h:5432/d?passfile=/a@b", "h:5432")]
    [InlineData("postgres:///d?host=/run/a@b&port=1", "/run/a@b:1")]
    public void A_right_one_is_understood(string uri, string server) =>
        Assert.Equal(server, PostgresAddress.Parse(uri).Server);

    [Fact]
    public void No_two_stores_have_one_name_on_a_host_and_plain_ones_keep_theirs()
    {
        string[] databases = ["my_db", "my%20db", "my%09db", "d%C3%A4t%C3%A4", "d%C3%B6t%C3%B6", "a_b", "a%2Fb"];
        var keys = databases.Select(name => PostgresAddress.Parse($"postgres://h:1/{name}?schema=s").Key).ToArray();
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.All(keys, key => Assert.Matches("^[A-Za-z0-9._~-]+$", key));
        Assert.Equal("h-1-my_db-s", keys[0]);
        Assert.StartsWith("h-1-my_db-s~", keys[1], StringComparison.Ordinal);
        Assert.Equal(keys[1], PostgresAddress.Parse("postgres://u:p@h:1/my%20db?schema=s&sslmode=require").Key);
    }

    [Fact]
    public void Files_may_be_named_from_the_root()
    {
        Assert.Equal("postgres://h/d?passfile=/w/my%20pf&sslkey=/k&sslrootcert=/r/ca.pem&schema=s",
            PostgresAddress.Parse("postgres://h/d?passfile=my%20pf&sslkey=/k&sslrootcert=../r/ca.pem&schema=s")
                .WithFilesFrom("/w").Text);
        Assert.Equal("postgres://h/passfile=x", PostgresAddress.Parse("postgres://h/passfile=x").WithFilesFrom("/w").Text);
    }
}
