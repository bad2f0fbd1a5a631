using System.Collections.Immutable;
using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>The options by which an agent says what it offers.</summary>
internal sealed class SkillOptions
{
    /// <summary>The variable that stands for <c>--role</c>.</summary>
    public const string RoleVariable = "BATON_ROLE";

    /// <summary>The variable that stands for <c>--can</c>.</summary>
    public const string CanVariable = "BATON_CAN";

    private const int LongestWord = 200;

    /// <summary><c>--role</c>.</summary>
    public Option<string?> Role { get; } = new("--role")
    {
        Description = "also take tasks for this role (BATON_ROLE)",
        HelpName = "R",
    };

    /// <summary><c>--can</c>.</summary>
    public Option<string?> Can { get; } = new("--can")
    {
        Description = "also take tasks that need these words (BATON_CAN)",
        HelpName = "a,b",
    };

    /// <summary>What was typed.</summary>
    public Skills Typed(Session session) => Of(session.Get(Role), session.Get(Can));

    /// <summary>What was typed, else what the environment says.</summary>
    public Skills Of(Session session) => Of(
        session.Get(Role) ?? Given(session, RoleVariable), session.Get(Can) ?? Given(session, CanVariable));

    /// <summary>A word that a task or an agent may bear.</summary>
    /// <exception cref="CommandFailure">It is none.</exception>
    public static string Word(string option, string word) => word.Trim() is { Length: > 0 and <= LongestWord } trimmed
        && !trimmed.Any(letter => char.IsControl(letter) || char.IsWhiteSpace(letter))
        ? trimmed
        : throw CommandFailure.Usage(
            $"{option} '{word}': that word is empty, too long or holds a blank or a control character");

    /// <summary>Words between commas.</summary>
    /// <exception cref="CommandFailure">One of them is none.</exception>
    public static ImmutableArray<string> Words(string option, string list) =>
        [.. Entries(option, list).Select(word => Word(option, word)).Distinct()];

    /// <summary>What stands between commas.</summary>
    /// <exception cref="CommandFailure">One of them is empty: a variable of a script that was never set.</exception>
    public static string[] Entries(string option, string list)
    {
        var entries = list.Split(',', StringSplitOptions.TrimEntries);
        return !entries.Contains("") ? entries : throw CommandFailure.Usage(entries.Length == 1 ? $"{option} is empty"
            : $"{option} '{list}': an entry is empty", "leave the option out where there is nothing to name");
    }

    private static Skills Of(string? role, string? can) => new(
        role is null ? null : Word("--role", role), can is null ? [] : Words("--can", can));

    private static string? Given(Session session, string variable) =>
        session.Around.Variable(variable) is { Length: > 0 } value ? value : null;
}
