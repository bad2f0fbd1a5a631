using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// What a Markdown spec says: the task, its sections as a person reads them, its history. Notes and description
/// stand in the task; the sections hold them once more as they are written.
/// </summary>
/// <param name="Task">The task that the spec describes; what a spec does not tell has its default.</param>
/// <param name="Sections">In the order of the file.</param>
/// <param name="History">The rows of the history table.</param>
public sealed record TaskSpec(
    DurableTask Task, ImmutableArray<SpecSection> Sections, ImmutableArray<SpecRow> History)
{
    /// <summary>Whether a section of this name holds the table of <see cref="History"/>.</summary>
    public static bool IsHistory(string name) => name.Equals(SpecLayout.History, StringComparison.OrdinalIgnoreCase);

    /// <summary>The section of a name, whatever its letters' case; null where there is none.</summary>
    public SpecSection? Section(string name) =>
        Sections.FirstOrDefault(section => section.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>A section of a spec.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Text">What stands below the heading, byte for byte but for blank lines around it.</param>
/// <param name="Line">The line of the heading, from 1; 0 for one that no file holds yet.</param>
public sealed record SpecSection(string Name, string Text, int Line)
{
    /// <summary>The entries of its lists, one after the other.</summary>
    public ImmutableArray<SpecItem> Items { get; init; } = [];
}

/// <summary>An entry of a list in a section.</summary>
/// <param name="Text">One line.</param>
/// <param name="Phase">The bold line above the list, as <c>Phase 1: Analysis</c>; null where there is none.</param>
/// <param name="Done">Whether its box is ticked; null where it has no box.</param>
public sealed record SpecItem(string Text, string? Phase, bool? Done);

/// <summary>A row of the history table.</summary>
/// <param name="Date">The time, as it is written.</param>
/// <param name="Event">What happened.</param>
public sealed record SpecRow(string Date, string Event);

/// <summary>What kind of thing is wrong with a spec.</summary>
public enum SpecFault
{
    /// <summary>It can't be read as it was meant.</summary>
    Damage,

    /// <summary>It says something else than the store.</summary>
    Drift,
}

/// <summary>Something wrong with a spec.</summary>
/// <param name="Fault">What kind of thing.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Message">One line for a person.</param>
public sealed record SpecFinding(SpecFault Fault, int Line, string Message);
