using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;

namespace Baton.Etcd;

/// <summary>Which store a keyspace is.</summary>
internal sealed record StoreRecord(int Version, string Id)
{
    /// <summary>The layout of keys and records that this program writes.</summary>
    public const int Known = 1;
}

/// <summary>The lease of an election. It stays when the lease is given back.</summary>
internal sealed record LeaseRecord(
    long Epoch, string? Holder, long Renewals, long Nonce, string Host, int Pid, long ProcessStart, long? WitnessDevice,
    long? WitnessInode, long TtlMs, DateTimeOffset BeganAt, DateTimeOffset RenewedAt, TermEnd? EndedBy);

/// <summary>One term of an election.</summary>
internal sealed record TermRecord(
    long Epoch, string Holder, string Host, int Pid, long TtlMs, DateTimeOffset BeganAt, DateTimeOffset? EndedAt,
    TermEnd? EndedBy);

/// <summary>Records as JSON, so that <c>etcdctl get</c> shows what stands there.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(TermEndConverter)])]
[JsonSerializable(typeof(StoreRecord))]
[JsonSerializable(typeof(LeaseRecord))]
[JsonSerializable(typeof(TermRecord))]
internal sealed partial class EtcdJson : JsonSerializerContext
{
    /// <summary>A record as a value in etcd.</summary>
    public static ByteString Write(StoreRecord record) => Bytes(record, Default.StoreRecord);

    /// <inheritdoc cref="Write(StoreRecord)"/>
    public static ByteString Write(LeaseRecord record) => Bytes(record, Default.LeaseRecord);

    /// <inheritdoc cref="Write(StoreRecord)"/>
    public static ByteString Write(TermRecord record) => Bytes(record, Default.TermRecord);

    /// <summary>Which store a key names.</summary>
    /// <exception cref="StoreUnavailableException">What stands there is no such record.</exception>
    public static StoreRecord ReadStore(Mvccpb.KeyValue pair) => Read(
        pair, Default.StoreRecord, store => store.Id is { Length: > 0 });

    /// <summary>The lease that stands at a key.</summary>
    /// <inheritdoc cref="ReadStore"/>
    public static LeaseRecord ReadLease(Mvccpb.KeyValue pair) => Read(pair, Default.LeaseRecord, lease =>
        IsTerm(lease.Epoch, lease.Holder ?? "-", lease.TtlMs) && lease is { Renewals: >= 0, Host: not null });

    /// <summary>The term that stands at a key.</summary>
    /// <inheritdoc cref="ReadStore"/>
    public static TermRecord ReadTerm(Mvccpb.KeyValue pair) => Read(pair, Default.TermRecord, term =>
        IsTerm(term.Epoch, term.Holder, term.TtlMs) && term.Host is not null);

    private static bool IsTerm(long epoch, string? holder, long ttl) => epoch is >= 1 and <= Epoch.Highest
        && holder is not null && HolderId.IsWellFormed(holder) && ttl > 0 && ttl <= TimeSpan.FromDays(1).TotalMilliseconds;

    private static T Read<T>(Mvccpb.KeyValue pair, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type,
        Func<T, bool> isSound) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(pair.Value.Span, type) is { } record && isSound(record)
                ? record : throw new JsonException("a value in it can't be");
        }
        catch (JsonException e)
        {
            throw new StoreUnavailableException(StoreFault.Damaged,
                $"the key {pair.Key.ToStringUtf8()} in etcd holds no record of Baton: {e.Message.ReplaceLineEndings(" ")}",
                "restore etcd from a snapshot, or delete the key; epochs go on above the known ones", inner: e);
        }
    }

    private static ByteString Bytes<T>(T record, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(record, type));

    private sealed class TermEndConverter() : JsonStringEnumConverter<TermEnd>(JsonNamingPolicy.SnakeCaseLower);
}
