using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Baton.Cli;

/// <summary>What a tool takes, as a JSON schema made from what its command declares.</summary>
internal static class ToolSchema
{
    // A tool has no standard input.
    private const string ReadsInput = "; - reads standard input";

    /// <summary>The schema of an object with a property for each option and argument.</summary>
    public static JsonElement Of(
        IEnumerable<Option> options, IEnumerable<Argument> arguments, ImmutableArray<string> needed)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var (name, property, isNeeded) in arguments.Select(argument => (NameOf(argument), Property(argument.ValueType,
                argument.HelpName, argument.Description, argument is INamesIds ? [] : argument.CompletionSources),
                argument.Arity.MinimumNumberOfValues > 0))
            .Concat(options.Select(option => (NameOf(option), Property(option.ValueType,
                option.HelpName, option.Description, option is INamesIds ? [] : option.CompletionSources),
                option.Required || needed.Contains(option.Name)))))
        {
            properties[name] = property;
            if (isNeeded)
            {
                required.Add((JsonNode)name);
            }
        }

        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = required,
            ["additionalProperties"] = false,
        };
        using var json = JsonDocument.Parse(schema.ToJsonString());
        return json.RootElement.Clone();
    }

    /// <summary>The property of an option: its name as a word of JSON.</summary>
    public static string NameOf(Option option) => NameOf(option.Name);

    /// <summary>Every property that stands for an option: other words for it are understood too.</summary>
    public static IEnumerable<string> NamesOf(Option option) =>
        option.Aliases.Where(alias => alias.StartsWith("--", StringComparison.Ordinal)).Select(NameOf).Prepend(NameOf(option));

    /// <summary>The property of an argument: the word that the help shows.</summary>
    public static string NameOf(Argument argument) => argument.Name.ToLowerInvariant();

    /// <summary>Whether an option's text is a list of words with commas between them.</summary>
    public static bool IsList(Option option) => option.HelpName is { } word && word.Contains(',', StringComparison.Ordinal);

    private static string NameOf(string option) => option.TrimStart('-').Replace('-', '_');

    private static JsonObject Property(Type type, string? helpName, string? description,
        IEnumerable<Func<CompletionContext, IEnumerable<CompletionItem>>> sources)
    {
        var property = type == typeof(bool) ? new JsonObject { ["type"] = "boolean" }
            : type == typeof(int?) || type == typeof(long?) || type == typeof(int) || type == typeof(long)
                ? new JsonObject { ["type"] = "integer" }
            : type == typeof(string[]) || helpName?.Contains(',', StringComparison.Ordinal) == true
                ? new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } }
            : new JsonObject { ["type"] = "string" };
        var words = sources.SelectMany(source => source(CompletionContext.Empty)).Select(item => item.Label)
            .Distinct().ToArray();
        if (words.Length > 0 && type != typeof(bool))
        {
            property["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]);
        }

        property["description"] = type == typeof(TimeSpan?) ? $"{description}; as 500ms, 30s, 2m or 1h"
            : description?.Replace(ReadsInput, "", StringComparison.Ordinal);
        return property;
    }
}
