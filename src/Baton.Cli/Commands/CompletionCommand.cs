using System.CommandLine;

namespace Baton.Cli;

/// <summary>
/// <c>baton completion SHELL</c>: a script that asks the program itself, by <see cref="Completions"/>, what the word
/// under the cursor may become. Where the program knows nothing, the shell completes files.
/// </summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # bash completion of baton; in ~/.bashrc: source <(baton completion bash)
        _baton() {
          local line
          COMPREPLY=()
          while IFS= read -r line; do
            COMPREPLY+=("${line%%$'\t'*}")
          done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
        }
        complete -o default -F _baton baton
        """;

    private const string Zsh = """
        #compdef baton
        # zsh completion of baton; in ~/.zshrc, after compinit: source <(baton completion zsh)
        _baton() {
          local line
          local -a values shown
          for line in "${(@f)$("${~words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
            [[ -n $line ]] || continue
            values+=("${line%%$'\t'*}")
            shown+=("${line/$'\t'/  -- }")
          done
          if (( ${#values} )); then
            compadd -l -d shown -a values
          else
            _files
          fi
        }
        if [[ ${funcstack[1]-} == _baton ]]; then
          _baton
        else
          compdef _baton baton
        fi
        """;

    private const string Fish = """
        # fish completion of baton; in ~/.config/fish/config.fish: baton completion fish | source
        function __baton_complete
          set -l words (commandline -opc)
          set -l last (commandline -ct)
          set -l found ($words[1] __complete $words[2..] "$last" 2>/dev/null)
          if test (count $found) -gt 0
            printf '%s\n' $found
          else
            __fish_complete_path "$last"
          end
        end
        complete -c baton -f -a '(__baton_complete)'
        """;

    private const string PowerShell = """
        # PowerShell completion of baton; in $PROFILE: baton completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName baton -ScriptBlock {
          param($wordToComplete, $commandAst, $cursorPosition)
          $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
            ForEach-Object { "$_" })
          if ($words.Count -eq 0) { return }
          $rest = @($words | Select-Object -Skip 1)
          $last = if ($wordToComplete) { $wordToComplete } else { '""' }
          & $words[0] __complete @rest $last 2>$null | ForEach-Object {
            $value, $meaning = $_ -split "`t", 2
            if (-not $meaning) { $meaning = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $meaning)
          }
        }
        """;

    public static Verb Declare()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh" };
        Choices.Among(shell, "bash", "zsh", "fish", "pwsh");
        return new("completion", "print a script that completes commands, options and ids in a shell", session =>
        {
            session.Output.Line(Script(session.Get(shell)!));
            return Task.FromResult(ExitCode.Ok);
        })
        { shell };
    }

    private static string Script(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => PowerShell,
    };
}
