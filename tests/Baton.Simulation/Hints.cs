namespace Baton.Simulation;

/// <summary>
/// Tells orchestrators that the lease has changed, or that somebody of their host has died: as a store's push and a
/// witness do, soon, late, twice, out of order, or never. Nothing may rest on it.
/// </summary>
internal sealed class Hints(Arena arena, Chance chance)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMicroseconds(50);

    /// <summary>A request has changed the lease, or may have.</summary>
    public async Task ChangedAsync(ILeaseStore leases)
    {
        if (arena.Plan.Pushes)
        {
            var view = await leases.ReadAsync(ElectionName.Main, CancellationToken.None);
            foreach (var contender in arena.Contenders)
            {
                Tell(contender, () => contender.Hear(new ElectionInput.Hint(view)));
            }
        }
    }

    /// <summary>A life of this host has ended.</summary>
    public void Ended(Contender dead)
    {
        if (arena.Plan.HasWitnesses)
        {
            foreach (var contender in arena.Contenders)
            {
                if (contender.Host == dead.Host)
                {
                    Tell(contender, () => contender.Hear(new ElectionInput.Beckoned(new(dead.Id))));
                }
            }
        }
    }

    private void Tell(Contender contender, Action hear)
    {
        for (var times = contender.Host.IsCutOff ? 0 : chance.Pick([0, 1, 1, 1, 2]); times > 0; times--)
        {
            arena.Timeline.After(chance.Between(Shortest, chance.Of(0.2) ? arena.Plan.Ttl * 2 : Shortest * 40), hear);
        }
    }
}
