namespace Baton.Work;

/// <summary>
/// Follows Markdown line by line, as far as needed to know which lines are prose: not within a code fence, and not
/// within an HTML comment.
/// </summary>
internal sealed class MarkdownBlocks
{
    private const string CommentEnd = "-->";

    // The marks that opened the fence: what closes it is at least as long, of the same mark.
    private string? _fence;
    private bool _isComment;

    /// <summary>What would close the block that is open after the lines so far; null where none is.</summary>
    public string? Closing => _fence ?? (_isComment ? CommentEnd : null);

    /// <summary>Takes the next line; says whether it is prose.</summary>
    public bool Take(ReadOnlySpan<char> line)
    {
        if (_isComment)
        {
            _isComment = !line.Contains(CommentEnd, StringComparison.Ordinal);
            return false;
        }

        var text = line.TrimStart(' ');
        if (line.Length - text.Length > 3)
        {
            return _fence is null;
        }

        if (_fence is not null)
        {
            var run = Run(text, _fence[0]);
            if (run >= _fence.Length && text[run..].Trim().IsEmpty)
            {
                _fence = null;
            }

            return false;
        }

        if (text.StartsWith("<!--", StringComparison.Ordinal))
        {
            _isComment = !text[4..].Contains(CommentEnd, StringComparison.Ordinal);
            return true;
        }

        foreach (var mark in "`~")
        {
            var run = Run(text, mark);
            // A line of backticks that holds more of them later is code within a line.
            if (run >= 3 && (mark == '~' || !text[run..].Contains('`')))
            {
                _fence = new(mark, run);
                return false;
            }
        }

        return true;
    }

    private static int Run(ReadOnlySpan<char> text, char mark)
    {
        var run = 0;
        while (run < text.Length && text[run] == mark)
        {
            run++;
        }

        return run;
    }
}
