using System.Globalization;

namespace Baton;

/// <summary>
/// Names one term of leadership; the fencing token. It only grows, and <see cref="None"/> (0) names no term.
/// </summary>
public readonly record struct Epoch : IComparable<Epoch>
{
    /// <summary>
    /// The highest epoch that is believed (2^52). A larger one in a store or a mark is damage.
    /// </summary>
    public const long Highest = 1L << 52;

    /// <summary>No term: the state before the first election.</summary>
    public static readonly Epoch None;

    /// <summary>An epoch of the given value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0 or above <see cref="Highest"/>.</exception>
    public Epoch(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Highest);
        Value = value;
    }

    /// <summary>The number, from 0 to <see cref="Highest"/>.</summary>
    public long Value { get; }

    /// <summary>The epoch after this one.</summary>
    public Epoch Next => new(Value + 1);

    /// <summary>The higher of two epochs.</summary>
    public static Epoch Max(Epoch left, Epoch right) => left.Value >= right.Value ? left : right;

    /// <summary>The lower of two epochs.</summary>
    public static Epoch Min(Epoch left, Epoch right) => left.Value <= right.Value ? left : right;

    /// <inheritdoc/>
    public int CompareTo(Epoch other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="left"/> is older.</summary>
    public static bool operator <(Epoch left, Epoch right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> is newer.</summary>
    public static bool operator >(Epoch left, Epoch right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> is not newer.</summary>
    public static bool operator <=(Epoch left, Epoch right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> is not older.</summary>
    public static bool operator >=(Epoch left, Epoch right) => left.Value >= right.Value;

    /// <summary>The number in decimal digits.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
