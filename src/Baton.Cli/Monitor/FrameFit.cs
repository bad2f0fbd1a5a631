namespace Baton.Cli;

/// <summary>
/// Makes the parts of a frame fit a screen: what matters least goes first, and who leads is what stays.
/// </summary>
internal static class FrameFit
{
    /// <summary>The lines of all that fits.</summary>
    public static IReadOnlyList<FrameLine> Of(IReadOnlyList<FrameLine> top, List<FrameSection> sections, int height)
    {
        var isAiry = true;
        while (Height() > height && Shrink())
        {
        }

        var lines = new List<FrameLine>(top);
        foreach (var section in sections)
        {
            if (isAiry)
            {
                lines.Add(new(""));
            }

            lines.AddRange(section.Lines());
        }

        return lines.Count > height ? lines[..Math.Max(height, 0)] : lines;

        int Height() => top.Count + sections.Sum(section => section.Height + (isAiry ? 1 : 0));

        bool Shrink()
        {
            if (TryDropRow(section => section.Rows.Count > section.Enough))
            {
                return true;
            }

            if (isAiry)
            {
                isAiry = false;
                return true;
            }

            var leastFirst = sections.OrderByDescending(section => section.Rank).ToList();
            if (leastFirst.FirstOrDefault(section => section.IsEmpty) is { } idle)
            {
                return sections.Remove(idle);
            }

            // A part of which some rows fit is worth more than none of it.
            var least = leastFirst[0];
            var isPartWorthIt = Height() - least.Height + least.SmallestHeight <= height;
            return (isPartWorthIt && TryDropRow(section => section == least && section.CanSpareARow))
                || (sections.Count > 1 && sections.Remove(least))
                || TryDropRow(section => section.CanSpareARow);
        }

        bool TryDropRow(Func<FrameSection, bool> canSpare)
        {
            if (sections.Where(canSpare).OrderByDescending(section => section.Rank).FirstOrDefault() is not { } section)
            {
                return false;
            }

            section.Rows.RemoveAt(section.Rows.Count - 1);
            return true;
        }
    }
}
