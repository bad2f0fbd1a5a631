using System.Collections.Immutable;
using System.Globalization;
using Markdig;
using Markdig.Syntax;

namespace Baton.Work;

/// <summary>A text nests its blocks too deeply to be read.</summary>
internal sealed class SpecDepthException() : Exception("its Markdown is nested too deeply to be read");

/// <summary>The words of the layout, said once for reader and writer.</summary>
internal static class SpecLayout
{
    public const string Problem = "Problem Statement";
    public const string Goals = "Goals";
    public const string Plan = "Implementation Plan";
    public const string Technical = "Technical Details";
    public const string Criteria = "Success Criteria";
    public const string Notes = "Notes";
    public const string History = "History";

    public const string Context = "**Additional Context**:";
    public const string Undefined = "to be defined";
    public const string TaskCreated = "Task created";
    public const string SpecGenerated = "Spec generated";

    /// <summary>The sections that every spec has, in their order.</summary>
    public static readonly ImmutableArray<string> Sections = [Problem, Goals, Plan, Criteria, Notes, History];

    private static readonly MarkdownPipeline Pipeline =
        new MarkdownPipelineBuilder().UsePreciseSourceLocation().UsePipeTables().Build();

    // What stands within a line can be nested without end, and decides nothing here.
    private static readonly MarkdownPipeline BlocksOnly = WithoutInlines();

    /// <summary>The blocks of a text, with their places in it.</summary>
    /// <exception cref="SpecDepthException">They are nested too deeply.</exception>
    public static MarkdownDocument Parse(string text) => TryParse(text) ?? throw new SpecDepthException();

    /// <summary>The blocks of a text; null where they are nested so deeply that only malice writes it.</summary>
    public static MarkdownDocument? TryParse(string text) => TryParse(text, Pipeline) ?? TryParse(text, BlocksOnly);

    private static MarkdownDocument? TryParse(string text, MarkdownPipeline pipeline)
    {
        try
        {
            return Markdown.Parse(text, pipeline);
        }
        catch (ArgumentException)
        {
            // The library's one way to say that a limit of depth was met.
            return null;
        }
    }

    private static MarkdownPipeline WithoutInlines()
    {
        var builder = new MarkdownPipelineBuilder().UsePreciseSourceLocation();
        builder.InlineParsers.Clear();
        return builder.Build();
    }

    /// <summary>A time as specs write it.</summary>
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Whether a section is one of the layout's own.</summary>
    public static bool IsKnown(string name) =>
        Sections.Append(Technical).Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a text only says that nothing was said yet, in this layout's words or the older one's.</summary>
    public static bool IsPlaceholder(string text)
    {
        var bare = text.Trim().TrimStart('-', '*', ' ');
        bare = (bare.StartsWith("[ ]", StringComparison.Ordinal) ? bare[3..] : bare).Trim().TrimEnd('.');
        return bare.Length == 0 || bare.Equals(Undefined, StringComparison.OrdinalIgnoreCase)
            || (bare.StartsWith("TODO:", StringComparison.Ordinal) && !bare.Contains('\n', StringComparison.Ordinal));
    }
}
