namespace Baton;

/// <summary>
/// What the winner of an election holds: its epoch, and for how long it may be trusted. Ended is ended: a
/// leadership that is not valid any more never becomes so again.
/// </summary>
#pragma warning disable CA1001 // The source has no timer and no linked token: there is nothing to dispose of.
public sealed class Leadership
#pragma warning restore CA1001
{
    // Stands in for the deadline once it is over, so that the end and an extension exclude each other in one
    // word.
    private const long Ended = long.MinValue;

    private readonly TimeProvider _clock;
    private readonly Action<ElectionInput> _post;
    private readonly CancellationTokenSource _lost = new();
    private long _trustedUntil;
    private long _atRiskFrom;
    private int _reason = -1;

    internal Leadership(Term term, Epoch knownBefore, Instant trustedUntil, Instant atRiskFrom,
        TimeProvider clock, Action<ElectionInput> post)
    {
        Term = term;
        KnownBefore = knownBefore;
        _trustedUntil = trustedUntil.Nanoseconds;
        _atRiskFrom = atRiskFrom.Nanoseconds;
        _clock = clock;
        _post = post;
    }

    /// <summary>The term as it began.</summary>
    public Term Term { get; }

    /// <summary>The fencing token: pass it with every write that only a leader may do.</summary>
    public Epoch Epoch => Term.Epoch;

    /// <summary>
    /// The highest epoch that the lease store knew before this term; below the mark means that it was rolled
    /// back.
    /// </summary>
    public Epoch KnownBefore { get; }

    /// <summary>
    /// Whether this process may act as the leader now. Reads the clock at every call: a process that was
    /// frozen
    /// sees false on its first look.
    /// </summary>
    public bool IsValid
    {
        get
        {
            while (Volatile.Read(ref _trustedUntil) is var until and not Ended)
            {
                if (Instant.Of(_clock).Nanoseconds < until)
                {
                    return true;
                }

                // Who has once seen the end must not see it undone by an extension that comes late.
                if (Interlocked.CompareExchange(ref _trustedUntil, Ended, until) == until)
                {
                    return false;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Whether half the ttl has passed without a renewal: finish what runs, begin nothing new outside.
    /// </summary>
    public bool IsAtRisk => !IsValid || Instant.Of(_clock).Nanoseconds >= Volatile.Read(ref _atRiskFrom);

    /// <summary>Cancelled when the leadership ends. Its callbacks must be quick.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Why it ended; null while it lasts.</summary>
    public LossReason? LossReason => Volatile.Read(ref _reason) is var reason and >= 0 ? (LossReason)reason : null;

    internal Instant TrustedUntil => new(Volatile.Read(ref _trustedUntil));

    /// <summary>
    /// Asks to hand over: the token is cancelled, and the lease given back once the work has returned.
    /// </summary>
    public void Resign() => _post(new ElectionInput.Resign());

    /// <summary>Reports that a write of this leadership met a higher fence; the term ends at once.</summary>
    public void ReportFenced(FencedException refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        Withdraw(Baton.LossReason.Fenced);
        _post(new ElectionInput.Fenced(Epoch, refusal.Fence));
    }

    /// <summary>Trusts it longer; false when it is over.</summary>
    internal bool Extend(Instant trustedUntil, Instant atRiskFrom)
    {
        while (IsValid)
        {
            var until = Volatile.Read(ref _trustedUntil);
            if (until != Ended
                && Interlocked.CompareExchange(ref _trustedUntil, trustedUntil.Nanoseconds, until) == until)
            {
                Volatile.Write(ref _atRiskFrom, atRiskFrom.Nanoseconds);
                return true;
            }
        }

        return false;
    }

    /// <summary>Ends it; false when something else had ended it already.</summary>
    internal bool Withdraw(LossReason reason)
    {
        Volatile.Write(ref _trustedUntil, Ended);
        if (Interlocked.CompareExchange(ref _reason, (int)reason, -1) >= 0)
        {
            return false;
        }

        _lost.Cancel();
        return true;
    }
}
