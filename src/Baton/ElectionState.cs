using System.Collections.Immutable;

namespace Baton;

/// <summary>Where a candidate stands.</summary>
internal enum ElectionPhase
{
    /// <summary>Watches the lease and campaigns when it is vacant.</summary>
    Following,

    /// <summary>Won; the high-water mark is not raised yet, so nobody has been told.</summary>
    Claiming,

    /// <summary>Leads.</summary>
    Leading,

    /// <summary>Leads no more by choice: renews until the work is back, then releases.</summary>
    Draining,

    /// <summary>Lost the lease; waits for the work to come back.</summary>
    Withdrawn,

    /// <summary>Over.</summary>
    Stopped,
}

/// <summary>What a request to the store is for.</summary>
internal enum AttemptKind
{
    Look,
    Acquire,
    Renew,
    Release,
}

/// <summary>The request that is under way. A candidate has at most one.</summary>
internal sealed record Attempt(AttemptKind Kind, long Number, Instant SentAt, bool Cancelled = false);

/// <summary>An acquire whose answer never came: trust in it counts from the first request.</summary>
internal sealed record Unsettled(long Nonce, Instant SentAt);

/// <summary>What kind of request fails, and why (<see cref="StoreFault"/>).</summary>
internal sealed record Failing(AttemptKind Kind, string Code);

/// <summary>
/// All that a candidate knows. Immutable; changed only by <see cref="ElectionMachine.Step"/>.
/// </summary>
internal sealed record ElectionState
{
    public ElectionPhase Phase { get; init; }

    /// <summary>The lease as last read, and since when it has stood so on the own clock.</summary>
    public LeaseView? Seen { get; init; }

    public Instant SeenSince { get; init; }

    /// <summary>What was last told of the lease, so that a change is told once.</summary>
    public LeaseStanding? ToldStanding { get; init; }

    public HolderId? ToldHolder { get; init; }

    public Epoch ToldEpoch { get; init; }

    /// <summary>The next request may be sent from here on.</summary>
    public Instant NextAt { get; init; }

    /// <summary>No campaign before this instant.</summary>
    public Instant CampaignFrom { get; init; }

    public Attempt? InFlight { get; init; }

    /// <summary>Whether a hint came while a look was under way, which may have been too early to see what it speaks of.</summary>
    public bool LooksAgain { get; init; }

    public long Attempts { get; init; }

    /// <summary>How many looks and campaigns in a row a remote store left unanswered for their whole time.</summary>
    public int Silences { get; init; }

    public Unsettled? Unsettled { get; init; }

    public Term? Term { get; init; }

    public Epoch KnownBefore { get; init; }

    /// <summary>When the request was sent whose acknowledgement is the ground of the present trust.</summary>
    public Instant TrustFrom { get; init; }

    public TermEnd Leaving { get; init; }

    public Instant DrainUntil { get; init; }

    public bool Stopping { get; init; }

    /// <summary>Whether the leader's work has been started and has not come back.</summary>
    public bool WorkIsOut { get; init; }

    public bool ToldAtRisk { get; init; }

    public Instant WithdrawnAt { get; init; }

    public bool ToldOverstayed { get; init; }

    /// <summary>
    /// The failing that was told; the same is told again only after a request of its kind was answered.
    /// </summary>
    public Failing? ToldFailing { get; init; }

    public static ElectionState Begin(Instant now) => new() { NextAt = now, CampaignFrom = now };
}

/// <summary>What happened.</summary>
internal abstract record ElectionInput
{
    /// <summary>Time has passed.</summary>
    public sealed record Tick : ElectionInput;

    /// <summary>The store hints that the lease changed, and how it saw it.</summary>
    public sealed record Hint(LeaseView View) : ElectionInput;

    /// <summary>A witness of this host hints that what its life held is free, or that it died.</summary>
    public sealed record Beckoned(HolderId Holder) : ElectionInput;

    /// <summary>
    /// The lease was read, and its holder's witness looked at; <paramref name="Mark"/> where it was asked for.
    /// </summary>
    public sealed record Saw(long Attempt, LeaseView View, bool ProvablyDead, Epoch Mark = default) : ElectionInput;

    public sealed record AcquireAnswered(long Attempt, AcquireAnswer Answer) : ElectionInput;

    public sealed record RenewAnswered(long Attempt, RenewAnswer Answer) : ElectionInput;

    public sealed record ReleaseAnswered(long Attempt, ReleaseAnswer Answer) : ElectionInput;

    /// <summary>The request brought no answer; it may have happened all the same.</summary>
    public sealed record AttemptFailed(long Attempt, string Code, string Message, bool StoreLost) : ElectionInput;

    public sealed record MarkRaised : ElectionInput;

    public sealed record MarkFailed(string Message) : ElectionInput;

    /// <summary>The leader's work has come back.</summary>
    public sealed record WorkReturned : ElectionInput;

    /// <summary>Hand over, and stand back for one ttl.</summary>
    public sealed record Resign : ElectionInput;

    /// <summary>End for good.</summary>
    public sealed record Stop : ElectionInput;

    /// <summary>A leader's write met a higher fence.</summary>
    public sealed record Fenced(Epoch Attempted, Epoch Fence) : ElectionInput;

    /// <summary>The watch over the deadline ended the leadership of this epoch.</summary>
    public sealed record TrustEnded(Epoch Epoch) : ElectionInput;

    /// <summary>Stand back no longer.</summary>
    public sealed record Campaign : ElectionInput;
}

/// <summary>What is to be done.</summary>
internal abstract record ElectionEffect
{
    /// <summary>Read the lease; the mark too, where nothing was seen yet.</summary>
    public sealed record Look(long Attempt, bool AsksMark = false) : ElectionEffect;

    public sealed record Acquire(long Attempt, Sighting Seen) : ElectionEffect;

    public sealed record Renew(long Attempt, Term Term) : ElectionEffect;

    public sealed record Release(long Attempt, Term Term, TermEnd Reason) : ElectionEffect;

    /// <summary>Give up waiting for the request under way.</summary>
    public sealed record CancelAttempt : ElectionEffect;

    /// <summary>Raise the mark; when <paramref name="Reports"/> is set, say how it went.</summary>
    public sealed record RaiseMark(Epoch Epoch, bool Reports) : ElectionEffect;

    /// <summary>Leadership begins.</summary>
    public sealed record Grant(Term Term, Epoch KnownBefore, Instant TrustedUntil, Instant AtRiskFrom) : ElectionEffect;

    /// <summary>Trust lasts longer.</summary>
    public sealed record Extend(Instant TrustedUntil, Instant AtRiskFrom) : ElectionEffect;

    /// <summary>Leadership ends; cancel its token.</summary>
    public sealed record Withdraw(LossReason Reason) : ElectionEffect;

    public sealed record Tell(ElectionEvent Event) : ElectionEffect;

    /// <summary>The election is over.</summary>
    public sealed record Finish : ElectionEffect;
}

/// <summary>A state and what is to be done to be in it.</summary>
internal readonly record struct ElectionStep(ElectionState State, ImmutableArray<ElectionEffect> Effects);
