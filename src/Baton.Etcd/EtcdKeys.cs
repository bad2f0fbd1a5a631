using System.Globalization;
using Google.Protobuf;

namespace Baton.Etcd;

/// <summary>The names of the keys of one store: all of them below <c>/baton/STORE/</c>.</summary>
internal sealed class EtcdKeys(string workStoreId)
{
    /// <summary>Everything of the store.</summary>
    public string Prefix { get; } = $"/baton/{workStoreId}/";

    /// <summary>Which store this is.</summary>
    public ByteString Store => Key("store");

    /// <summary>The record of the lease.</summary>
    public ByteString Lease(ElectionName election) => Key($"{election}/lease");

    /// <summary>There as long as the leader's own lease in etcd lives.</summary>
    public ByteString Holder(ElectionName election) => Key($"{election}/holder");

    /// <summary>The first key of the terms above an epoch: numbers of one length sort as they grow.</summary>
    public ByteString TermsAfter(ElectionName election, Epoch after) => Term(election, after.Value + 1);

    /// <summary>The record of a term.</summary>
    public ByteString Term(ElectionName election, long epoch) =>
        Key(string.Create(CultureInfo.InvariantCulture, $"{election}/term/{epoch:D19}"));

    /// <summary>What comes after the last term.</summary>
    public ByteString EndOfTerms(ElectionName election) => Key($"{election}/term0");

    /// <summary>There for a day once a process life was revoked.</summary>
    public ByteString Revoked(ElectionName election, HolderId holder) => Key($"{election}/revoked/{holder}");

    /// <summary>The key that follows directly on another.</summary>
    public static ByteString After(ByteString key) => ByteString.CopyFrom([.. key.Span, 0]);

    /// <summary>The end of everything that begins with <see cref="Prefix"/>.</summary>
    public ByteString EndOfPrefix => ByteString.CopyFromUtf8(Prefix[..^1] + "0");

    private ByteString Key(string name) => ByteString.CopyFromUtf8(Prefix + name);
}
