using System.Text.RegularExpressions;
using Baton.Postgres;

namespace Baton.Tests;

/// <summary>What the statements and addresses of the PostgreSQL store must hold to.</summary>
public sealed partial class PostgresSqlTests
{
    [Fact]
    public void The_clock_of_the_server_decides_nothing()
    {
        var sources = Repository.Sources.Where(file => file.StartsWith("src/Baton.Postgres/", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(sources);
        Assert.Equal("src/Baton.Postgres/PostgresSteps.cs",
            Assert.Single(sources, file => ServerClock().IsMatch(Repository.Text(file))));
        Assert.DoesNotContain(sources.SelectMany(file => Repository.Text(file).Split('\n')), line =>
            Condition().IsMatch(line) && (line.Contains("heard_at", StringComparison.Ordinal)
                || line.Contains(nameof(PostgresSteps.SilentFor), StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("postgres://u:s%3Ac%40t@h:5433/d?schema=s1&sslmode=require", "postgres://u@h:5433/d?schema=s1",
        "postgres://u@h:5433/d?schema=s1&sslmode=require")]
    [InlineData("postgresql://h/d?password=x&schema=s1", "postgres://h:5432/d?schema=s1", "postgresql://h/d?schema=s1")]
    [InlineData("postgres://u:p@h/d", "postgres://u@h:5432/d", "postgres://u@h/d")]
    [InlineData("postgres:///d?host=/run/pg", "postgres:///d?host=/run/pg", "postgres:///d?host=/run/pg")]
    [InlineData("postgres:///d?host=/run&port=77&user=u&password=x", "postgres:///d?host=/run&port=77&user=u",
        "postgres:///d?host=/run&port=77&user=u")]
    public void An_address_is_shown_and_kept_without_its_password(string uri, string shown, string kept)
    {
        var address = PostgresAddress.Parse(uri);
        Assert.Equal((shown, kept), (address.Masked, address.WithoutSecrets));
        Assert.Equal(shown, PostgresAddress.Parse(address.Masked).Masked);
        Assert.Matches("^[A-Za-z0-9._~-]+$", address.Key);
    }

    [Theory]
    [InlineData("postgres:h/d")]
    [InlineData("postgres://u:p#w@h/d")]
    [InlineData("postgres://h/d?schema=A b")]
    [InlineData("postgres://h/d?schema=pg_temp")]
    [InlineData("postgres://h/d?schema=information_schema")]
    [InlineData("postgres://h/d?sslmode=maybe")]
    [InlineData("postgres://h/d?colour=red")]
    [InlineData("postgres://h:99999/d")]
    public void A_wrong_address_is_refused(string uri) =>
        Assert.Throws<FormatException>(() => PostgresAddress.Parse(uri));

    [GeneratedRegex(@"\b(now|NOW)\(\)|(?i:current_timestamp|clock_timestamp|statement_timestamp|localtimestamp)")]
    private static partial Regex ServerClock();

    [GeneratedRegex(@"\b(WHERE|AND|OR|HAVING|ORDER BY|ON)\b")]
    private static partial Regex Condition();
}
