using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary>Words of which one must be typed: they are completed, and a slip of the key is understood.</summary>
internal static class Choices
{
    /// <summary>The statuses of a task.</summary>
    public static string[] Statuses { get; } =
        [.. Enum.GetValues<DurableTaskStatus>().Select(status => status.Name())];

    /// <summary>The priorities of a task.</summary>
    public static string[] Priorities { get; } =
        [.. Enum.GetValues<TaskPriority>().Select(priority => priority.Name())];

    /// <summary>The complexities of a task.</summary>
    public static string[] Complexities { get; } =
        [.. Enum.GetValues<TaskComplexity>().Select(complexity => complexity.Name())];

    /// <summary>Makes an argument take these words alone.</summary>
    public static void Among(Argument<string> argument, params string[] words)
    {
        argument.CompletionSources.Add(words);
        argument.HelpName = string.Join('|', words);
        argument.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !words.Contains(token.Value)))
            {
                result.AddError(Unknown("", token.Value, words));
            }
        });
    }

    /// <summary>Makes an option take these words alone.</summary>
    public static void Among<T>(Option<T> option, params string[] words)
    {
        option.CompletionSources.Add(words);
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !words.Contains(token.Value)))
            {
                result.AddError(Unknown($"{option.Name} ", token.Value, words));
            }
        });
    }

    /// <summary>What to say of a word that is none of those known.</summary>
    /// <param name="what">What should stand there; may be empty.</param>
    /// <param name="word">What stands there.</param>
    /// <param name="known">The words that could.</param>
    public static string Unknown(string what, string word, IReadOnlyList<string> known) =>
        $"{what}'{Plain.Line(word)}' is none of {string.Join(", ", known)}{Meant(word, known)}";

    /// <summary><c>; did you mean X?</c>, where one of the words is near; else nothing.</summary>
    public static string Meant(string word, IEnumerable<string> known) =>
        Nearest(word, known) is { } near ? $"; did you mean {near}?" : "";

    /// <summary>The word that was probably meant; null where none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> known) => known
        .Select(name => (name, Distance: Distance(word, name)))
        .Where(pair => pair.Distance <= (pair.name.Length < 4 ? 1 : Math.Max(2, pair.name.Length / 3)))
        .OrderBy(pair => pair.Distance)
        .Select(pair => pair.name)
        .FirstOrDefault();

    // How many letters must be changed, added or taken away to turn one word into the other (Levenshtein).
    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
