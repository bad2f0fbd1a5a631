using System.CommandLine;
using System.CommandLine.Completions;
using Baton.Work;

namespace Baton.Cli;

/// <summary>Of what an argument or option names the ids.</summary>
internal enum IdKind
{
    /// <summary>Tasks.</summary>
    Task,

    /// <summary>Agents that are on the roster.</summary>
    Agent,

    /// <summary>Messages.</summary>
    Message,
}

/// <summary>An argument that names something of the store; shells complete it.</summary>
internal sealed class IdArgument<T>(string name, IdKind kind) : Argument<T>(name), INamesIds
{
    /// <summary>Of what.</summary>
    public IdKind Kind => kind;
}

/// <summary>An option that names something of the store; shells complete it.</summary>
internal sealed class IdOption(string name, IdKind kind) : Option<string?>(name), INamesIds
{
    /// <summary>Of what.</summary>
    public IdKind Kind => kind;
}

/// <summary>A symbol whose values are ids.</summary>
internal interface INamesIds
{
    /// <summary>Of what.</summary>
    IdKind Kind { get; }
}

/// <summary>A word that may come next, and what it is.</summary>
internal sealed record Completion(string Word, string? Meaning);

/// <summary>
/// <c>baton __complete WORD…</c>: prints what the last word may become, one a line, with a tab before what it means.
/// For shells: it only reads, makes nothing, and says nothing when it fails.
/// </summary>
internal static class Completions
{
    /// <summary>The first word of the command line; it is in no list of commands.</summary>
    public const string Verb = "__complete";

    private const int Most = 500;
    private const int LongestMeaning = 60;

    // A shell waits for the answer with the key pressed.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    /// <summary>Where in the tree of commands the last word stands.</summary>
    private sealed record Place(Command Command, Option? Valued, int Arguments);

    /// <summary>Prints the completions; always succeeds.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> typed, Surroundings around)
    {
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(around.Stop);
            using var limit = around.Clock.CreateTimer(_ => stop.Cancel(), null, Longest, Timeout.InfiniteTimeSpan);
            await foreach (var (word, meaning) in OfAsync(Whole(typed), around with { Stop = stop.Token }).Take(Most))
            {
                var line = meaning is null ? word : $"{word}\t{Plain.Cut(Plain.Line(meaning), LongestMeaning)}";
                await around.Out.WriteAsync($"{line}\n");
            }
        }
        catch (Exception)
        {
            // Whatever it is, a person in the middle of a line is not the one to be told.
        }

        return ExitCode.Ok;
    }

    private static async IAsyncEnumerable<Completion> OfAsync(List<string> words, Surroundings around)
    {
        var globals = new GlobalOptions();
        var root = CommandTree.Build(globals);
        string[] before = [.. words.SkipLast(1)];
        var last = words.Count == 0 ? "" : words[^1];
        if (Find(root, before) is not { } place)
        {
            yield break;
        }

        // --name=value is one word for some shells, and what they get must begin with all of it.
        var stem = "";
        if (place.Valued is null && last.StartsWith('-') && last.IndexOf('=', StringComparison.Ordinal) is > 0 and var cut)
        {
            place = place with { Valued = OptionOf(place.Command, root, last[..cut]) };
            (stem, last) = (last[..(cut + 1)], last[(cut + 1)..]);
            if (place.Valued is null)
            {
                yield break;
            }
        }

        // Of a list the last entry is completed.
        var entry = last.LastIndexOf(',') + 1;
        stem += last[..entry];
        last = last[entry..];
        foreach (var word in Candidates(place, root, last).Where(word => Begins(word.Word, last)))
        {
            yield return word with { Word = stem + word.Word };
        }

        if (IdsIn(place, last) is { } kind)
        {
            using var session = new Session(
                root.Parse(before, new ParserConfiguration { ResponseFileTokenReplacer = null }), globals, around);
            foreach (var id in await IdsAsync(session, kind, last))
            {
                yield return id with { Word = stem + id.Word };
            }
        }
    }

    private static Place? Find(RootCommand root, IEnumerable<string> before)
    {
        var place = new Place(root, null, 0);
        foreach (var word in before)
        {
            if (word == "--")
            {
                // What follows is another program's.
                return null;
            }

            place = place switch
            {
                { Valued: not null } => place with { Valued = null },
                _ when word.StartsWith('-') => place with
                {
                    Valued = OptionOf(place.Command, root, word) is { } option && TakesValue(option) ? option : null,
                },
                _ when SubcommandOf(place.Command, word) is { } command => new(command, null, 0),
                _ => place with { Arguments = place.Arguments + 1 },
            };
        }

        return place;
    }

    private static IEnumerable<Completion> Candidates(Place place, RootCommand root, string last)
    {
        if (place.Valued is { } option)
        {
            return Values(option.CompletionSources);
        }

        if (last.StartsWith('-'))
        {
            return place.Command.Options.Concat(root.Options.Where(global => global.Recursive)).Distinct()
                .Where(known => !known.Hidden)
                .Select(known => new Completion(known.Name, known.Description));
        }

        return place.Command.Subcommands.Where(command => !command.Hidden)
            .Select(command => new Completion(command.Name, command.Description))
            .Concat(ArgumentAt(place) is { } argument ? Values(argument.CompletionSources) : []);
    }

    private static IEnumerable<Completion> Values(
        IEnumerable<Func<CompletionContext, IEnumerable<CompletionItem>>> sources) =>
        sources.SelectMany(source => source(CompletionContext.Empty)).Select(item => new Completion(item.Label, null));

    private static IdKind? IdsIn(Place place, string last) => place.Valued is { } option ? (option as INamesIds)?.Kind
        : last.StartsWith('-') ? null
        : (ArgumentAt(place) as INamesIds)?.Kind;

    private static async Task<IEnumerable<Completion>> IdsAsync(Session session, IdKind kind, string prefix)
    {
        if (prefix.Length > 0 && !HolderId.IsWellFormed(prefix))
        {
            return [];
        }

        switch (kind)
        {
            case IdKind.Task:
                var tasks = await session.Work.TasksAsync(
                    new() { IdPrefix = prefix.Length == 0 ? null : prefix }, session.Stop);

                // The newest first: an old one is rarely meant.
                return tasks.Reverse().Select(task =>
                    new Completion(task.Id.Value, $"{task.Status.Name()}: {task.Title}"));
            case IdKind.Agent:
                var roster = await session.Work.SnapshotAsync(session.Stop);
                return roster.Agents.Where(agent => Begins(agent.Id.Value, prefix))
                    .Select(agent => new Completion(agent.Id.Value, agent.Role));
            case IdKind.Message:
                var messages = await session.Messages.MessagesAsync(new()
                {
                    IdPrefix = prefix.Length == 0 ? null : prefix,
                    Limit = Most,
                    Newest = true,
                }, session.Stop);
                return messages.Reverse().Select(message => new Completion(
                    message.Draft.Id.Value, $"{message.Draft.From}: {message.Draft.Subject ?? message.Draft.Text}"));
            default:
                throw new ArgumentOutOfRangeException(nameof(kind));
        }
    }

    private static Argument? ArgumentAt(Place place)
    {
        var arguments = place.Command.Arguments;
        if (arguments.Count == 0)
        {
            return null;
        }

        var at = Math.Min(place.Arguments, arguments.Count - 1);
        return at < place.Arguments && arguments[at].Arity.MaximumNumberOfValues <= 1 ? null : arguments[at];
    }

    private static Command? SubcommandOf(Command command, string word) =>
        command.Subcommands.FirstOrDefault(sub => sub.Name == word || sub.Aliases.Contains(word));

    private static Option? OptionOf(Command command, RootCommand root, string word) => command.Options.Concat(root.Options)
        .FirstOrDefault(option => option.Name == word || option.Aliases.Contains(word));

    private static bool TakesValue(Option option) => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;

    private static bool Begins(string word, string prefix) => word.StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>
    /// The words as they were meant: bash cuts them at <c>=</c> and <c>:</c> and expects the last piece alone; PowerShell
    /// can hand over an empty word only as two quotes.
    /// </summary>
    private static List<string> Whole(IReadOnlyList<string> typed)
    {
        var words = new List<string>();
        for (var i = 0; i < typed.Count; i++)
        {
            var word = typed[i] == "\"\"" ? "" : typed[i];
            var isLast = i == typed.Count - 1;
            if (word == "=" && words.Count > 0)
            {
                // The value of an option stands in a word of its own then, and is parsed the same.
                if (isLast)
                {
                    words.Add("");
                }
            }
            else if (i > 1 && (word == ":" || typed[i - 1] == ":"))
            {
                words[^1] += word;
            }
            else
            {
                words.Add(word);
            }
        }

        return words;
    }
}
