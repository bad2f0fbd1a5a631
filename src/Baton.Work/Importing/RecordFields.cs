using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>
/// Reads the fields of one record, each of them optional. What is there but can't be read becomes a finding,
/// and so does what nobody asked for.
/// </summary>
/// <param name="record">The record, an object.</param>
/// <param name="file">Its file, for findings.</param>
/// <param name="findings">Takes the findings.</param>
internal sealed partial class RecordFields(JsonPart record, string file, FindingList findings)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>The name of the record in findings.</summary>
    public string Label { get; init; } = "the file";

    /// <summary>The first field of these names that is there; null when none is.</summary>
    public JsonPart? Part(params ReadOnlySpan<string> names)
    {
        JsonPart? found = null;
        foreach (var name in names)
        {
            _known.Add(name);
            found ??= record[name];
        }

        return found;
    }

    /// <summary>A text; a number or truth value counts as the text of its digits or word.</summary>
    public string? Text(string name, bool oneLine = true) =>
        Part(name) is { } part ? Text(part, name, oneLine) : null;

    /// <summary>A text that may have lines.</summary>
    public string? Lines(string name) => Text(name, oneLine: false);

    /// <summary>A time, to UTC: ISO-8601, or milliseconds since 1970.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (Part(name) is not { } part || Text(part, name, oneLine: true) is not { Length: > 0 } text)
        {
            return null;
        }

        var time = part.Kind == JsonValueKind.Number ? TimeOfMilliseconds(text) : ParseTime(text);
        return time ?? LeaveOut<DateTimeOffset>(part, name, text, "no time");
    }

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, as it stands.</summary>
    public decimal? Number(string name, decimal least, decimal most)
    {
        if (Part(name) is not { } part || Text(part, name, oneLine: true) is not { Length: > 0 } text)
        {
            return null;
        }

        var digits = Unit().Replace(text, "");
        return !decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? LeaveOut<decimal>(part, name, text, "no number")
            : number < least || number > most
                ? LeaveOut<decimal>(part, name, text, $"not from {least} to {most}")
                : number;
    }

    /// <summary>A whole number from 1 upwards.</summary>
    public int? Count(string name) => Number(name, 1, int.MaxValue) is not { } number ? null
        : number == decimal.Truncate(number) ? (int)number
        : LeaveOut<int>(Part(name)!, name, $"{number}", "no whole number");

    /// <summary>The texts of a list, or of a bare text that <paramref name="cut"/> makes a list of.</summary>
    public ImmutableArray<(string Text, int Line)> List(
        string name, Func<string, string[]> cut, bool oneLine = true)
    {
        if (Part(name) is not { } part)
        {
            return [];
        }

        var texts = ImmutableArray.CreateBuilder<(string, int)>();
        var isList = part.Kind == JsonValueKind.Array;
        foreach (var item in isList ? part.Items : [part])
        {
            if (item.Kind != JsonValueKind.Null && Text(item, name, oneLine) is { Length: > 0 } text)
            {
                texts.AddRange((isList ? [text] : cut(text)).Select(piece => (piece, item.Line)));
            }
        }

        return texts.ToImmutable();
    }

    /// <summary>Reports the fields that nobody asked for.</summary>
    public void ReportTheRest()
    {
        foreach (var (name, value) in record.Members)
        {
            if (!_known.Contains(name))
            {
                findings.AddUnknown(file, name, value.Line);
            }
        }
    }

    /// <summary>Reports something of this record.</summary>
    public void Report(FindingKind kind, int line, string message) =>
        findings.Add(kind, file, line, $"{Label}: {message}");

    /// <summary>The time of an ISO-8601 text, in UTC; null where it is none.</summary>
    public static DateTimeOffset? ParseTime(string text) =>
        IsoDate().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : null;

    /// <summary>The time of milliseconds since 1970; null where it is none, or beyond the calendar.</summary>
    public static DateTimeOffset? TimeOfMilliseconds(string digits) =>
        decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var ms)
        && ms >= 0 && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)ms)
            : null;

    private string? Text(JsonPart part, string name, bool oneLine)
    {
        if (part.Kind is JsonValueKind.Object or JsonValueKind.Array)
        {
            Report(FindingKind.LeftOut, part.Line, $"{name} is {part.Sort}, not a text");
            return null;
        }

        var text = RecordText.Clean(part.Text, oneLine);
        if (text != part.Text.Replace("\r\n", "\n", StringComparison.Ordinal))
        {
            Report(FindingKind.Changed, part.Line, $"{name} held control characters; they are spaces now");
        }

        return text;
    }

    private T? LeaveOut<T>(JsonPart part, string name, string text, string why) where T : struct
    {
        Report(FindingKind.LeftOut, part.Line, $"{name} '{RecordText.Shown(text)}' is {why}");
        return null;
    }

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\d", RegexOptions.CultureInvariant)]
    private static partial Regex IsoDate();

    [GeneratedRegex(@"\A#|\s*(h|hours?)\s*\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Unit();
}
