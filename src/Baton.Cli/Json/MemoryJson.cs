using System.Text.Json.Serialization;

namespace Baton.Cli;

/// <summary>A section of the working memory; <c>text</c> is left out of lists.</summary>
internal sealed record MemorySectionJson(
    long Number, string Title, string? Date, string File, int Line, bool Archived)
{
    /// <summary>The section as it stands, heading included.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>The lines that hold a word that was looked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MemoryLineJson>? Matches { get; init; }
}

/// <summary>A line of a file, from 1.</summary>
internal sealed record MemoryLineJson(int Line, string Text);

/// <summary>What became of a section; <c>number</c> is null where its key stands there already.</summary>
internal sealed record MemoryAppendJson(string File, long? Number, bool Written);

/// <summary>What <c>memory archive</c> moved, or would.</summary>
internal sealed record MemoryArchiveJson(string File, bool DryRun, IReadOnlyList<MemorySectionJson> Moved,
    string? Archive, string? Index, int Kept, long Bytes);
