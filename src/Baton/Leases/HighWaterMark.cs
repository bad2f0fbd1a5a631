namespace Baton;

/// <summary>
/// Remembers the highest epoch of each election outside the store, so that epochs keep growing over a store
/// that
/// was deleted or restored. Raised before a leadership is announced.
/// </summary>
public abstract class HighWaterMark
{
    /// <summary>The highest epoch known; <see cref="Epoch.None"/> where none was noted.</summary>
    /// <exception cref="StoreUnavailableException">The mark is damaged (<see cref="StoreFault.Mark"/>).</exception>
    public abstract Epoch Read(ElectionName election);

    /// <summary>
    /// Makes the mark at least this high, durably, and gives what it was before, in one step: of two that raise it to
    /// the same epoch, one learns that it was that high already.
    /// </summary>
    /// <exception cref="StoreUnavailableException">
    /// It is damaged or can't be written (<see cref="StoreFault.Mark"/>).
    /// </exception>
    public abstract Epoch Raise(ElectionName election, Epoch epoch);

    /// <summary>
    /// The highest epoch whose term has begun in the work store, as far as this host knows: a fence below it was put
    /// back. Leases that lie apart from the work don't tell that. <see cref="Epoch.None"/> where none was noted.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The mark is damaged (<see cref="StoreFault.Mark"/>).</exception>
    public virtual Epoch ReadBegun(ElectionName election) => Epoch.None;

    /// <summary>Notes, durably, that the term of an epoch has begun. By default nothing is noted.</summary>
    /// <exception cref="StoreUnavailableException">
    /// The mark is damaged or can't be written (<see cref="StoreFault.Mark"/>).
    /// </exception>
    public virtual void RaiseBegun(ElectionName election, Epoch epoch)
    {
    }
}

/// <summary>A mark that lives as long as its process. For stores in memory.</summary>
public sealed class VolatileMark : HighWaterMark
{
    private readonly Dictionary<ElectionName, Epoch> _epochs = [];
    private readonly Dictionary<ElectionName, Epoch> _begun = [];
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public override Epoch Read(ElectionName election)
    {
        lock (_gate)
        {
            return _epochs.GetValueOrDefault(election);
        }
    }

    /// <inheritdoc/>
    public override Epoch Raise(ElectionName election, Epoch epoch)
    {
        lock (_gate)
        {
            var before = _epochs.GetValueOrDefault(election);
            _epochs[election] = Epoch.Max(epoch, before);
            return before;
        }
    }

    /// <inheritdoc/>
    public override Epoch ReadBegun(ElectionName election)
    {
        lock (_gate)
        {
            return _begun.GetValueOrDefault(election);
        }
    }

    /// <inheritdoc/>
    public override void RaiseBegun(ElectionName election, Epoch epoch)
    {
        lock (_gate)
        {
            _begun[election] = Epoch.Max(epoch, _begun.GetValueOrDefault(election));
        }
    }
}
