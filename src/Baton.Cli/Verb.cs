using System.CommandLine;

namespace Baton.Cli;

/// <summary>
/// A command that can be run. Declared by one static class a file in <c>Commands/</c>: its options are local
/// to
/// <c>Declare()</c> and read by the closure that is <see cref="Run"/>.
/// </summary>
internal sealed class Verb : Command
{
    public Verb(string name, string description, Func<Session, Task<int>> run) : base(name, description)
    {
        Run = run;
        // The parser would demand a subcommand of a command that has some and no action of its own.
        SetAction(_ => ExitCode.Ok);
    }

    /// <summary>Runs it; gives the exit code. Failures are thrown as <see cref="CommandFailure"/>.</summary>
    public Func<Session, Task<int>> Run { get; }
}
