namespace Baton;

/// <summary>
/// Until when a lease runs, on one boot clock. It says something only in the same <see cref="ClockDomain"/>.
/// </summary>
public readonly record struct LeaseExpiry(ClockDomain Domain, Instant At);

/// <summary>Who stands for election: one process life and where it runs.</summary>
/// <param name="Holder">The id of this process life.</param>
public sealed record Candidate(HolderId Holder)
{
    /// <summary>The host's name; for display.</summary>
    public string Host { get; init; } = "";

    /// <summary>The process id on that host; 0 where unknown.</summary>
    public int Pid { get; init; }

    /// <summary>
    /// When the process started, in the kernel's own ticks; with <see cref="Pid"/> it names a process for
    /// good.
    /// </summary>
    public long ProcessStart { get; init; }

    /// <summary>The candidate's witness file; null where it keeps none.</summary>
    public FileIdentity? Witness { get; init; }
}

/// <summary>
/// The lease row as it was read. Whether its holder leads is computed from it (<see cref="LeaseRules"/>),
/// never stored.
/// </summary>
/// <param name="Election">The scope.</param>
/// <param name="Epoch">The highest epoch handed out; it stays when the lease is released.</param>
public sealed record LeaseView(ElectionName Election, Epoch Epoch)
{
    /// <summary>Who holds the lease; null once it was given back, or before the first term.</summary>
    public Candidate? Holder { get; init; }

    /// <summary>
    /// Counts the renewals of this epoch. (epoch, renewals) standing still is how a follower sees silence.
    /// </summary>
    public long Renewals { get; init; }

    /// <summary>The number of the holder's own attempt that won; by it a lost answer is recognised.</summary>
    public long Nonce { get; init; }

    /// <summary>The ttl of the term.</summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>When the term began (wall clock, display).</summary>
    public DateTimeOffset? BeganAt { get; init; }

    /// <summary>When it was last renewed (wall clock, display).</summary>
    public DateTimeOffset? RenewedAt { get; init; }

    /// <summary>
    /// How long before this reading it was last renewed, by the store's own clock, which needs no host's clock to be
    /// right (display). Null where the store keeps none.
    /// </summary>
    public TimeSpan? SilentFor { get; init; }

    /// <summary>
    /// When the lease runs out on the host's boot clock; null on stores whose hosts share no clock.
    /// </summary>
    public LeaseExpiry? Expiry { get; init; }

    /// <summary>
    /// Whether the store itself let the lease run out, by a clock of its own. False (default) where it leaves that to
    /// whoever reads.
    /// </summary>
    public bool HasRunOut { get; init; }

    /// <summary>The id of the store that keeps the lease, as it stands in its terms.</summary>
    public string LeaseStoreId { get; init; } = "";

    /// <summary>
    /// What epochs go on above, though no leader of this store ever had it: an import brought it. A high-water mark of
    /// the same height tells of no loss then. <see cref="Epoch.None"/> where the store does not say.
    /// </summary>
    public Epoch Adopted { get; init; }

    /// <summary>What ended the last term, once the lease was given back.</summary>
    public TermEnd? EndedBy { get; init; }

    /// <summary>The view of an election that never had a leader.</summary>
    public static LeaseView Never(ElectionName election) => new(election, Epoch.None);

    /// <summary>
    /// Whether two views show the same renewal of the same term. By the attempt that won it a term differs from one of
    /// the same number that the same holder had before the row was lost.
    /// </summary>
    public bool StandsAs(LeaseView? other) => other is not null && Epoch == other.Epoch
        && Renewals == other.Renewals && Holder?.Holder == other.Holder?.Holder && Nonce == other.Nonce;
}
