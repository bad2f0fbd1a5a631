using System.Globalization;
using System.Text;

namespace Baton.Cli;

/// <summary>
/// Makes text that came from users and stores safe to print: a control character could move the cursor,
/// change
/// colours or hide what stands before it.
/// </summary>
internal static class Plain
{
    /// <summary>
    /// One line: every control character, line breaks too, becomes visible as an escape or a blank.
    /// </summary>
    public static string Line(string text) => Clean(text, keepBreaks: false);

    /// <summary>Several lines: breaks and tabs stay.</summary>
    public static string Text(string text) => Clean(text, keepBreaks: true);

    /// <summary>How many of what: <c>1 task</c>, <c>2 tasks</c>.</summary>
    public static string Count(int count, string things) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? things.TrimEnd('s') : things)}");

    /// <summary>How many columns a text takes: wide letters take two, combining marks none.</summary>
    public static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += WidthOf(rune);
        }

        return width;
    }

    /// <summary>At most so many columns, the rest replaced by an ellipsis.</summary>
    public static string Cut(string text, int columns)
    {
        if (Width(text) <= columns)
        {
            return text;
        }

        var cut = new StringBuilder();
        var left = columns - 1;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= WidthOf(rune);
            if (left < 0)
            {
                break;
            }

            cut.Append(rune);
        }

        return cut.Append('…').ToString();
    }

    private static int WidthOf(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => rune.Value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3)
            or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60)
            or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD) ? 2 : 1,
    };

    private static string Clean(string text, bool keepBreaks)
    {
        if (!text.EnumerateRunes().Any(IsUnsafe))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            clean.Append(
                !IsUnsafe(rune) || (keepBreaks && rune.Value is '\n' or '\t') ? rune.ToString()
                : rune.Value is '\n' or '\t' or '\r' ? " "
                : rune.Value < 0x100 ? $"\\x{rune.Value:x2}"
                : $"\\u{rune.Value:x4}");
        }

        return clean.ToString();
    }

    // Besides the controls: the marks that turn the direction of writing, which can disguise a name.
    private static bool IsUnsafe(Rune rune) => Rune.IsControl(rune)
        || rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0x200E or 0x200F
            or 0x2028 or 0x2029;
}
