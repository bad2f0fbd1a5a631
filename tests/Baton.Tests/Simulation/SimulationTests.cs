using Baton.Simulation;
using Baton.Validation;

namespace Baton.Tests;

/// <summary>
/// Some seeds of the simulation. More: <c>dotnet run --project tests/Baton.Simulation -c Release -- --seeds 1000</c>.
/// </summary>
public sealed class SimulationTests
{
    /// <summary>Seeds that failed before the product was mended; their worlds knew no hints (<c>--plain</c>).</summary>
    [Theory]
    // A task that failed while the wall clock was ahead was not taken again when that had been set back.
    [InlineData(135)]
    [InlineData(275)]
    // A follower that had missed the loss of the leases counted a new term as silent from a former one of that number.
    [InlineData(1001019)]
    // A task rested longer because a clock had been set back, and the world ended before that was over.
    [InlineData(15001300)]
    public void A_seed_that_broke_a_promise_does_not_again(ulong seed) =>
        Holds(Trial.Of(seed, isPlain: true));

    [Fact]
    public void No_seed_breaks_a_promise()
    {
        var terms = 0;
        for (var seed = 1UL; seed <= 20; seed++)
        {
            var verdict = Trial.Of(seed);
            Holds(verdict);
            terms += verdict.Terms;
        }

        // Worlds in which nobody is ever replaced prove nothing.
        Assert.True(terms > 80, $"{terms} terms");
    }

    [Fact]
    public void A_seed_is_one_run_to_the_byte()
    {
        for (var seed = 1UL; seed <= 3; seed++)
        {
            Assert.Equal(Trial.Of(seed).Digest, Trial.Of(seed).Digest);
        }
    }

    [Fact]
    public void Seeds_differ() => Assert.NotEqual(Trial.Of(1).Digest, Trial.Of(2).Digest);

    internal static void Holds(Ruling verdict)
    {
        using var told = new StringWriter();
        Command.Tell(verdict, told);
        Assert.True(verdict.Violations.IsEmpty, told.ToString());
    }
}

/// <summary>
/// A checker that never failed proves nothing: each must catch its beast, and leave the tame one alone.
/// </summary>
public sealed class ZooTests
{
    private const ulong MostSeeds = 150;

    public static TheoryData<string> Beasts => [.. Menagerie.All.Select(beast => beast.Name)];

    [Theory]
    [MemberData(nameof(Beasts))]
    public void Each_beast_is_caught(string name)
    {
        var beast = Menagerie.All.Single(beast => beast.Name == name);
        var caught = Menagerie.Hunt(beast, MostSeeds);
        Assert.True(caught is not null, $"{name} is at large after {MostSeeds} seeds: {beast.CaughtBy} is blind");
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {beast.CaughtBy}, seed {caught.Value.Seeds}");
        var row = $"| `{name}` | {beast.Wrong} | `{beast.CaughtBy}` | ";
        Assert.Contains(Repository.Lines("docs/reference/zoo.md"),
            line => line.StartsWith(row, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_checker_catches_a_beast() => Assert.Empty(
        AllCheckers.List.Select(checker => checker.Name).Except(Menagerie.All.Select(beast => beast.CaughtBy)));

    [Fact]
    public void The_tame_one_breaks_nothing()
    {
        for (var seed = 1UL; seed <= 12; seed++)
        {
            SimulationTests.Holds(Trial.Of(seed, Menagerie.Tame));
        }
    }
}
