namespace Baton;

/// <summary>What ended a term.</summary>
public enum TermEnd
{
    /// <summary>The leader was stopped and gave the lease back.</summary>
    Released,

    /// <summary>The leader was asked to hand over.</summary>
    HandedOver,

    /// <summary>
    /// The leader's process is proven dead: by its witness, or by the supervisor that saw it exit.
    /// </summary>
    Died,

    /// <summary>The ttl ran out without a renewal.</summary>
    Expired,

    /// <summary>The store was replaced under the leader, or it was fenced off.</summary>
    Lost,
}

/// <summary>One epoch's life as the store records it.</summary>
/// <param name="Election">The scope.</param>
/// <param name="Epoch">The epoch, unique in its election.</param>
/// <param name="Holder">Who leads, or led.</param>
/// <param name="Ttl">How long the lease lives after a renewal; followers judge by this one.</param>
public sealed record Term(ElectionName Election, Epoch Epoch, HolderId Holder, TimeSpan Ttl)
{
    /// <summary>The host of the holder; for display.</summary>
    public string Host { get; init; } = "";

    /// <summary>The process id of the holder on its host; for display.</summary>
    public int Pid { get; init; }

    /// <summary>
    /// The id of the store that handed the epoch out; the fence accepts epochs of one lease store only.
    /// </summary>
    public string LeaseStoreId { get; init; } = "";

    /// <summary>How often the lease has been renewed in this term.</summary>
    public long Renewals { get; init; }

    /// <summary>The holder's witness file; null where it keeps none.</summary>
    public FileIdentity? Witness { get; init; }

    /// <summary>When the term began, by the wall clock of its holder; for display.</summary>
    public DateTimeOffset BeganAt { get; init; }

    /// <summary>When the term was recorded as ended; null while it lasts.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What ended the term; null while it lasts.</summary>
    public TermEnd? EndedBy { get; init; }
}
