using System.Collections.Immutable;

namespace Baton.Cli;

/// <summary>How a child process is to be started.</summary>
/// <param name="Command">The program, looked for on the PATH, and its arguments.</param>
internal sealed record ChildStart(ImmutableArray<string> Command)
{
    /// <summary>Changes to this process's environment for the child; null takes a variable away.</summary>
    public ImmutableDictionary<string, string?> Environment { get; init; } =
        ImmutableDictionary<string, string?>.Empty;

    /// <summary>Where it works; null: here.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Whether it begins a session, so that it gets no Ctrl-C of ours and its tree can be signalled as one.
    /// </summary>
    public bool OwnSession { get; init; }

    /// <summary>Whether it reads our standard input; else it finds it empty.</summary>
    public bool InheritsInput { get; init; }

    /// <summary>Where its standard output goes.</summary>
    public ChildOutput Output { get; init; } = ChildOutput.Same;

    /// <summary>Where its standard error goes.</summary>
    public ChildOutput Errors { get; init; } = ChildOutput.Same;

    /// <summary>Descriptors that it inherits under their own number.</summary>
    public ImmutableArray<int> Inherits { get; init; } = [];

    /// <summary>
    /// An assignment in its environment, as <c>BATON_CLAIM=3-9f8e</c>, by which a descendant is known that
    /// left the session and lost its parent; null: such ones are not looked for.
    /// </summary>
    public string? Mark { get; init; }

    /// <summary>
    /// Whether orphans that this process adopts belong to its tree: right where it is the only child that
    /// could leave any.
    /// </summary>
    public bool OwnsOrphans { get; init; }
}

/// <summary>Where an output of a child goes.</summary>
internal abstract record ChildOutput
{
    private ChildOutput() { }

    /// <summary>Where ours goes.</summary>
    public static readonly ChildOutput Same = new Inherited();

    /// <summary>To our standard error.</summary>
    public static readonly ChildOutput OurErrors = new Descriptor(2);

    /// <summary>Where ours goes.</summary>
    public sealed record Inherited : ChildOutput;

    /// <summary>To one of our descriptors.</summary>
    public sealed record Descriptor(int File) : ChildOutput;

    /// <summary>To the end of a file, made if need be.</summary>
    public sealed record ToFile(string Path) : ChildOutput;

    /// <summary>Line by line to a receiver, on a thread of the pipe's own.</summary>
    public sealed record Lines(Action<string> Take) : ChildOutput
    {
        /// <summary>Takes the same as it comes, before the lines.</summary>
        public ChunkTaker? Raw { get; init; }
    }

    /// <summary>As it comes to a receiver, on a thread of the pipe's own.</summary>
    public sealed record Chunks(ChunkTaker Take) : ChildOutput;
}

/// <summary>How a child ended.</summary>
/// <param name="Code">Its exit code; null when a signal ended it.</param>
/// <param name="Signal">The signal that ended it.</param>
internal readonly record struct ChildExit(int? Code, int? Signal)
{
    /// <summary>The exit code as shells count: 128 and the signal where one ended it.</summary>
    public int ShellCode => Code ?? (128 + Signal ?? 0);

    /// <summary>Whether it exited with 0.</summary>
    public bool IsSuccess => Code == 0;

    /// <summary>For a person.</summary>
    public override string ToString() => Signal is { } signal ? $"ended by signal {signal}" : $"exit code {Code}";
}
