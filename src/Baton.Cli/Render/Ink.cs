namespace Baton.Cli;

/// <summary>Colours for a terminal; plain text where they are off.</summary>
internal sealed record Ink(bool IsOn)
{
    public string Good(string text) => Paint("32", text);

    public string Warn(string text) => Paint("33", text);

    public string Bad(string text) => Paint("31", text);

    public string Faint(string text) => Paint("2", text);

    public string Strong(string text) => Paint("1", text);

    /// <summary>The colour of a word for a state.</summary>
    public string State(string word) => word switch
    {
        "leading" or "alive" or "completed" or "done" or "ok" => Good(word),
        "late" or "in_progress" or "blocked" or "released" or "draining" or "warning" => Warn(word),
        "died" or "expired" or "stale" or "failed" or "evicted" or "lost" => Bad(word),
        _ => word,
    };

    private string Paint(string code, string text) => IsOn && text.Length > 0 ? $"\e[{code}m{text}\e[0m" : text;
}
