using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>What reading another system's records gives.</summary>
public abstract record ImportReading
{
    private ImportReading() { }

    /// <summary>All could be read.</summary>
    /// <param name="Batch">What is to be taken in.</param>
    /// <param name="Report">How it was read.</param>
    public sealed record Whole(ImportBatch Batch, ImportReport Report) : ImportReading
    {
        /// <summary>What is to stand in the workspace beside the store.</summary>
        public ImmutableArray<SourceFile> Files { get; init; } = [];
    }

    /// <summary>There is nothing to read at that place.</summary>
    /// <param name="Message">What is missing.</param>
    /// <param name="Hint">What to do next.</param>
    public sealed record Missing(string Message, string Hint) : ImportReading;

    /// <summary>A record is damaged, so none is taken in.</summary>
    /// <param name="Message">Which file, where in it, and what is wrong.</param>
    /// <param name="Hint">What to do next.</param>
    public sealed record Damaged(string Message, string Hint) : ImportReading;
}

/// <summary>How an import read its source: which files, and what did not come over as it is.</summary>
/// <param name="Files">The files that an import looks for, in the order of reading.</param>
/// <param name="FloorNamedIn">Where the highest epoch stands, as <c>file:line</c>; null if nowhere.</param>
/// <param name="Findings">In the order of reading.</param>
public sealed record ImportReport(
    ImmutableArray<ImportFile> Files, string? FloorNamedIn, ImmutableArray<ImportFinding> Findings);

/// <summary>A file that an import looks for.</summary>
/// <param name="File">Its path below the source.</param>
/// <param name="IsThere">Whether it was found.</param>
/// <param name="Records">How many records it holds.</param>
/// <param name="Kind">Of what: <c>tasks</c>, <c>agents</c>, <c>lines</c> and the like.</param>
public sealed record ImportFile(string File, bool IsThere, int Records, string Kind);

/// <summary>A file of the source that is to stand in the workspace.</summary>
/// <param name="File">Its path below the source, and below the workspace.</param>
/// <param name="Bytes">What it holds.</param>
public sealed record SourceFile(string File, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The title of the task that it describes; null where it is no spec.</summary>
    public string? SpecTitle { get; init; }
}

/// <summary>What kind of thing an import has to say of a record.</summary>
public enum FindingKind
{
    /// <summary>The source contradicts itself; the message says what was believed.</summary>
    Disagreement,

    /// <summary>A value was taken in as another.</summary>
    Changed,

    /// <summary>Something was not taken in.</summary>
    LeftOut,
}

/// <summary>The words for findings.</summary>
public static class FindingKinds
{
    private static readonly string[] Names = ["disagreement", "changed", "left_out"];

    /// <summary>The word, as <c>left_out</c>.</summary>
    public static string Name(this FindingKind kind) => Names[(int)kind];
}

/// <summary>One thing that did not come over as it stands in the source.</summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="File">The path below the source.</param>
/// <param name="Line">The first line spoken of, from 1; null where it is the whole file.</param>
/// <param name="Message">One line for a person.</param>
public sealed record ImportFinding(FindingKind Kind, string File, int? Line, string Message);
