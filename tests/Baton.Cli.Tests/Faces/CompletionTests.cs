using System.Diagnostics;

namespace Baton.Cli.Tests;

/// <summary>What shells are told, and the scripts that ask for it.</summary>
public sealed class CompletionTests
{
    private static readonly string NewLine = "\n";

    [Theory]
    [InlineData("task\tdurable tasks", "tas")]
    [InlineData("show\teverything about one task", "task", "sho")]
    [InlineData("--title\tone line", "task", "create", "--tit")]
    [InlineData("--election\twhich election (main)", "--json", "status", "--elec")]
    [InlineData("completed", "task", "list", "--status", "comp")]
    [InlineData("--status=completed", "task", "list", "--status=comp")]
    [InlineData("completed", "task", "list", "--status", "=", "comp")]
    [InlineData("critical\nhigh\nmedium\nlow", "task", "create", "--priority", "=")]
    [InlineData("bash\nzsh\nfish\npwsh", "completion", "")]
    [InlineData("bash\nzsh\nfish\npwsh", "completion", "\"\"")]
    [InlineData("single-leader,graceful-handover", "validate", "--only", "single-leader,grac")]
    [InlineData("bash", "--store", "sqlite", ":", "x.db", "completion", "ba")]
    [InlineData("", "completion", "bash", "")]
    [InlineData("", "run", "--", "")]
    [InlineData("", "task", "create", "--title", "ta")]
    [InlineData("", "nonsense", "--wrong=")]
    public async Task The_last_word_is_completed(string expected, params string[] typed)
    {
        var played = await new Stage().PlayAsync([Completions.Verb, .. typed]);
        Assert.Equal(new(ExitCode.Ok, expected.Length == 0 ? "" : expected + NewLine, ""),
            played with { Out = played.Out.Replace("show everything", "everything", StringComparison.Ordinal) });
    }

    [Fact]
    public async Task Ids_come_with_what_they_name_the_newest_first()
    {
        var stage = await Stage.BusyAsync();
        var played = await stage.PlayAsync(Completions.Verb, "task", "show", "task_1767");
        var lines = played.Out.Split(NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.EndsWith("\tcompleted: Buy a ladder", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("\tin_progress: Mend the roof", lines[2], StringComparison.Ordinal);
        var urgent = lines[2].Split('\t')[0];

        Assert.Equal(played.Out, (await stage.PlayAsync(Completions.Verb, "task", "claim", "task_1767")).Out);
        Assert.Equal($"--depends-on=x,{lines[2]}\n", (await stage.PlayAsync(
            Completions.Verb, "task", "create", $"--depends-on=x,{urgent}")).Out);
        Assert.Equal(lines[2] + NewLine,
            (await stage.PlayAsync(Completions.Verb, "task", "dep", "add", "x", urgent)).Out);
        Assert.StartsWith("bob", (await stage.PlayAsync(Completions.Verb, "agent", "show", "b")).Out, StringComparison.Ordinal);
        Assert.StartsWith("bob", (await stage.PlayAsync(Completions.Verb, "task", "list", "--assigned-to", "b")).Out,
            StringComparison.Ordinal);
        Assert.Empty((await stage.PlayAsync(Completions.Verb, "task", "show", urgent, "")).Out);
        await stage.PlayAsync("message", "send", "it holds", "--all", "--id", "msg-1");
        Assert.Equal("msg-1\tann: it holds\n",
            (await stage.PlayAsync(Completions.Verb, "message", "send", "yes", "--reply-to", "msg")).Out);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_good_store_there_is_silence_and_nothing_is_made(bool isBroken)
    {
        using var folder = new TemporaryFolder();
        if (isBroken)
        {
            Directory.CreateDirectory(Path.Combine(folder.Path, ".baton"));
            await File.WriteAllBytesAsync(
                Path.Combine(folder.Path, ".baton", "baton.db"), [], TestContext.Current.CancellationToken);
        }

        var before = Directory.GetFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories);
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(ExitCode.Ok, await CommandLine.RunAsync([Completions.Verb, "task", "show", ""], new()
        {
            Out = output,
            Error = error,
            In = TextReader.Null,
            Variable = _ => null,
            WorkingFolder = folder.Path,
            Ids = new(BootClock.Instance, bytes => bytes.Clear()),
            Stop = TestContext.Current.CancellationToken,
        }));
        Assert.Empty(output.ToString() + error);
        Assert.Equal(before, Directory.GetFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("pwsh")]
    public async Task A_script_asks_the_program(string shell) =>
        Golden.Check($"completion-{shell}", await new Stage().PlayAsync("completion", shell));

    [Theory]
    [InlineData("baton task sho", "show")]
    [InlineData("baton task list --status comp", "completed")]
    [InlineData("baton task list --status = comp", "completed")]
    [InlineData("baton task show task_1", "TASK")]
    [InlineData("baton run -- ", "")]
    public async Task Bash_completes_with_the_script(string line, string expected)
    {
        using var folder = new TemporaryFolder();
        await RunAsync("init", folder.Path);
        var id = (await RunAsync("task", "create", "--title", "A", "--store", $"sqlite:{folder.Path}/.baton/baton.db")).Trim();
        var program = Path.Combine(AppContext.BaseDirectory, OwnProgram.Command[0]);
        var words = string.Join(' ', line.Split(' ').Select(word => $"'{word}'"));
        var script = $$"""
            source <("$PROGRAM" completion bash)
            cd "$FOLDER"
            COMP_WORDS=({{words}})
            COMP_WORDS[0]=$PROGRAM
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _baton
            printf '%s\n' "${COMPREPLY[@]}"
            complete -p baton >&2
            """;
        var start = new ProcessStartInfo("bash", ["-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PROGRAM"] = program;
        start.Environment["FOLDER"] = folder.Path;
        using var bash = Process.Start(start)!;
        var output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("-F _baton baton", await bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(expected == "TASK" ? id : expected, output.Trim());
    }

    private static async Task<string> RunAsync(params string[] words)
    {
        var start = new ProcessStartInfo(OwnProgram.Command[0], [.. OwnProgram.Command.Skip(1), .. words])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        return await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
