using Baton.Work;

namespace Baton.Cli;

/// <summary>A section of a spec.</summary>
internal sealed record SpecSectionJson(string Name, int Line, string Text, IReadOnlyList<SpecItemJson> Items)
{
    public static SpecSectionJson Of(SpecSection section) => new(section.Name, section.Line, section.Text,
        [.. section.Items.Select(item => new SpecItemJson(item.Text, item.Phase, item.Done))]);
}

/// <summary>An entry of a list in a section; <c>done</c> is null where it has no box.</summary>
internal sealed record SpecItemJson(string Text, string? Phase, bool? Done);

/// <summary>
/// What became of a spec: <c>written</c>, <c>updated</c>, <c>unchanged</c>, <c>adopted</c>, <c>missing</c>,
/// <c>unreadable</c>.
/// </summary>
internal sealed record SpecFileJson(string Id, string File, string Result, string? Backup, string? Message);

/// <summary>The Markdown of a spec.</summary>
internal sealed record SpecTextJson(string Id, string File, string Text);

/// <summary>A finding; <c>kind</c> is <c>damage</c> or <c>drift</c>.</summary>
internal sealed record SpecFindingJson(string File, int Line, string Kind, string Message);
