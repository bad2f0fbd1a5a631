using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Work;

namespace Baton.Cli;

/// <summary>Understands new tasks as people and programs write them down.</summary>
internal static partial class NewTasks
{
    private const int LongestTitle = 500;
    private const int LongestWord = 200;
    private const int LongestText = 1_000_000;
    private const long LongestSpanMs = 3650L * 24 * 3600 * 1000;
    private const int MostAttempts = 1000;
    private const int MostChecks = 20;
    private const int LongestCheck = 10_000;

    /// <summary>The tasks of a file, a JSON object a line; <c>-</c> is standard input.</summary>
    /// <exception cref="CommandFailure">
    /// The file can't be read, or a line is wrong; the message names it.
    /// </exception>
    public static Task<ImmutableArray<(NewTask Task, string Where)>> ReadAsync(
        Surroundings around, string path, CancellationToken cancel) => InputFile.ReadAsync(around, path, async reader =>
    {
        var tasks = ImmutableArray.CreateBuilder<(NewTask, string)>();
        for (var number = 1; await reader.ReadLineAsync(cancel) is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                var where = $"{InputFile.NameOf(path)}:{number}";
                tasks.Add((Check(Parse(line, where), around.Ids.NewTask(), $"{where}: "), where));
            }
        }

        return tasks.ToImmutable();
    });

    /// <summary>A checked task.</summary>
    /// <param name="json">As it was written.</param>
    /// <param name="id">Its id.</param>
    /// <param name="where">Stands before the message if it is wrong.</param>
    /// <exception cref="CommandFailure">A field is wrong.</exception>
    public static NewTask Check(NewTaskJson json, TaskId id, string where)
    {
        var title = json.Title.Trim();
        Require(title.Length > 0, "the title is empty");
        Require(title.Length <= LongestTitle, $"the title has {title.Length} characters; at most {LongestTitle}");
        Require(!title.Any(char.IsControl), "the title holds a control character or a line break");
        var description = json.Description ?? "";
        Require(description.Length <= LongestText && !description.Contains('\0', StringComparison.Ordinal),
            $"the description is longer than {LongestText} characters or holds a NUL");
        Words("tags", json.Tags ?? []);
        Words("depends_on", json.DependsOn ?? []);
        Words("key", json.Key is { } key ? [key] : []);
        Words("role", json.Role is { } role ? [role] : [], " ");
        Words("needs", json.Needs ?? [], " ,");
        Require((json.Checks ?? []).Length <= MostChecks, $"there are more than {MostChecks} checks");
        foreach (var check in json.Checks ?? [])
        {
            Require(WhyNoCheck(check) is null, WhyNoCheck(check) ?? "");
        }

        Require(json.StallMs is null or (> 0 and <= LongestSpanMs), "stall_ms is 1 to 10 years");
        Require(json.TimeLimitMs is null or (> 0 and <= LongestSpanMs), "time_limit_ms is 1 to 10 years");
        Require(json.MaxAttempts is null or (> 0 and <= MostAttempts),
            $"{Name("max_attempts")} {json.MaxAttempts}: it is 1 to {MostAttempts}");
        Require(json.EstimatedHours is null or (>= 0 and <= 1_000_000),
            $"{json.EstimatedHours} hours are not possible");
        return new(id, title)
        {
            Description = description,
            Priority = json.Priority is null ? TaskPriority.Medium : TaskNames.ParsePriority(json.Priority)
                ?? throw Wrong(Choices.Unknown("priority ", json.Priority, Choices.Priorities), null),
            Complexity = json.Complexity is null ? null : TaskNames.ParseComplexity(json.Complexity)
                ?? throw Wrong(Choices.Unknown("complexity ", json.Complexity, Choices.Complexities), null),
            EstimatedHours = json.EstimatedHours,
            Tags = [.. (json.Tags ?? []).Distinct()],
            DependsOn = [.. json.DependsOn ?? []],
            Key = json.Key,
            Role = json.Role,
            Needs = [.. (json.Needs ?? []).Distinct()],
            Stall = Span(json.StallMs),
            TimeLimit = Span(json.TimeLimitMs),
            MaxAttempts = json.MaxAttempts,
            Checks = [.. json.Checks ?? []],
        };

        // A line of a file has fields; a command line has options of the same names.
        string Name(string field) => where.Length > 0 ? field : $"--{field.Replace('_', '-')}";

        void Words(string field, IEnumerable<string?> words, string never = "")
        {
            if (words.Select(word => WhyNoWord(word, never)).FirstOrDefault(why => why is not null) is { } why)
            {
                throw Wrong($"{Name(field)}: {why}", null);
            }
        }

        void Require(bool holds, string message)
        {
            if (!holds)
            {
                throw Wrong(message, null);
            }
        }

        CommandFailure Wrong(string message, string? hint) => CommandFailure.Usage(where + message, hint);
    }

    private static string? WhyNoWord(string? word, string never) => string.IsNullOrWhiteSpace(word) ? "a word is empty"
        : word.Length > LongestWord ? $"a word has {word.Length} characters; at most {LongestWord}"
        : word.Any(char.IsControl) ? $"'{word}' holds a control character"
        : word.Any(letter => never.Contains(char.IsWhiteSpace(letter) ? ' ' : letter, StringComparison.Ordinal))
            ? $"'{word}' holds a blank{(never.Length > 1 ? " or a comma" : "")}; it is to be one word"
        : null;

    /// <summary>Why a text is no command of a check; null when it is.</summary>
    public static string? WhyNoCheck(string check) => string.IsNullOrWhiteSpace(check) ? "a check is empty"
        : check.Length > LongestCheck ? $"a check has {check.Length} characters; at most {LongestCheck}"
        : check.Contains('\0', StringComparison.Ordinal) ? "a check holds a NUL"
        : null;

    private static TimeSpan? Span(long? milliseconds) =>
        milliseconds is { } some ? TimeSpan.FromMilliseconds(some) : null;

    private static NewTaskJson Parse(string line, string where)
    {
        try
        {
            return JsonSerializer.Deserialize(line, BatonJson.Default.NewTaskJson)
                ?? throw CommandFailure.Usage($"{where}: null is no task");
        }
        catch (JsonException e)
        {
            throw CommandFailure.Usage($"{where}: {Explain(e)}; no task was made",
                "a line is an object as {\"title\":\"…\",\"priority\":\"high\",\"depends_on\":[\"key-or-id\"]}");
        }
    }

    // The parser speaks of .NET types; whoever wrote the line knows fields.
    private static string Explain(JsonException e)
    {
        if (UnknownField().Match(e.Message) is { Success: true } unknown)
        {
            return $"there is no field '{unknown.Groups[1].Value}'";
        }

        if (RepeatedField().Match(e.Message) is { Success: true } repeated)
        {
            return $"the field '{repeated.Groups[1].Value}' stands twice";
        }

        if (e.Message.Contains("missing required properties", StringComparison.Ordinal))
        {
            return "the title is missing";
        }

        var field = e.Path is { Length: > 2 } path ? $"'{path[2..]}' has the wrong type" : null;
        return e.Message.Contains("could not be converted", StringComparison.Ordinal)
            ? field ?? "it is not a JSON object"
            : $"not valid JSON at column {(e.BytePositionInLine ?? 0) + 1}";
    }

    [GeneratedRegex("[Dd]uplicate propert[^']*'([^']*)'")]
    private static partial Regex RepeatedField();

    [GeneratedRegex("property '([^']*)' could not be mapped")]
    private static partial Regex UnknownField();
}
