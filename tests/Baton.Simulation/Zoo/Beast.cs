using Baton.Work;

namespace Baton.Simulation;

/// <summary>Something deliberately wrong that takes the place of a part of the product.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Wrong">What is wrong with it, in a sentence.</param>
/// <param name="CaughtBy">The checker that must catch it.</param>
internal sealed record Beast(string Name, string Wrong, string CaughtBy)
{
    /// <summary>Stands before the real leases.</summary>
    public Func<Stores, InMemoryLeaseStore, ILeaseStore>? Leases { get; init; }

    /// <summary>Stands before the real work store.</summary>
    public Func<IWorkStore, TimeProvider, IWorkStore>? Work { get; init; }

    /// <summary>Stands between the real election and the network.</summary>
    public Func<ILeaseStore, ILeaseStore>? Client { get; init; }

    /// <summary>Stands between the real leader and the network.</summary>
    public Func<IWorkStore, IWorkStore>? Leader { get; init; }

    /// <summary>Whom the real election takes for dead beside those who are.</summary>
    public Func<SimulatedProcess, bool>? TakesForDead { get; init; }

    /// <summary>Takes the place of the whole orchestrator.</summary>
    public Func<Arena, Host, string, string, Contender>? Contender { get; init; }
}
