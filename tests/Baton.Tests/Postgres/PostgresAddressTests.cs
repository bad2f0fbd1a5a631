using Baton.Postgres;

namespace Baton.Tests;

/// <summary>An address as a text: what is refused in it, and what it says on this host and in another folder.</summary>
public sealed class PostgresAddressTests
{
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
