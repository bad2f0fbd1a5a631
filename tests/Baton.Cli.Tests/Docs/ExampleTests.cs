using System.CommandLine;
using System.Text.RegularExpressions;

namespace Baton.Cli.Tests;

/// <summary>Every command's help begins with examples, and each of them is a command line that is understood.</summary>
public sealed partial class ExampleTests
{
    private static readonly RootCommand Root = CommandTree.Build(new());

    public static TheoryData<string> Lines => [.. Shown().SelectMany(Examples.Of)];

    [Fact]
    public void Every_command_has_one_to_three() => Assert.Empty(
        Shown().Where(command => Examples.Of(command).Count is < 1 or > 3).Select(Name));

    [Fact]
    public void None_is_of_a_command_that_is_not_there() => Assert.Empty(Examples.Paths.Except(Shown().Select(Name)));

    [Theory]
    [MemberData(nameof(Lines))]
    public void Each_is_understood(string line)
    {
        var commands = Part().Matches(line);
        Assert.NotEmpty(commands);
        foreach (Match command in commands)
        {
            var words = Word().Matches(command.Value).Skip(1).Select(word => word.Value.Trim('\''));
            var parsed = Root.Parse([.. words]);
            Assert.Empty(parsed.Errors.Select(error => error.Message));
            Assert.IsType<Verb>(parsed.CommandResult.Command);
        }
    }

    [Theory]
    [InlineData("help", "--help")]
    [InlineData("help-task", "task", "--help")]
    [InlineData("help-create", "task", "create", "--help")]
    [InlineData("help-import", "import", "hyrm", "-h")]
    [InlineData("help-none")]
    public async Task Help_begins_with_them(string name, params string[] args)
    {
        var played = await new Stage().PlayAsync(args);
        Assert.StartsWith("Examples:\n  baton ", played.Out + played.Error, StringComparison.Ordinal);
        Golden.Check(name, played);
    }

    private static IEnumerable<Command> Shown() => Below(Root).Where(command => !command.Hidden);

    private static IEnumerable<Command> Below(Command command) => command.Subcommands.SelectMany(Below).Prepend(command);

    private static string Name(Command command) => string.Join(' ', CommandLine.PathOf(command));

    [GeneratedRegex("baton (?:'[^']*'|[^'&|)])*")]
    private static partial Regex Part();

    [GeneratedRegex(@"'[^']*'|\S+")]
    private static partial Regex Word();
}
