using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;

namespace Baton.Cli;

/// <summary>The way of a command: parse, run, exit code.</summary>
internal static class CommandLine
{
    /// <summary>The program's version, as <c>--version</c> prints it.</summary>
    public static string Version { get; } = typeof(CommandLine).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs one command line; never throws.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Surroundings around)
    {
        var globals = new GlobalOptions();
        var root = CommandTree.Build(globals);
        // No response files: an argument that begins with @ is an argument.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        using var session = new Session(parsed, globals, around);
        try
        {
            if (parsed.GetValue(globals.Version))
            {
                session.Output.Line($"baton {Version}");
                return ExitCode.Ok;
            }

            if (parsed.Action is HelpAction)
            {
                parsed.Invoke(new() { Output = around.Out, Error = around.Error });
                return ExitCode.Ok;
            }

            if (parsed.CommandResult.Command is not Verb verb)
            {
                return ShowFamily(session, parsed, root);
            }

            Check(parsed, root);
            return await verb.Run(session);
        }
        catch (Exception e)
        {
            return Fail(session, e, around);
        }
    }

    /// <summary>The words that name a command.</summary>
    public static IEnumerable<string> PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent && command is not RootCommand
            ? PathOf(parent).Append(command.Name)
            : [];

    // A family of commands, or nothing at all, was typed: show what there is.
    private static int ShowFamily(Session session, ParseResult parsed, RootCommand root)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.UnmatchedTokens.Count > 0 || session.Output.IsJson)
        {
            Check(parsed, root);
        }

        root.Parse([.. PathOf(command), "--help"]).Invoke(new() { Output = session.Around.Error });
        return ExitCode.Usage;
    }

    private static int Fail(Session session, Exception e, Surroundings around)
    {
        var failure = ErrorTable.FailureOf(e, around.Stop.IsCancellationRequested);
        try
        {
            session.Output.Error(failure, e);
        }
        catch (IOException)
        {
            // Nobody can be told; the exit code is all that is left.
        }

        return ErrorTable.Of(failure.Code).ExitCode;
    }

    private static void Check(ParseResult parsed, RootCommand root)
    {
        if (parsed.Errors.Count == 0)
        {
            return;
        }

        var command = parsed.CommandResult.Command;
        var words = string.Join(' ', PathOf(command).Prepend("baton"));
        var unknown = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        if (unknown is null)
        {
            throw CommandFailure.Usage(Prefixed(Explain(parsed.Errors[0].Message)), $"{words} --help");
        }

        var isOption = unknown.StartsWith('-');
        var known = isOption
            ? command.Options.Concat(root.Options).Where(option => !option.Hidden).Select(option => option.Name)
            : command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name);
        var what = isOption ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
        var near = Nearest(unknown, known);
        throw CommandFailure.Usage(Prefixed($"unknown {what} '{unknown}'"),
            near is null ? $"{words} --help" : $"did you mean {near}? See {words} --help");

        // The line begins with the program's name anyway.
        string Prefixed(string message) => command == root ? message : $"{words["baton ".Length..]}: {message}";
    }

    // The parser ends its sentences with a point and speaks of .NET types.
    private static string Explain(string message)
    {
        var cut = message.IndexOf(" as expected type", StringComparison.Ordinal);
        var words = (cut < 0 ? message : message[..cut]).TrimEnd('.');
        return words.Length == 0 ? message : char.ToLowerInvariant(words[0]) + words[1..];
    }

    private static string? Nearest(string word, IEnumerable<string> known) => known
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
