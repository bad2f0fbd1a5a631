using System.Collections.Immutable;
using System.Globalization;
using Baton.Work;

namespace Baton.Cli;

/// <summary>Workers that are alike, as a <c>--worker</c> describes them.</summary>
/// <param name="Name">Their stable name on the roster.</param>
/// <param name="Count">How many.</param>
/// <param name="Skills">What they offer.</param>
/// <param name="Command">What each runs, by the shell.</param>
internal sealed record WorkerKind(string Name, int Count, Skills Skills, string Command);

/// <summary>
/// Understands <c>--worker 'CMD'</c> and <c>--worker '[role=R can=a,b count=N] CMD'</c>. A shell's own <c>[</c> has a
/// blank behind it, so that nothing is meant by both.
/// </summary>
internal static class WorkerGroups
{
    /// <summary>The most processes of one kind.</summary>
    public const int Most = 64;

    private const string Keys = "role=R, can=a,b or count=N";

    /// <summary>The kinds of workers; each has a name of its own.</summary>
    /// <param name="texts">As they were typed.</param>
    /// <param name="count">How many, where the text does not say.</param>
    /// <param name="skills">What they offer, where the text does not say.</param>
    /// <exception cref="CommandFailure">One can't be understood.</exception>
    public static ImmutableArray<WorkerKind> Parse(IReadOnlyList<string> texts, int count, Skills skills)
    {
        var kinds = ImmutableArray.CreateBuilder<WorkerKind>(texts.Count);
        foreach (var text in texts)
        {
            var kind = Parse(text, count, skills);
            var name = kind.Name;
            for (var number = 2; kinds.Any(other => other.Name == name); number++)
            {
                name = $"{kind.Name}-{number}";
            }

            kinds.Add(kind with { Name = name });
        }

        return kinds.ToImmutable();
    }

    private static WorkerKind Parse(string text, int count, Skills skills)
    {
        var command = text.Trim();
        if (command.Length > 1 && command[0] == '[' && !char.IsWhiteSpace(command[1]))
        {
            var end = command.IndexOf(']', StringComparison.Ordinal);
            if (end < 0)
            {
                throw Wrong(text, "the ']' is missing");
            }

            foreach (var part in command[1..end].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var cut = part.IndexOf('=', StringComparison.Ordinal);
                var value = part[(cut + 1)..];
                switch (cut < 0 ? "" : part[..cut])
                {
                    case "role":
                        skills = skills with { Role = SkillOptions.Word("--worker", value) };
                        break;
                    case "can":
                        skills = skills with { Can = SkillOptions.Words("--worker", value) };
                        break;
                    case "count" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out count)
                        && count <= Most:
                        break;
                    default:
                        throw Wrong(text, $"'{part}' is none of {Keys}, N from 0 to {Most}");
                }
            }

            command = command[(end + 1)..].Trim();
        }

        return command.Length == 0 ? throw Wrong(text, "there is no command")
            : new(NameOf(skills.Role), count, skills, command);
    }

    private static string NameOf(string? role)
    {
        if (role is null)
        {
            return Agent.WorkerRole;
        }

        var name = $"{Agent.WorkerRole}-{role}";
        var safe = string.Concat(name.Select(letter =>
            char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' ? letter : '_'));
        return safe.Length <= AgentDesk.LongestName ? safe : safe[..AgentDesk.LongestName];
    }

    private static CommandFailure Wrong(string text, string why) => CommandFailure.Usage(
        $"--worker '{text}': {why}", "write --worker 'sh work.sh' or --worker '[role=review can=gpu count=2] sh work.sh'");
}
