using static Baton.Validation.OperationKind;

namespace Baton.Validation;

/// <summary>A lease store that records what is asked of it.</summary>
/// <param name="inner">The store.</param>
/// <param name="recorder">Takes the operations.</param>
public sealed class RecordedLeases(ILeaseStore inner, Recorder recorder) : ILeaseStore
{
    /// <inheritdoc/>
    public LeaseStoreTraits Traits => inner.Traits;

    /// <inheritdoc/>
    public ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(candidacy);
        return recorder.RecordAsync(
            Asked(candidacy.Candidate.Holder, Acquire) with
            {
                Ttl = candidacy.Ttl,
                Note = $"saw epoch {candidacy.Seen.Epoch} {candidacy.Seen.Standing}",
            },
            () => inner.TryAcquireAsync(candidacy, cancel),
            (asked, answer) => [answer is AcquireAnswer.Acquired acquired
                ? asked with { Epoch = acquired.Term.Epoch, Until = asked.Ended + candidacy.Ttl }
                : asked with { Outcome = Outcome.Refused }]);
    }

    /// <inheritdoc/>
    public ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        return recorder.RecordAsync(
            Asked(term.Holder, Renew) with { Epoch = term.Epoch, Ttl = term.Ttl },
            () => inner.RenewAsync(term, cancel),
            (asked, answer) => [answer is RenewAnswer.Renewed
                ? asked with { Until = asked.Ended + term.Ttl }
                : asked with { Outcome = Outcome.Refused }]);
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        return recorder.RecordAsync(
            Asked(term.Holder, Release) with { Epoch = term.Epoch },
            () => inner.ReleaseAsync(term, reason, cancel),
            (asked, answer) => [answer is ReleaseAnswer.Released ? asked : asked with { Outcome = Outcome.Refused }]);
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel) =>
        recorder.RecordAsync(
            Asked(holder, Revoke) with { Who = "supervisor", Subject = holder.Value },
            () => inner.RevokeAsync(election, holder, cancel),
            (asked, answer) => [answer is ReleaseAnswer.Released released
                ? asked with { Epoch = released.Epoch }
                : asked with { Outcome = Outcome.Refused }]);

    /// <inheritdoc/>
    public ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel) =>
        inner.ReadAsync(election, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<Term> TermsAsync(ElectionName election, Epoch after, CancellationToken cancel) =>
        inner.TermsAsync(election, after, cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<LeaseView> WatchAsync(ElectionName election, CancellationToken cancel) =>
        inner.WatchAsync(election, cancel);

    private static Operation Asked(HolderId who, OperationKind kind) => new(who.Value, kind, default, Outcome.Ok);
}
