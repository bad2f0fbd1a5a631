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

    /// <summary>Makes the mark at least this high, durably.</summary>
    /// <exception cref="StoreUnavailableException">
    /// It is damaged or can't be written (<see cref="StoreFault.Mark"/>).
    /// </exception>
    public abstract void Raise(ElectionName election, Epoch epoch);
}

/// <summary>A mark that lives as long as its process. For stores in memory.</summary>
public sealed class VolatileMark : HighWaterMark
{
    private readonly Dictionary<ElectionName, Epoch> _epochs = [];
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
    public override void Raise(ElectionName election, Epoch epoch)
    {
        lock (_gate)
        {
            _epochs[election] = Epoch.Max(epoch, _epochs.GetValueOrDefault(election));
        }
    }
}
