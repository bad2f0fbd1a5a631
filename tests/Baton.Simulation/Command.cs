using System.Globalization;

namespace Baton.Simulation;

/// <summary>The command line of the simulation.</summary>
internal static class Command
{
    private const string Usage = """
        Plays seeded worlds against the election, the leader's work and the stores, and judges each history.

          --seeds N [--from S]            plays N seeds, from S on (default 1)
          --minutes M [--from S]          plays seeds for M minutes
          --seed S [--plain] [--verbose]  plays one; --verbose prints its whole history,
                                          --plain leaves out hints, witnesses and pauses
          --zoo [--seeds N]               lets every beast loose until it is caught, at most N seeds (default 300)
          --exhaustive C [--faults N] [--minutes M]
                                          walks every state of C candidates (2 or 3) under N faults (default 2)

        Exit code 0: no promise was broken (with --zoo: every beast was caught); 1: one was; 2: wrong usage.
        """;

    public static int Run(string[] args, TextWriter output)
    {
        var options = Parse(args);
        if (options is null)
        {
            output.WriteLine(Usage);
            return args is ["--help"] ? 0 : 2;
        }

        var minutes = options.TryGetValue("--minutes", out var limit)
            ? TimeSpan.FromMinutes(limit) : TimeSpan.MaxValue;
        return options.ContainsKey("--seed") ? One(options, output)
            : options.TryGetValue("--exhaustive", out var candidates) ? Exhaustive(
                (int)candidates, (int)options.GetValueOrDefault("--faults", 2), minutes, output)
            : options.ContainsKey("--zoo") ? Zoo((ulong)options.GetValueOrDefault("--seeds", 300), output)
            : Many((ulong)options.GetValueOrDefault("--from", 1),
                options.TryGetValue("--seeds", out var seeds) ? (ulong)seeds
                : minutes < TimeSpan.MaxValue ? ulong.MaxValue : 100, minutes, output);
    }

    private static Dictionary<string, double>? Parse(string[] args)
    {
        string[] valued = ["--seeds", "--from", "--seed", "--exhaustive", "--faults", "--minutes"];
        var options = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var at = 0; at < args.Length; at++)
        {
            if (args[at] is "--verbose" or "--plain" or "--zoo")
            {
                options[args[at]] = 1;
            }
            else if (valued.Contains(args[at]) && at + 1 < args.Length
                && double.TryParse(args[at + 1], CultureInfo.InvariantCulture, out var value) && value >= 0)
            {
                options[args[at++]] = value;
            }
            else
            {
                return null;
            }
        }

        return options;
    }

    private static int Exhaustive(int candidates, int faults, TimeSpan atMost, TextWriter output)
    {
        if (candidates is not (2 or 3))
        {
            output.WriteLine("the walk knows 2 or 3 candidates; more have more states than a machine has memory");
            return 2;
        }

        var broken = 0;
        foreach (var (shared, witnesses) in new[] { (true, true), (false, false) })
        {
            var began = Instant.Of(BootClock.Instance);
            TimeSpan Took() => Instant.Of(BootClock.Instance) - began;
            var walk = Walk.Through(new(candidates, faults, shared, witnesses), _ => Took() >= atMost / 2);
            broken += walk.Broken is null ? 0 : 1;
            output.WriteLine($"{candidates} candidates, {faults} faults, "
                + $"{(shared ? "one clock, witnesses" : "no common clock")}: "
                + $"{walk.States} states, {walk.Steps} steps, epochs up to {walk.HighestEpoch}, "
                + $"{(walk.IsComplete ? "all there are" : "ended early")}, {Took().TotalSeconds:0} s; "
                + (walk.Broken ?? "no promise broken"));
        }

        return broken == 0 ? 0 : 1;
    }

    private static int Zoo(ulong seeds, TextWriter output)
    {
        var free = 0;
        foreach (var beast in Menagerie.All)
        {
            var caught = Menagerie.Hunt(beast, seeds);
            free += caught is null ? 1 : 0;
            output.WriteLine(caught is null
                ? $"| `{beast.Name}` | {beast.Wrong} | NOT CAUGHT by `{beast.CaughtBy}` | {seeds} |"
                : $"| `{beast.Name}` | {beast.Wrong} | `{beast.CaughtBy}` | {caught.Value.Seeds} |");
        }

        return free == 0 ? 0 : 1;
    }

    private static int One(Dictionary<string, double> options, TextWriter output)
    {
        var verdict = Trial.Of((ulong)options["--seed"], isPlain: options.ContainsKey("--plain"));
        if (options.ContainsKey("--verbose"))
        {
            foreach (var operation in verdict.History.Operations)
            {
                // What takes time shows when it took effect.
                var effect = operation.Ended is { } ended && ended > operation.Began
                    ? $" (at {(ended - verdict.History.Origin).TotalMilliseconds:0.0} ms)" : "";
                output.WriteLine(operation.Describe(verdict.History.Origin) + effect);
            }
        }

        output.WriteLine($"seed {verdict.Seed}: {verdict.Terms} terms, "
            + $"{verdict.History.Operations.Length} operations, "
            + $"{verdict.Virtual.TotalSeconds:0.0} s, digest {verdict.Digest[..16]}");
        Tell(verdict, output);
        return verdict.Violations.IsEmpty ? 0 : 1;
    }

    private static int Many(ulong from, ulong seeds, TimeSpan atMost, TextWriter output)
    {
        var began = Instant.Of(BootClock.Instance);
        var (played, terms, operations, steps, broken, time) = (0UL, 0L, 0L, 0L, 0, TimeSpan.Zero);
        for (; played < seeds && Instant.Of(BootClock.Instance) - began < atMost; played++)
        {
            var verdict = Trial.Of(from + played);
            terms += verdict.Terms;
            operations += verdict.History.Operations.Length;
            steps += verdict.Steps;
            time += verdict.Virtual;
            if (!verdict.Violations.IsEmpty)
            {
                broken++;
                Tell(verdict, output);
            }
        }

        var took = Instant.Of(BootClock.Instance) - began;
        output.WriteLine($"{played} seeds from {from}: {terms} terms, {operations} operations, {steps} steps, "
            + $"{time.TotalHours:0.0} virtual hours in {took.TotalSeconds:0} s "
            + $"({time.TotalHours / took.TotalMinutes:0.0} virtual hours a minute); {broken} seeds broke a promise");
        return broken == 0 ? 0 : 1;
    }

    /// <summary>Says what was broken, what led to it, and how to see it again.</summary>
    public static void Tell(Ruling verdict, TextWriter output)
    {
        foreach (var violation in verdict.Violations.Take(3))
        {
            output.WriteLine($"seed {verdict.Seed} breaks {violation.Promise}: {violation.Message}");
            foreach (var evidence in violation.Evidence)
            {
                output.WriteLine($"    {evidence.Describe(verdict.History.Origin)}");
            }
        }

        if (verdict.Violations is [{ Evidence: [.., var last] }, ..])
        {
            output.WriteLine("  what came before:");
            foreach (var operation in verdict.History.Operations
                .Where(operation => operation.Began <= last.Began).TakeLast(12))
            {
                output.WriteLine($"    {operation.Describe(verdict.History.Origin)}");
            }
        }

        if (!verdict.Violations.IsEmpty)
        {
            output.WriteLine("  again: dotnet run --project tests/Baton.Simulation -c Release -- "
                + $"--seed {verdict.Seed} --verbose");
        }
    }
}
