namespace Baton;

/// <summary>What the election must know of a kind of store.</summary>
/// <param name="Name">The kind as faces show it: <c>sqlite</c>, <c>postgres</c>, <c>etcd</c>, <c>memory</c>.</param>
/// <param name="MinimumTtl">The shortest ttl the store can honour.</param>
/// <param name="PollEvery">How often a follower looks at the lease.</param>
/// <param name="Pushes">Whether <see cref="ILeaseStore.WatchAsync"/> tells sooner than the poll does.</param>
public sealed record LeaseStoreTraits(string Name, TimeSpan MinimumTtl, TimeSpan PollEvery, bool Pushes)
{
    /// <summary>
    /// Whether a look costs a round trip to a server: then a follower looks each ttl / 6, but no more often than
    /// <see cref="PollEvery"/>. Default false.
    /// </summary>
    public bool IsRemote { get; init; }

    /// <summary>A ttl is a whole number of these; zero (default) where any will do.</summary>
    public TimeSpan TtlUnit { get; init; }
}

/// <summary>
/// Keeps one lease per election and hands out its epochs. Every verb is one atomic conditional step, is safe
/// to
/// repeat, and answers with a value; it throws <see cref="StoreUnavailableException"/> only when the store
/// itself fails, and <see cref="OperationCanceledException"/> when cancelled (the step may have happened).
/// </summary>
public interface ILeaseStore
{
    /// <summary>What kind of store this is.</summary>
    LeaseStoreTraits Traits { get; }

    /// <summary>
    /// Begins a new term if the row still stands as <see cref="Candidacy.Seen"/> says: the epoch becomes
    /// max(row, fence if known, floors) + 1, the former term is closed with its reason.
    /// </summary>
    ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel);

    /// <summary>
    /// Renews if the row still names this epoch and holder; a repeated renewal counts once more and harms
    /// nothing.
    /// </summary>
    ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel);

    /// <summary>
    /// Gives the lease back if the row still names this epoch and holder. The epoch stays in the row.
    /// </summary>
    ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel);

    /// <summary>
    /// Closes whatever term this process life holds, as <see cref="TermEnd.Died"/>, and refuses its later
    /// acquires.
    /// For whoever saw the process die.
    /// </summary>
    ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel);

    /// <summary>Reads the lease row; <see cref="LeaseView.Never"/> where there is none.</summary>
    ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel);

    /// <summary>The recorded terms with an epoch above <paramref name="after"/>, oldest first.</summary>
    IAsyncEnumerable<Term> TermsAsync(ElectionName election, Epoch after, CancellationToken cancel);

    /// <summary>
    /// The lease as it changes, beginning with the present view. A hint: polling alone must be correct.
    /// </summary>
    IAsyncEnumerable<LeaseView> WatchAsync(ElectionName election, CancellationToken cancel);
}

/// <summary>
/// What a follower saw that lets it take over; the acquire is conditional on the row still standing so.
/// </summary>
public readonly record struct Sighting(Epoch Epoch, long Renewals, LeaseStanding Standing);

/// <summary>An attempt to become the leader.</summary>
/// <param name="Election">The scope.</param>
/// <param name="Candidate">Who wants to lead.</param>
/// <param name="Ttl">The ttl of the new term.</param>
/// <param name="Floor">The new epoch is above this one, whatever the store says.</param>
/// <param name="Nonce">The number of this attempt, unique in the candidate's process life.</param>
/// <param name="Seen">What lets it take over.</param>
public sealed record Candidacy(
    ElectionName Election, Candidate Candidate, TimeSpan Ttl, Epoch Floor, long Nonce, Sighting Seen);

/// <summary>The answer to an acquire.</summary>
public abstract record AcquireAnswer
{
    private AcquireAnswer() { }

    /// <summary>The lease is the candidate's.</summary>
    /// <param name="Term">The new term.</param>
    /// <param name="KnownBefore">
    /// The highest epoch the store itself knew before; below the floor means that it was rolled back.
    /// </param>
    public sealed record Acquired(Term Term, Epoch KnownBefore) : AcquireAnswer;

    /// <summary>Someone else's, or it moved since it was seen.</summary>
    /// <param name="View">The row now.</param>
    public sealed record Held(LeaseView View) : AcquireAnswer;

    /// <summary>This process life was revoked; it can't lead any more.</summary>
    public sealed record Revoked : AcquireAnswer;
}

/// <summary>The answer to a renewal.</summary>
public abstract record RenewAnswer
{
    private RenewAnswer() { }

    /// <summary>Renewed.</summary>
    /// <param name="Term">The term with its new renewal count.</param>
    public sealed record Renewed(Term Term) : RenewAnswer;

    /// <summary>The row names another epoch or holder, or none.</summary>
    /// <param name="View">The row now.</param>
    public sealed record NotYours(LeaseView View) : RenewAnswer;
}

/// <summary>The answer to a release or revoke.</summary>
public abstract record ReleaseAnswer
{
    private ReleaseAnswer() { }

    /// <summary>Given back.</summary>
    /// <param name="Epoch">The epoch that ended.</param>
    public sealed record Released(Epoch Epoch) : ReleaseAnswer;

    /// <summary>There was nothing of this holder's to give back.</summary>
    /// <param name="View">The row now.</param>
    public sealed record NotYours(LeaseView View) : ReleaseAnswer;
}
