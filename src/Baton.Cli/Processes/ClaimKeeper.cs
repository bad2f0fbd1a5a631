using Baton.Work;

namespace Baton.Cli;

/// <summary>
/// Extends a claim while its command lives, on a thread of its own. When the claim is lost, or could not be
/// extended for its whole ttl, it ends the command's tree: two attempts must not work side by side.
/// </summary>
internal sealed class ClaimKeeper : IDisposable
{
    // The surface promises 3 s for a ttl of 15 s.
    private const int BeatsPerTtl = 5;

    private readonly IWorkStore _work;
    private readonly Claim _claim;
    private readonly RunOrder _order;
    private readonly TimeProvider _clock;
    private readonly ChildProcess _child;
    private readonly Action<DurableTask> _seen;
    private readonly Beat _beat;
    private Instant _until;

    /// <summary>Begins to keep a claim.</summary>
    /// <param name="work">The work store.</param>
    /// <param name="claim">The claim.</param>
    /// <param name="claimedAt">When the request that was granted was sent.</param>
    /// <param name="order">Says how long a claim lives and how long a command may take to end.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="child">The command.</param>
    /// <param name="seen">Told of the task at each extension.</param>
    public ClaimKeeper(IWorkStore work, Claim claim, Instant claimedAt, RunOrder order, TimeProvider clock,
        ChildProcess child, Action<DurableTask> seen)
    {
        _seen = seen;
        _work = work;
        _claim = claim;
        _order = order;
        _clock = clock;
        _child = child;
        _until = claimedAt + order.ClaimTtl;
        _beat = new("baton-claim", order.ClaimTtl / BeatsPerTtl, Extend);
    }

    /// <summary>Why the claim is lost; null while it is held.</summary>
    public string? Lost { get; private set; }

    /// <summary>Until when the claim surely lives.</summary>
    public Instant Until => _until;

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
                    _seen(granted.Task);
                    _until = sentAt + _order.ClaimTtl;
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
                || Lose($"it could not be extended for {_order.ClaimTtl.TotalSeconds:0.###} s: {e.Message}");
        }
    }

    private bool Lose(string reason)
    {
        Lost = reason;
        _child.EndTree(_order.Grace);
        return false;
    }
}
