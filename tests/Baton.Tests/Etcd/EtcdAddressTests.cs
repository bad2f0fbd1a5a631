using Baton.Etcd;

namespace Baton.Tests;

/// <summary>The forms of an address, and that no face shows its password.</summary>
public sealed class EtcdAddressTests
{
    [Theory]
    [InlineData("etcd://", "localhost:2379")]
    [InlineData("ETCD://host", "host:2379")]
    [InlineData("etcd://host:1/", "host:1")]
    [InlineData("etcd://a,b:23790,a:2379,c.example.org", "a:2379,b:23790,c.example.org:2379")]
    [InlineData("etcd://[::1]:1,[fe80::2],10.0.0.1", "[::1]:1,[fe80::2]:2379,10.0.0.1:2379")]
    [InlineData("etcd://u@h?tls=true", "h:2379")]
    public void Members_are_named_in_their_order(string uri, string members)
    {
        var address = EtcdAddress.Parse(uri);
        Assert.Equal(members, address.Members);
        Assert.Equal(members.Split(','), address.Endpoints);
    }

    [Fact]
    public void User_password_and_files_are_unescaped()
    {
        var address = EtcdAddress.Parse(
            "etcd://o%40f:p%3Aa%3Fs%40s%2F%25:x@h:1?cacert=%2Fa%20b&cert=/c&key=/k");
        Assert.Equal(("o@f", "p:a?s@s/%:x"), (address.User, address.Password));
        Assert.Equal(("/a b", "/c", "/k"), (address.AuthorityFile, address.CertificateFile, address.KeyFile));
        Assert.True(address.IsEncrypted);
        Assert.False(EtcdAddress.Parse("etcd://h?tls=false").IsEncrypted);
        Assert.Null(EtcdAddress.Parse("etcd://h").User);
    }

    [Theory]
    [InlineData("etcd://u:s3cret@h:1,g:2?tls=true", "etcd://u@h:1,g:2", "etcd://u@h:1,g:2?tls=true")]
    [InlineData("etcd://u:s3cret:@:s3cret@h", "etcd://u@h:2379", "etcd://u@h")]
    [InlineData("etcd://u:s3cret/s3cret#s3cret@h?cacert=/a@b", "etcd://u@h:2379", "etcd://u@h?cacert=/a@b")]
    [InlineData("etcd://:s3cret@h", "etcd://h:2379", "etcd://@h")]
    [InlineData("etcd://o%40f:s3cret@h", "etcd://o%40f@h:2379", "etcd://o%40f@h")]
    [InlineData("etcd://h:1?cacert=/a@b", "etcd://h:1", "etcd://h:1?cacert=/a@b")]
    public void No_face_shows_the_password(string uri, string masked, string kept)
    {
        var address = EtcdAddress.Parse(uri);
        Assert.Equal((masked, masked, kept), (address.Masked, $"{address}", address.WithoutSecrets));
        Assert.Equal(uri, address.Text);
        Assert.DoesNotContain("s3cret", address.Masked + address.Members + address.Key + address.WithoutSecrets,
            StringComparison.Ordinal);
        // What is kept leads to the same place.
        var again = EtcdAddress.Parse(address.WithoutSecrets);
        Assert.Equal((address.Members, address.User, address.AuthorityFile), (again.Members, again.User, again.AuthorityFile));
    }

    [Theory]
    [InlineData("http://h", "no address of an etcd cluster")]
    [InlineData("etcd://h/path", "names a path")]
    [InlineData("etcd://h:0", "1 to 65535")]
    [InlineData("etcd://h:65536", "1 to 65535")]
    [InlineData("etcd://h:http", "no host:port")]
    [InlineData("etcd://a b", "no host:port")]
    [InlineData("etcd://a,,b", "no host:port")]
    [InlineData("etcd://a,", "no host:port")]
    [InlineData("etcd://fe80::2", "no host:port")]
    [InlineData("etcd://h?tls=yes", "neither true nor false")]
    [InlineData("etcd://h?cacert=", "names no file")]
    [InlineData("etcd://h?key=/k", "give cert=FILE too")]
    [InlineData("etcd://h?user=u", "'user' that is not known")]
    [InlineData("etcd://u:s3c?ret@h:1", "%3F")]
    [InlineData("etcd://u:12?s3cret@h:1", "%3F")]
    [InlineData("etcd://u:12?tls=s3cret@h:1", "%3F")]
    public void A_wrong_address_is_refused_in_words_without_its_password(string uri, string words)
    {
        var refusal = Assert.Throws<FormatException>(() => EtcdAddress.Parse(uri));
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3c", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_of_the_members_does_not_change_the_name_of_the_cluster()
    {
        Assert.Equal(EtcdAddress.Parse("etcd://b,a:1").Key, EtcdAddress.Parse("etcd://u:p@a:1,b?tls=true").Key);
        Assert.Matches("^[A-Za-z0-9._-]+$", EtcdAddress.Parse("etcd://[::1]:1,h").Key);
        Assert.NotEqual(EtcdAddress.Parse("etcd://a:1,b:2").Key, EtcdAddress.Parse("etcd://a_1-b:2").Key);
    }

    [Fact]
    public void Files_may_be_named_from_the_root() =>
        Assert.Equal("etcd://h?cacert=/w/ca.pem&cert=/c&key=/k/my%20key",
            EtcdAddress.Parse("etcd://h?cacert=ca.pem&cert=/c&key=../k/my%20key").WithFilesFrom("/w").Text);
}
