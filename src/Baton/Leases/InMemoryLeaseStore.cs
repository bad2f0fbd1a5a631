using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Baton;

/// <summary>
/// Leases in this process's memory: for tests, samples and simulations. Every verb completes on the calling
/// thread.
/// </summary>
public sealed class InMemoryLeaseStore : ILeaseStore
{
    private readonly TimeProvider _clock;
    private readonly ClockDomain _domain;
    private readonly Lock _gate = new();
    private readonly Dictionary<ElectionName, LeaseView> _leases = [];
    private readonly Dictionary<ElectionName, List<Term>> _terms = [];
    private readonly HashSet<(ElectionName, HolderId)> _revoked = [];
    private readonly List<Channel<LeaseView>> _watchers = [];

    /// <summary>An empty store on a clock.</summary>
    /// <param name="clock">The clock of the rows; default <see cref="BootClock"/>.</param>
    /// <param name="domain">
    /// Which clock that is; <see cref="ClockDomain.Unknown"/> makes followers wait a lease out.
    /// </param>
    public InMemoryLeaseStore(TimeProvider? clock = null, ClockDomain? domain = null)
    {
        _clock = clock ?? BootClock.Instance;
        _domain = domain ?? ClockDomain.Current;
    }

    /// <inheritdoc/>
    public LeaseStoreTraits Traits { get; } =
        new("memory", TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(10), Pushes: true);

    /// <inheritdoc/>
    public ValueTask<AcquireAnswer> TryAcquireAsync(Candidacy candidacy, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(candidacy);
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_revoked.Contains((candidacy.Election, candidacy.Candidate.Holder)))
            {
                return new(new AcquireAnswer.Revoked());
            }

            var view = View(candidacy.Election);
            if (view.Holder?.Holder == candidacy.Candidate.Holder && view.Nonce == candidacy.Nonce)
            {
                return new(new AcquireAnswer.Acquired(Terms(candidacy.Election)[^1], view.Epoch));
            }

            if (view.Epoch != candidacy.Seen.Epoch || view.Renewals != candidacy.Seen.Renewals
                || !candidacy.Seen.Standing.IsVacant()
                || (view.Holder is not null && candidacy.Seen.Standing is LeaseStanding.Released or LeaseStanding.None))
            {
                return new(new AcquireAnswer.Held(view));
            }

            return new(Begin(candidacy, view));
        }
    }

    /// <inheritdoc/>
    public ValueTask<RenewAnswer> RenewAsync(Term term, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var view = View(term.Election);
            if (view.Epoch != term.Epoch || view.Holder?.Holder != term.Holder)
            {
                return new(new RenewAnswer.NotYours(view));
            }

            Put(view with
            {
                Renewals = view.Renewals + 1,
                RenewedAt = _clock.GetUtcNow(),
                Expiry = new(_domain, Instant.Of(_clock) + view.Ttl),
                Holder = view.Holder with { Witness = term.Witness },
            });
            return new(new RenewAnswer.Renewed(term with { Renewals = view.Renewals + 1 }));
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> ReleaseAsync(Term term, TermEnd reason, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(term);
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var view = View(term.Election);
            return new(view.Epoch == term.Epoch && view.Holder?.Holder == term.Holder
                ? End(view, reason)
                : new ReleaseAnswer.NotYours(view));
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReleaseAnswer> RevokeAsync(ElectionName election, HolderId holder, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            _revoked.Add((election, holder));
            var view = View(election);
            return new(view.Holder?.Holder == holder ? End(view, TermEnd.Died) : new ReleaseAnswer.NotYours(view));
        }
    }

    /// <inheritdoc/>
    public ValueTask<LeaseView> ReadAsync(ElectionName election, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            return new(View(election));
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Term> TermsAsync(
        ElectionName election, Epoch after, [EnumeratorCancellation] CancellationToken cancel)
    {
        Term[] terms;
        lock (_gate)
        {
            terms = [.. Terms(election).Where(term => term.Epoch > after)];
        }

        foreach (var term in terms)
        {
            cancel.ThrowIfCancellationRequested();
            yield return term;
        }

        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseView> WatchAsync(
        ElectionName election, [EnumeratorCancellation] CancellationToken cancel)
    {
        var channel = Channel.CreateUnbounded<LeaseView>();
        lock (_gate)
        {
            _watchers.Add(channel);
            channel.Writer.TryWrite(View(election));
        }

        try
        {
            await foreach (var view in channel.Reader.ReadAllAsync(cancel))
            {
                if (view.Election == election)
                {
                    yield return view;
                }
            }
        }
        finally
        {
            lock (_gate)
            {
                _watchers.Remove(channel);
            }
        }
    }

    /// <summary>A store that stands as this one does now: the backup of a simulated restore.</summary>
    internal InMemoryLeaseStore Copy()
    {
        var copy = new InMemoryLeaseStore(_clock, _domain);
        lock (_gate)
        {
            foreach (var (election, view) in _leases)
            {
                copy._leases[election] = view;
            }

            foreach (var (election, terms) in _terms)
            {
                copy._terms[election] = [.. terms];
            }

            copy._revoked.UnionWith(_revoked);
        }

        return copy;
    }

    private LeaseView View(ElectionName election) => _leases.GetValueOrDefault(election, LeaseView.Never(election));

    private List<Term> Terms(ElectionName election)
    {
        if (!_terms.TryGetValue(election, out var terms))
        {
            _terms[election] = terms = [];
        }

        return terms;
    }

    private void Put(LeaseView view)
    {
        _leases[view.Election] = view;
        foreach (var watcher in _watchers)
        {
            watcher.Writer.TryWrite(view);
        }
    }

    private AcquireAnswer.Acquired Begin(Candidacy candidacy, LeaseView view)
    {
        var now = _clock.GetUtcNow();
        CloseLast(candidacy.Election, now, LeaseRules.EndOf(candidacy.Seen.Standing));
        var term = new Term(candidacy.Election, Epoch.Max(view.Epoch, candidacy.Floor).Next,
            candidacy.Candidate.Holder, candidacy.Ttl)
        {
            Host = candidacy.Candidate.Host,
            Pid = candidacy.Candidate.Pid,
            Witness = candidacy.Candidate.Witness,
            BeganAt = now,
        };
        Terms(candidacy.Election).Add(term);
        Put(new(candidacy.Election, term.Epoch)
        {
            Holder = candidacy.Candidate,
            Nonce = candidacy.Nonce,
            Ttl = candidacy.Ttl,
            BeganAt = now,
            RenewedAt = now,
            Expiry = new(_domain, Instant.Of(_clock) + candidacy.Ttl),
        });
        return new(term, view.Epoch);
    }

    private ReleaseAnswer.Released End(LeaseView view, TermEnd reason)
    {
        CloseLast(view.Election, _clock.GetUtcNow(), reason);
        Put(view with { Holder = null, Expiry = null, EndedBy = reason });
        return new(view.Epoch);
    }

    private void CloseLast(ElectionName election, DateTimeOffset now, TermEnd? reason)
    {
        if (reason is not null && Terms(election) is [.., { EndedBy: null } last] terms)
        {
            terms[^1] = last with { EndedAt = now, EndedBy = reason };
        }
    }
}
