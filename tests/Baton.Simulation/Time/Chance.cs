namespace Baton.Simulation;

/// <summary>
/// All chance of a run, drawn from its seed; the same on every machine and runtime (SplitMix64 after Steele et al.).
/// </summary>
internal sealed class Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A stream of its own, so that one part of the world can draw more without moving the others.</summary>
    public Chance Fork() => new(Draw());

    public bool Of(double probability) => (Draw() >> 11) * (1.0 / (1UL << 53)) < probability;

    public int Below(int bound) => (int)(Draw() % (ulong)bound);

    public int Between(int least, int most) => least + Below(most - least + 1);

    public TimeSpan Between(TimeSpan least, TimeSpan most) =>
        least + TimeSpan.FromTicks((long)(Draw() % (ulong)((most - least).Ticks + 1)));

    public T Pick<T>(IReadOnlyList<T> all) => all[Below(all.Count)];

    public void Fill(Span<byte> bytes)
    {
        for (var index = 0; index < bytes.Length; index++)
        {
            bytes[index] = (byte)(Draw() >> 32);
        }
    }

    private ulong Draw()
    {
        _state += 0x9E3779B97F4A7C15UL;
        var mix = _state;
        mix = (mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9UL;
        mix = (mix ^ (mix >> 27)) * 0x94D049BB133111EBUL;
        return mix ^ (mix >> 31);
    }
}
