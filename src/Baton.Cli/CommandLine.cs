using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Baton.Cli;

/// <summary>The way of a command: parse, run, exit code.</summary>
internal static partial class CommandLine
{
    /// <summary>The program's version, as <c>--version</c> prints it.</summary>
    public static string Version { get; } = typeof(CommandLine).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs one command line; never throws.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Surroundings around)
    {
        if (args.Count > 0 && args[0] == Completions.Verb)
        {
            return await Completions.RunAsync([.. args.Skip(1)], around);
        }

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
                Examples.WriteHelp(parsed, around.Out);
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
            return Fail(session, parsed.CommandResult.Command, e, around);
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

        Examples.WriteHelp(root.Parse([.. PathOf(command), "--help"]), session.Around.Error);
        return ExitCode.Usage;
    }

    private static int Fail(Session session, Command command, Exception e, Surroundings around)
    {
        var failure = ErrorTable.FailureOf(e, around.Stop.IsCancellationRequested);
        if (failure is { Code: ErrorCode.Usage, Hint: null })
        {
            failure = CommandFailure.Usage(failure.Message, HelpOf(command));
        }

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

    private static string HelpOf(Command command) => $"{string.Join(' ', PathOf(command).Prepend("baton"))} --help";

    private static void Check(ParseResult parsed, RootCommand root)
    {
        var command = parsed.CommandResult.Command;
        var slip = SlipOf(parsed);
        if (parsed.Errors.Count == 0 && slip is null)
        {
            return;
        }

        var unknown = slip?.Value ?? (parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null);
        if (unknown is null)
        {
            throw CommandFailure.Usage(Prefixed(Explain(parsed.Errors[0].Message)));
        }

        var isOption = unknown.StartsWith('-');
        var known = isOption
            ? command.Options.Concat(root.Options).Where(option => !option.Hidden).Select(option => option.Name)
            : command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name);
        var what = isOption ? "option" : command.Subcommands.Count > 0 ? "command" : "argument";
        var literally = slip is not null && TakesText(command) ? "; what begins with - and is no option goes after --" : "";
        throw CommandFailure.Usage(Prefixed($"unknown {what} '{unknown}'{Choices.Meant(unknown.Split('=')[0], known)}"),
            HelpOf(command) + literally);

        // The line begins with the program's name anyway.
        string Prefixed(string message) => command == root ? message : $"{string.Join(' ', PathOf(command))}: {message}";
    }

    /// <summary>
    /// A mistyped option, which the parser hands to whatever argument the command has; null where there is none. What
    /// stands after <c>--</c>, or behind an option that takes a value, is meant as it is.
    /// </summary>
    private static Token? SlipOf(ParseResult parsed)
    {
        var literal = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash)
            .ToHashSet<Token>(ReferenceEqualityComparer.Instance);
        return parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(result => result.Tokens.Where(token => token.Value.Length > 1 && token.Value[0] == '-'
                && !literal.Contains(token) && !(IsNumber(result.Argument.ValueType)
                    && long.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))))
            .FirstOrDefault();
    }

    private static bool TakesText(Command command) => command.Arguments.Any(argument =>
        argument is not INamesIds && !IsNumber(argument.ValueType));

    private static bool IsNumber(Type type) => type == typeof(long?) || type == typeof(int?);

    // The parser ends its sentences with a point and speaks of .NET types.
    private static string Explain(string message)
    {
        if (NoNumber().Match(message) is { Success: true } wrong)
        {
            var (value, what) = (wrong.Groups["value"].Value, wrong.Groups["option"].Value);
            return $"{(what.Length > 0 ? $"{what} " : "")}'{value}' is "
                + (value.All(char.IsAsciiDigit) ? "too large a number" : "no whole number");
        }

        var cut = message.IndexOf(" as expected type", StringComparison.Ordinal);
        var words = (cut < 0 ? message : message[..cut]).TrimEnd('.');
        return words.Length == 0 ? message : char.ToLowerInvariant(words[0]) + words[1..];
    }

    [GeneratedRegex(@"\ACannot parse argument '(?<value>.*)' for (?:command '[^']*'|option '(?<option>[^']*)')"
        + @" as expected type '.*Int(?:32|64)\b", RegexOptions.Singleline)]
    private static partial Regex NoNumber();
}
