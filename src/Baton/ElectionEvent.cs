namespace Baton;

/// <summary>Why a leadership ended.</summary>
public enum LossReason
{
    /// <summary>It is being given back on purpose: stopped, or asked to hand over.</summary>
    Resigned,

    /// <summary>No renewal was acknowledged in time.</summary>
    Expired,

    /// <summary>The store says that someone else leads, or nobody.</summary>
    Replaced,

    /// <summary>A leader's write met a higher fence.</summary>
    Fenced,

    /// <summary>The store was replaced, deleted or damaged.</summary>
    StoreLost,
}

/// <summary>
/// What an election tells whoever observes it. Told on the election's own thread: an observer must not block.
/// </summary>
public abstract record ElectionEvent
{
    private ElectionEvent() { }

    /// <summary>The view of the lease changed for a follower: another leader, or none.</summary>
    public sealed record Following(LeaseView View, LeaseStanding Standing) : ElectionEvent;

    /// <summary>This candidate leads.</summary>
    public sealed record Elected(Term Term, Epoch KnownBefore) : ElectionEvent;

    /// <summary>
    /// From now until then this candidate believes that it leads, unless it is told otherwise sooner; told at the
    /// beginning of a term and with each renewal.
    /// </summary>
    public sealed record Trusted(Term Term, Instant Until) : ElectionEvent;

    /// <summary>Half the ttl passed without an acknowledged renewal: begin no new outside effect.</summary>
    public sealed record AtRisk(Term Term) : ElectionEvent;

    /// <summary>This candidate no longer leads.</summary>
    public sealed record Demoted(Term Term, LossReason Reason) : ElectionEvent;

    /// <summary>The lease was given back.</summary>
    public sealed record Released(Term Term, TermEnd Reason) : ElectionEvent;

    /// <summary>The leader's work has not come back though its leadership is over.</summary>
    public sealed record Overstayed(Term Term) : ElectionEvent;

    /// <summary>
    /// The store refuses or fails; told once, and again when the reason changes, until it answers again.
    /// </summary>
    public sealed record StoreFailing(string Code, string Message) : ElectionEvent;

    /// <summary>The store answers again.</summary>
    public sealed record StoreAnswers : ElectionEvent;

    /// <summary>This process life was revoked and will not campaign again.</summary>
    public sealed record Revoked : ElectionEvent;
}
