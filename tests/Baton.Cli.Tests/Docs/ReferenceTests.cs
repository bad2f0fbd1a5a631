using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Baton.Tests;

namespace Baton.Cli.Tests;

/// <summary>The reference knows every command, option, error code and exit code, and invents none.</summary>
public sealed partial class ReferenceTests
{
    private static readonly GlobalOptions Globals = new();
    private static readonly RootCommand Root = CommandTree.Build(Globals);

    /// <summary>
    /// A command that the reference shows: how it is typed, and the section that explains it.
    /// </summary>
    private sealed record Shown(Command Command, string Line, string Section);

    private static IEnumerable<Command> Commands => Below(Root).Where(command => command is Verb && !command.Hidden);

    [Fact]
    public void Every_command_has_its_synopsis() => Assert.Empty(
        Commands.Except(Synopses().Select(shown => shown.Command)).Select(Name));

    [Fact]
    public void Every_option_is_named_where_its_command_is_explained() => Assert.Empty(
        from command in Commands
        let sections = Synopses().Where(shown => shown.Command == command).Select(shown => shown.Section)
        from option in Own(command)
        from name in Names(option)
        where !sections.Any(section => Words(section).Contains(name))
        select $"{Name(command)} {name}");

    [Fact]
    public void Every_global_option_is_named() => Assert.Empty(
        Globals.All.Concat(Root.Options.OfType<HelpOption>()).SelectMany(Names).Except(Words(Page("cli.md"))));

    [Fact]
    public void No_synopsis_shows_an_option_that_is_not_there() => Assert.Empty(
        from shown in Synopses()
        from word in Words(shown.Line)
        where word.StartsWith("--", StringComparison.Ordinal) && word.Length > 2
            && !Own(shown.Command).SelectMany(Names).Contains(word)
        select $"{shown.Line}: {word}");

    [Fact]
    public void Every_error_code_stands_with_what_follows_from_it()
    {
        var expected = ErrorTable.Codes.Select(code => (code, ErrorTable.Of(code)))
            .Select(pair => $"{pair.code} {pair.Item2.ExitCode} {(pair.Item2.IsRetryable ? "yes" : "no")}");
        var told = CodeRow().Matches(Page("errors.md"))
            .Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value} {row.Groups[3].Value}");
        Assert.Equal(expected.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_fault_of_a_store_is_in_the_table_of_errors() => Assert.Empty(
        Constants(typeof(StoreFault)).Select(value => (string)value).Except(ErrorTable.Codes));

    [Fact]
    public void Every_exit_code_has_a_meaning() => Assert.Equal(
        Constants(typeof(ExitCode)).Select(value => (int)value).Order(),
        ExitRow().Matches(Page("errors.md"))
            .Select(row => int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture)).Order());

    private static string Page(string name) => Repository.Text($"docs/reference/{name}");

    private static IEnumerable<Command> Below(Command command) =>
        command.Subcommands.SelectMany(Below).Prepend(command);

    private static string Name(Command command) => string.Join(' ', CommandLine.PathOf(command));

    private static IEnumerable<Option> Own(Command command) =>
        command.Options.Where(option => !option.Hidden && option is not HelpOption);

    private static IEnumerable<string> Names(Option option) => option.Aliases.Prepend(option.Name)
        .Where(name => name.StartsWith('-'));

    private static IEnumerable<object> Constants(Type type) => type
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.IsLiteral)
        .Select(field => field.GetRawConstantValue()!);

    private static HashSet<string> Words(string text) => [.. Word().Matches(text).Select(word => word.Value)];

    // A section's synopsis is its block of text whose lines begin with the program's name.
    private static IEnumerable<Shown> Synopses() =>
        from section in Section().Split(Page("cli.md"))
        from Match line in SynopsisLine().Matches(section)
        select new Shown(CommandOf(line.Value), line.Value, section);

    private static Command CommandOf(string line)
    {
        Command found = Root;
        foreach (var word in line.Split(' ').Skip(1))
        {
            if (found.Subcommands.FirstOrDefault(command => command.Name == word) is not { } next)
            {
                break;
            }

            found = next;
        }

        return found;
    }

    [GeneratedRegex(@"(?=(?:^|\n)## )")]
    private static partial Regex Section();

    [GeneratedRegex(@"(?<=\n)baton [^\n]*")]
    private static partial Regex SynopsisLine();

    [GeneratedRegex("(?<![A-Za-z0-9-])(?:--?[A-Za-z?][A-Za-z-]*)")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<=\n)\| `([a-z_]+)` \| (\d+) \| (yes|no) \|")]
    private static partial Regex CodeRow();

    [GeneratedRegex(@"(?<=\n)\| (\d+) \|")]
    private static partial Regex ExitRow();
}
