using System.CommandLine;
using System.Text;

namespace Baton.Cli;

/// <summary><c>baton completion SHELL</c>: a script that completes commands and options.</summary>
internal static class CompletionCommand
{
    public static Verb Declare()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        return new("completion", "print a script that completes commands in a shell", session =>
        {
            session.Output.Line(Script(session.Get(shell)!, [.. Words(session.Root, "")]).TrimEnd());
            return Task.FromResult(ExitCode.Ok);
        })
        { shell };
    }

    private static string Script(string shell, IReadOnlyList<(string Path, string Words)> paths) => shell switch
    {
        "bash" => Bash(paths),
        "zsh" => "autoload -U +X bashcompinit && bashcompinit\n" + Bash(paths),
        "fish" => Fish(paths),
        _ => PowerShell(paths),
    };

    // Each command's path, and what may be typed after it.
    private static IEnumerable<(string Path, string Words)> Words(Command command, string path)
    {
        var words = command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name)
            .Concat(command.Options.Where(option => !option.Hidden).Select(option => option.Name));
        yield return (path, string.Join(' ', words));
        foreach (var sub in command.Subcommands.Where(sub => !sub.Hidden))
        {
            foreach (var deeper in Words(sub, path.Length == 0 ? sub.Name : $"{path} {sub.Name}"))
            {
                yield return deeper;
            }
        }
    }

    private static string Bash(IReadOnlyList<(string Path, string Words)> paths)
    {
        var script = new StringBuilder("_baton() {\n  local path=() word\n");
        script.Append("  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n");
        script.Append("    [[ $word == -- ]] && return\n    [[ $word == -* ]] || path+=(\"$word\")\n  done\n");
        script.Append("  case \"${path[*]}\" in\n");
        foreach (var (path, words) in paths)
        {
            script.Append($"    \"{path}\"{(path.Contains(' ', StringComparison.Ordinal) ? "*" : "")}) ");
            script.Append($"COMPREPLY=($(compgen -W \"{words}\" -- \"${{COMP_WORDS[COMP_CWORD]}}\"));;\n");
        }

        return script.Append("  esac\n}\ncomplete -o default -F _baton baton\n").ToString();
    }

    private static string Fish(IReadOnlyList<(string Path, string Words)> paths)
    {
        var script = new StringBuilder("complete -c baton -f\n");
        foreach (var (path, words) in paths)
        {
            var condition = path.Length == 0
                ? "__fish_use_subcommand"
                : string.Join("; and ", path.Split(' ').Select(word => $"__fish_seen_subcommand_from {word}"));
            script.Append($"complete -c baton -n '{condition}' -a '{words}'\n");
        }

        return script.ToString();
    }

    private static string PowerShell(IReadOnlyList<(string Path, string Words)> paths)
    {
        var script = new StringBuilder("Register-ArgumentCompleter -Native -CommandName baton -ScriptBlock {\n");
        script.Append("  param($wordToComplete, $commandAst, $cursorPosition)\n  $words = @{\n");
        foreach (var (path, words) in paths)
        {
            script.Append($"    '{path}' = '{words}'\n");
        }

        script.Append("  }\n  $path = @($commandAst.CommandElements | Select-Object -Skip 1"
            + " | ForEach-Object { \"$_\" }");
        script.Append(" | Where-Object { $_ -notlike '-*' -and $_ -ne $wordToComplete }) -join ' '\n");
        script.Append("  \"$($words[$path])\" -split ' ' | Where-Object { $_ -like \"$wordToComplete*\" }\n}\n");
        return script.ToString();
    }
}
