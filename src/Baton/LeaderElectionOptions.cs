namespace Baton;

/// <summary>
/// Who stands, where, and how patiently. Refuses any order of timers that would break a promise.
/// </summary>
public sealed record LeaderElectionOptions
{
    /// <summary>The scope; default <c>main</c>.</summary>
    public ElectionName Election { get; init; } = ElectionName.Main;

    /// <summary>This process life.</summary>
    public required Candidate Candidate { get; init; }

    /// <summary>
    /// How long a lease lives without a renewal; default 6 s, at least what the store can honour.
    /// </summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How often to renew; default ttl / 6.</summary>
    public TimeSpan? RenewEvery { get; init; }

    /// <summary>How long one request may take; default ttl / 6.</summary>
    public TimeSpan? AttemptTimeout { get; init; }

    /// <summary>
    /// How much earlier than the lease trust ends; default the larger of ttl / 10 and 50 ms.
    /// </summary>
    public TimeSpan? Margin { get; init; }

    /// <summary>
    /// How long the leader's work may take to come back when it resigns; default 30 s, at most 24 h. Then the
    /// lease
    /// runs out.
    /// </summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Remembers epochs outside the store; default a <see cref="VolatileMark"/>.</summary>
    public HighWaterMark Mark { get; init; } = new VolatileMark();

    /// <summary>
    /// Where the host's witnesses lie; null where there are none, then only time and a supervisor prove
    /// death.
    /// </summary>
    public WitnessFolder? Witnesses { get; init; }

    /// <summary>This candidate's own witness; restored at each renewal if its file was removed.</summary>
    public Witness? Witness { get; init; }

    /// <summary>The clock; default <see cref="BootClock"/>.</summary>
    public TimeProvider Clock { get; init; } = BootClock.Instance;

    /// <summary>
    /// Which clock that is; default this host's. A test's clock is <see cref="ClockDomain.Unknown"/> or a
    /// name of its own.
    /// </summary>
    public ClockDomain ClockDomain { get; init; } = ClockDomain.Current;

    /// <summary>Told of each event, on the election's own thread; must not block.</summary>
    public Action<ElectionEvent>? Observer { get; init; }

    /// <summary>Checks the timers against each other and against what a store can honour, as an election does.</summary>
    /// <exception cref="ArgumentException">An unsafe order; the message names the rule.</exception>
    public void Check(LeaseStoreTraits traits)
    {
        ArgumentNullException.ThrowIfNull(traits);
        _ = Settle(traits);
    }

    /// <summary>Checks the timers against each other and the store, and settles the defaults.</summary>
    /// <exception cref="ArgumentException">An unsafe order; the message names the rule.</exception>
    internal ElectionTimers Settle(LeaseStoreTraits traits)
    {
        Require(Ttl >= traits.MinimumTtl,
            $"a ttl of {Text(Ttl)} is below the {Text(traits.MinimumTtl)} that a {traits.Name} store can honour");
        Require(traits.TtlUnit == TimeSpan.Zero || Ttl.Ticks % traits.TtlUnit.Ticks == 0,
            $"a ttl of {Text(Ttl)} is no whole number of {Text(traits.TtlUnit)}, which is all that a {traits.Name} store counts");
        Require(Ttl <= TimeSpan.FromHours(24),
            $"a ttl of {Text(Ttl)} is above 24 h: a frozen leader would block that long");
        var margin = Margin ?? TimeSpan.FromMilliseconds(Math.Max(Ttl.TotalMilliseconds / 10, 50));
        var renewEvery = RenewEvery ?? Ttl / 6;
        var timeout = AttemptTimeout ?? Ttl / 6;
        Require(renewEvery > TimeSpan.Zero && timeout > TimeSpan.Zero && margin > TimeSpan.Zero,
            "renew interval, attempt timeout and margin must be above zero");
        Require(margin < Ttl / 2, $"a margin of {Text(margin)} leaves less than half of the ttl of {Text(Ttl)}");
        Require((renewEvery * 1.1) + timeout < (Ttl * ElectionTimers.Trust) - margin,
            $"renewing each {Text(renewEvery)} with a timeout of {Text(timeout)} leaves no second try "
            + $"before the deadline of a ttl of {Text(Ttl)}");
        Require(DrainTimeout >= TimeSpan.Zero && DrainTimeout <= TimeSpan.FromHours(24),
            $"a drain timeout of {Text(DrainTimeout)} is not from 0 s to 24 h");
        var pollEvery = traits.IsRemote && Ttl / 6 > traits.PollEvery ? Ttl / 6 : traits.PollEvery;
        return new(Ttl, renewEvery, timeout, margin, pollEvery, DrainTimeout, ClockDomain, Candidate.Holder)
        {
            IsRemote = traits.IsRemote,
        };
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new ArgumentException(message);
        }
    }

    private static string Text(TimeSpan span) =>
        span.TotalMilliseconds % 1000 == 0 ? $"{span.TotalSeconds} s" : $"{span.TotalMilliseconds} ms";
}

/// <summary>The settled timers of one candidate, and what else the pure machine must know of it.</summary>
internal sealed record ElectionTimers(TimeSpan Ttl, TimeSpan RenewEvery, TimeSpan AttemptTimeout, TimeSpan Margin,
    TimeSpan PollEvery, TimeSpan DrainTimeout, ClockDomain Domain, HolderId Self)
{
    /// <summary>Clock rates may differ by 1 %, so trust lasts 0.99 of the ttl at the most.</summary>
    public const double Trust = 0.99;

    /// <summary>More silences than this make no difference.</summary>
    public const int MostDoublings = 10;

    /// <summary>Whether the store is asked over a network, and shared with candidates that nobody counts.</summary>
    public bool IsRemote { get; init; }

    /// <summary>How soon a failed request is repeated.</summary>
    public TimeSpan RetryEvery { get; } = TimeSpan.FromMilliseconds(Math.Clamp(Ttl.TotalMilliseconds / 60, 10, 500));

    /// <summary>Until when a term may be trusted whose request was sent at <paramref name="sent"/>.</summary>
    public Instant Deadline(Instant sent) => sent + (Ttl * Trust) - Margin;

    /// <summary>From when on no new outside effect should begin.</summary>
    public Instant AtRisk(Instant sent) => sent + (Ttl / 2);

    /// <summary>The renewal interval with a jitter of 10 % either way.</summary>
    public TimeSpan Jittered(long number) => RenewEvery * (0.9 + (0.2 * Share((ulong)number + (ulong)Self.Value.Length)));

    /// <summary>
    /// How long a follower waits after so many silences in a row: twice as long after each, a ttl at the most, less up to
    /// a half by chance, so that a crowd that stifles a server lets it breathe.
    /// </summary>
    public TimeSpan PauseAfter(int silences, long number)
    {
        var pause = RetryEvery * (1 << Math.Min(silences, MostDoublings));
        return (pause < Ttl ? pause : Ttl) * (0.5 + (0.5 * Share((ulong)number + SelfHash())));
    }

    private ulong SelfHash()
    {
        // FNV-1a (Fowler, Noll, Vo): the same in every run, another for each candidate.
        var hash = 0xCBF29CE484222325UL;
        foreach (var letter in Self.Value)
        {
            hash = (hash ^ letter) * 0x100000001B3UL;
        }

        return hash;
    }

    /// <summary>
    /// From 0 to 1, drawn from a number so that the machine stays pure and two runs agree (a mix after Steele et al.,
    /// SplitMix64).
    /// </summary>
    private static double Share(ulong number)
    {
        var mix = number + 0x9E3779B97F4A7C15UL;
        mix = (mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9UL;
        mix = (mix ^ (mix >> 27)) * 0x94D049BB133111EBUL;
        return (mix >> 40) / (double)(1 << 24);
    }
}
