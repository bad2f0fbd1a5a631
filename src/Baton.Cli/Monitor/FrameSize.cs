namespace Baton.Cli;

/// <summary>How much of a frame can be seen.</summary>
/// <param name="Columns">How wide it is.</param>
/// <param name="Lines">How high it is.</param>
internal readonly record struct FrameSize(int Columns, int Lines)
{
    /// <summary>As much as there is to show.</summary>
    public static FrameSize Unlimited => new(int.MaxValue, int.MaxValue);

    /// <summary>Whether an event with its number and date would be cut before it says much.</summary>
    public bool IsNarrow => Columns < 110;
}
