using System.Diagnostics.CodeAnalysis;

namespace Baton.Tests;

/// <summary>What a test needs of the machine that it runs on.</summary>
internal static class Requirement
{
    private static readonly string[] Refusals =
        ["not permitted", "not supported", "ermission denied", "must be superuser", "Read-only file system"];

    /// <summary>Skips the test where something is not installed, but fails it in CI.</summary>
    /// <param name="found">Where it is; null: nowhere.</param>
    /// <param name="what">What.</param>
    /// <param name="package">The package of Debian and Ubuntu that has it.</param>
    public static void Installed([NotNull] string? found, string what, string package)
    {
        if (found is null)
        {
            var missing = $"{what} is not installed here (Debian, Ubuntu: apt-get install {package})";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") != "true", missing);
            Assert.Fail(missing);
        }
    }

    /// <summary>
    /// Skips the test where this user, or any in a place like this, may not do something. What fails for another
    /// reason fails the test.
    /// </summary>
    /// <param name="worked">Whether it was done.</param>
    /// <param name="what">What.</param>
    /// <param name="said">What was said to it.</param>
    public static void Allowed(bool worked, string what, string said)
    {
        if (!worked)
        {
            var refused = $"{what} is refused here: {said.Trim()}";
            Assert.SkipWhen(Refusals.Any(word => said.Contains(word, StringComparison.Ordinal)), refused);
            Assert.Fail(refused);
        }
    }
}
