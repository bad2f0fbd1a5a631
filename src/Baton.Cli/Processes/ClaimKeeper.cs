using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Extends a claim while a command lives, on a thread of its own. When the claim is lost, or could not be
/// extended for its whole ttl, it ends the command's tree: two attempts must not work side by side.
/// </summary>
internal sealed class ClaimKeeper : IDisposable
{
    // The surface promises 3 s for a ttl of 15 s.
    private const int BeatsPerTtl = 5;

    private readonly IWorkStore _work;
    private readonly Claim _claim;
    private readonly TimeSpan _ttl;
    private readonly TimeSpan _grace;
    private readonly TimeProvider _clock;
    private readonly Action<DurableTask> _seen;
    private readonly Lock _gate = new();
    private readonly Beat _beat;
    private ChildProcess? _child;
    private string? _lost;
    private Instant _until;

    /// <summary>Begins to keep a claim.</summary>
    /// <param name="work">The work store.</param>
    /// <param name="claim">The claim.</param>
    /// <param name="claimedAt">When the request that was granted was sent.</param>
    /// <param name="ttl">How long a claim lives.</param>
    /// <param name="grace">How long a command may take to end.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="seen">Told of the task at each extension.</param>
    public ClaimKeeper(IWorkStore work, Claim claim, Instant claimedAt, TimeSpan ttl, TimeSpan grace,
        TimeProvider clock, Action<DurableTask> seen)
    {
        _seen = seen;
        _work = work;
        _claim = claim;
        _ttl = ttl;
        _grace = grace;
        _clock = clock;
        _until = claimedAt + ttl;
        _beat = new("baton-claim", ttl / BeatsPerTtl, Extend);
    }

    /// <summary>Why the claim is lost; null while it is held.</summary>
    public string? Lost
    {
        get
        {
            lock (_gate)
            {
                return _lost;
            }
        }
    }

    /// <summary>Until when the claim surely lives.</summary>
    public Instant Until => _until;

    /// <summary>Names the command that is ended with the claim; at once where that is lost already.</summary>
    public void Guard(ChildProcess? child)
    {
        lock (_gate)
        {
            _child = child;
            if (_lost is null)
            {
                return;
            }
        }

        child?.EndTree(_grace);
    }

    /// <summary>
    /// Stops extending; returns once an extension under way is answered, and a lost claim's tree ended.
    /// </summary>
    public void Dispose() => _beat.Dispose();

    private bool Extend()
    {
        var sentAt = Instant.Of(_clock);
        try
        {
            // The embedded store completes on this thread; a remote one is waited for here, off the pool.
            switch (_work.ExtendAsync(_claim, null, CancellationToken.None).AsTask().GetAwaiter().GetResult())
            {
                case ClaimAnswer.Granted granted:
                    _until = sentAt + _ttl;
                    _seen(granted.Task);
                    return true;
                case ClaimAnswer.Refused refused:
                    return Lose(refused.Refusal.Message);
                default:
                    return Lose("the store knows nothing of the claim");
            }
        }
        catch (StoreUnavailableException e)
        {
            return Instant.Of(_clock) < _until
                || Lose($"it could not be extended for {_ttl.TotalSeconds:0.###} s: {e.Message}");
        }
    }

    private bool Lose(string reason)
    {
        ChildProcess? child;
        lock (_gate)
        {
            _lost = reason;
            child = _child;
        }

        child?.EndTree(_grace);
        return false;
    }
}
