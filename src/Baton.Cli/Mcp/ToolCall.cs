using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Baton.Cli;

/// <summary>What a command answered to a tool's call.</summary>
/// <param name="Data">Its data; null where it failed.</param>
/// <param name="Error">Its error, as the envelope has it; null where it did not fail.</param>
internal sealed record ToolAnswer(JsonElement? Data, JsonElement? Error)
{
    /// <summary>The answer that a failure is.</summary>
    public static ToolAnswer Of(CommandFailure failure)
    {
        using var json = JsonDocument.Parse(Output.ErrorJson(failure));
        return new(null, json.RootElement.GetProperty("error").Clone());
    }

    /// <summary>As a model reads it: the data, or what, where and what next.</summary>
    public string Text => Error is not { } error ? Compact(Data!.Value)
        : $"{error.GetProperty("code").GetString()}: {error.GetProperty("message").GetString()}"
            + (error.GetProperty("hint").GetString() is { } hint ? $"\nhint: {hint}" : "");

    private static string Compact(JsonElement data)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            data.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}

/// <summary>
/// Runs a tool's command within this process, as a command line of its own with stores of its own: the same way from
/// the words to the output as if they had been typed.
/// </summary>
internal static class ToolCall
{
    /// <summary>Runs it, and reads what it prints.</summary>
    /// <param name="offer">The tool.</param>
    /// <param name="arguments">What was given, by the names that its schema has.</param>
    /// <param name="around">The world; what it prints to and reads from is replaced.</param>
    /// <exception cref="CommandFailure">It was given what it does not take.</exception>
    public static async Task<ToolAnswer> RunAsync(
        ToolOffer offer, IReadOnlyDictionary<string, JsonElement> arguments, Surroundings around)
    {
        using var printed = new StringWriter { NewLine = "\n" };
        using var remarks = new StringWriter { NewLine = "\n" };
        await CommandLine.RunAsync([.. WordsOf(offer, arguments)], around with
        {
            Out = printed,
            Error = remarks,
            // Ours bears the protocol.
            In = TextReader.Null,
            IsTerminal = false,
        });
        return Read(printed.ToString().Trim());
    }

    /// <summary>The command line that a call stands for.</summary>
    /// <exception cref="CommandFailure">It has a property that the tool does not take, or of another kind.</exception>
    private static List<string> WordsOf(ToolOffer offer, IReadOnlyDictionary<string, JsonElement> arguments)
    {
        var command = ToolCatalog.CommandOf(offer, CommandTree.Build(new GlobalOptions()));
        var options = ToolCatalog.OptionsOf(offer, command)
            .SelectMany(option => ToolSchema.NamesOf(option).Select(name => (name, option)))
            .ToDictionary(pair => pair.name, pair => pair.option, StringComparer.Ordinal);
        var places = command.Arguments.ToDictionary(ToolSchema.NameOf, StringComparer.Ordinal);
        foreach (var name in arguments.Keys)
        {
            if (!options.ContainsKey(name) && !places.ContainsKey(name))
            {
                throw CommandFailure.Usage(
                    $"{offer.Name}: unknown property '{name}'{Choices.Meant(name, options.Keys.Concat(places.Keys))}",
                    $"it takes {string.Join(", ", places.Keys.Concat(options.Values.Distinct().Select(ToolSchema.NameOf)))}");
            }
        }

        if (options.Values.Distinct().FirstOrDefault(option => offer.Needs.Contains(option.Name)
            && !ToolSchema.NamesOf(option).Any(arguments.ContainsKey)) is { } missing)
        {
            throw CommandFailure.Usage($"{offer.Name}: {ToolSchema.NameOf(missing)} is missing", missing.Description);
        }

        var words = new List<string>([.. offer.Path, "--json"]);
        foreach (var (name, option) in options)
        {
            if (arguments.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                words.AddRange(WordsOf(offer, name, option, value));
            }
        }

        var placed = places.Keys.Where(name => arguments.TryGetValue(name, out var value)
            && value.ValueKind != JsonValueKind.Null).SelectMany(name => Texts(offer, name, arguments[name])).ToArray();
        // What stands behind -- is meant as it is, whatever it begins with.
        return placed.Length > 0 ? [.. words, "--", .. placed]
            : offer.Otherwise is { } otherwise ? [.. words, otherwise]
            : words;
    }

    private static IEnumerable<string> WordsOf(ToolOffer offer, string name, Option option, JsonElement value)
    {
        if (option.ValueType == typeof(bool))
        {
            return value.ValueKind switch
            {
                JsonValueKind.True => [option.Name],
                JsonValueKind.False => [],
                _ => throw Wrong(offer, name, "true or false"),
            };
        }

        var texts = Texts(offer, name, value);
        return ToolSchema.IsList(option) ? [$"{option.Name}={string.Join(',', texts)}"]
            : texts.Select(text => $"{option.Name}={text}");
    }

    private static string[] Texts(ToolOffer offer, string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Number => [value.GetRawText()],
        JsonValueKind.Array => [.. value.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.Array
            ? throw Wrong(offer, name, "a list of texts") : Texts(offer, name, item))],
        _ => throw Wrong(offer, name, "a text, a number or a list of texts"),
    };

    private static CommandFailure Wrong(ToolOffer offer, string name, string what) =>
        CommandFailure.Usage($"{offer.Name}: {name} must be {what}");

    // A result comes in its envelope, a stream as one object a line.
    private static ToolAnswer Read(string printed)
    {
        var lines = printed.Length == 0 ? [] : printed.Split('\n');
        if (lines.Length == 1)
        {
            using var json = JsonDocument.Parse(lines[0]);
            var root = json.RootElement;
            if (root.TryGetProperty("schema_version", out _))
            {
                return root.TryGetProperty("error", out var error) ? new(null, error.Clone())
                    : new(root.GetProperty("data").Clone(), null);
            }
        }

        using var all = JsonDocument.Parse($"[{string.Join(',', lines)}]");
        return new(all.RootElement.Clone(), null);
    }
}
