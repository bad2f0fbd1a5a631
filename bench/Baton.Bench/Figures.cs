using System.Globalization;

namespace Baton.Bench;

/// <summary>Numbers of one kind, and how they are told.</summary>
internal static class Figures
{
    /// <summary>The median and the range: <c>median 12 (3 to 40)</c>.</summary>
    public static string Summary(IEnumerable<double> figures, string unit = "ms")
    {
        var sorted = figures.Order().ToList();
        return sorted.Count == 0 ? "none"
            : $"median {Show(At(sorted, 0.5))} {unit}, p90 {Show(At(sorted, 0.9))}, "
                + $"range {Show(sorted[0])} to {Show(sorted[^1])}";
    }

    /// <summary>The value that this share of the sorted figures does not exceed.</summary>
    public static double At(IReadOnlyList<double> sorted, double share) =>
        sorted[Math.Min((int)(share * sorted.Count), sorted.Count - 1)];

    /// <summary>As many digits as mean something.</summary>
    public static string Show(double figure) =>
        figure.ToString(Math.Abs(figure) >= 100 ? "0" : Math.Abs(figure) >= 1 ? "0.#" : "0.###", CultureInfo.InvariantCulture);
}
