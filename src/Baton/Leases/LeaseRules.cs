namespace Baton;

/// <summary>What a lease is worth at one instant, as one observer sees it.</summary>
public enum LeaseStanding
{
    /// <summary>Nobody ever led.</summary>
    None,

    /// <summary>Held, as far as one can know.</summary>
    Held,

    /// <summary>Given back or revoked.</summary>
    Released,

    /// <summary>Time is left, but the holder's process is proven dead.</summary>
    Died,

    /// <summary>Silent for longer than its ttl.</summary>
    RanOut,
}

/// <summary>The pure rules by which a follower may take over and a face may say "leading".</summary>
public static class LeaseRules
{
    /// <summary>
    /// A silent lease of another clock is waited out for its ttl and this much more, because clock rates may
    /// differ by 1 %.
    /// </summary>
    public const double RateSlack = 1.01;

    // Clocks that are kept right differ by less.
    private static readonly TimeSpan MostAhead = TimeSpan.FromSeconds(1);

    /// <summary>Judges a view.</summary>
    /// <param name="view">The row as read.</param>
    /// <param name="here">The observer's own clock domain.</param>
    /// <param name="now">The observer's boot clock.</param>
    /// <param name="stoodSince">Since when, at the latest, the observer has seen this very renewal.</param>
    /// <param name="provablyDead">Whether the holder's witness proves its death.</param>
    public static LeaseStanding Judge(
        LeaseView view, ClockDomain here, Instant now, Instant stoodSince, bool provablyDead)
    {
        if (view.Holder is null)
        {
            return view.Epoch == Epoch.None ? LeaseStanding.None : LeaseStanding.Released;
        }

        if (provablyDead)
        {
            return LeaseStanding.Died;
        }

        if (view.HasRunOut || (view.Expiry is { } expiry && expiry.Domain.Knows(here) && now >= expiry.At))
        {
            return LeaseStanding.RanOut;
        }

        return now - stoodSince >= view.Ttl * RateSlack ? LeaseStanding.RanOut : LeaseStanding.Held;
    }

    /// <summary>
    /// What is left of a ttl at one look at a row of another clock. For display alone: a follower waits out the whole
    /// ttl by its own clock.
    /// </summary>
    /// <param name="ttl">How long the row may be silent.</param>
    /// <param name="silentFor">The silence by the store's own clock; null where it keeps none.</param>
    /// <param name="seenAt">The last sign of life by the wall clock of whoever gave it.</param>
    /// <param name="utcNow">The observer's wall clock.</param>
    public static TimeSpan LeftAtOneLook(
        TimeSpan ttl, TimeSpan? silentFor, DateTimeOffset seenAt, DateTimeOffset utcNow)
    {
        var silent = silentFor ?? utcNow - seenAt;
        // A sign of life from the time to come: a clock was set back, and nothing is known until the next one.
        return silent < -MostAhead ? TimeSpan.Zero : ttl - (silent > TimeSpan.Zero ? silent : TimeSpan.Zero);
    }

    /// <summary>Whether a follower may take over a lease of this standing.</summary>
    public static bool IsVacant(this LeaseStanding standing) => standing != LeaseStanding.Held;

    /// <summary>What the next term records as the end of the one it follows.</summary>
    public static TermEnd? EndOf(LeaseStanding standing) => standing switch
    {
        LeaseStanding.Died => TermEnd.Died,
        LeaseStanding.RanOut => TermEnd.Expired,
        LeaseStanding.Held or LeaseStanding.Released or LeaseStanding.None => null,
        _ => throw new ArgumentOutOfRangeException(nameof(standing)),
    };
}
