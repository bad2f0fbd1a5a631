using System.CommandLine;

namespace Baton.Cli;

/// <summary><c>baton help [COMMAND]</c>: what <c>--help</c> prints, asked for by a word.</summary>
internal static class HelpCommand
{
    public static Verb Declare()
    {
        var words = new Argument<string[]>("COMMAND")
        {
            Description = "a command, as it is typed; none: all of them",
            Arity = ArgumentArity.ZeroOrMore,
        };
        return new("help", "show how a command is used", session => Run(session, session.Get(words) ?? [])) { words };
    }

    private static Task<int> Run(Session session, string[] words)
    {
        var command = session.Root;
        foreach (var word in words)
        {
            var known = command.Subcommands.Where(sub => !sub.Hidden).ToArray();
            command = Array.Find(known, sub => sub.Name == word) ?? throw CommandFailure.Usage(
                $"help: unknown command '{string.Join(' ', [.. CommandLine.PathOf(command), word])}'"
                + Choices.Meant(word, known.Select(sub => sub.Name)), "baton help");
        }

        Examples.WriteHelp(session.Root.Parse([.. CommandLine.PathOf(command), "--help"]), session.Around.Out);
        return Task.FromResult(ExitCode.Ok);
    }
}
