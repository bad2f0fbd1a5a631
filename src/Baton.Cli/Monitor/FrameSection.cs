namespace Baton.Cli;

/// <summary>One part of a frame: a title, what always stands below it, and rows of which the last may be left out.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Rank">How much it matters where not everything fits; 0 matters most.</param>
internal sealed record FrameSection(string Title, int Rank)
{
    /// <summary>What stands first.</summary>
    public List<FrameLine> Head { get; } = [];

    /// <summary>What follows, the most important first.</summary>
    public List<FrameLine> Rows { get; } = [];

    /// <summary>The line between head and rows that tells their columns; empty: none.</summary>
    public string Columns { get; set; } = "";

    /// <summary>How many rows are worth a look; fewer are not shown while another section has more than that.</summary>
    public int Enough { get; init; } = 1;

    /// <summary>Whether there is nothing to tell: the first to go where not everything fits.</summary>
    public bool IsEmpty => Head.Count == 0 && Rows.Count == 0;

    /// <summary>How many lines it takes, without a blank one before it.</summary>
    public int Height => 1 + Math.Max(Head.Count + Rows.Count + (Rows.Count > 0 && Columns.Length > 0 ? 1 : 0), 1);

    /// <summary>Whether a row can go and something true is left: a part without any must not seem to have none.</summary>
    public bool CanSpareARow => Rows.Count > (Head.Count > 0 ? 0 : 1);

    /// <summary>How many lines it takes once it can spare no more rows.</summary>
    public int SmallestHeight => 1 + (Head.Count > 0 ? Head.Count : 1 + (Rows.Count > 0 && Columns.Length > 0 ? 1 : 0));

    /// <summary>Its lines.</summary>
    public IEnumerable<FrameLine> Lines()
    {
        yield return new(Title, Tone.Title);
        foreach (var line in Head)
        {
            yield return line;
        }

        if (Rows.Count > 0 && Columns.Length > 0)
        {
            yield return new(Columns, Tone.Faint);
        }

        foreach (var row in Rows)
        {
            yield return row;
        }

        if (IsEmpty)
        {
            yield return new("none", Tone.Faint);
        }
    }
}
