using System.Globalization;
using System.Runtime.CompilerServices;

namespace Baton.Validation;

/// <summary>A line of evidence: an interpolated string, in parts where it is long. Numbers read alike everywhere.</summary>
[InterpolatedStringHandler]
internal ref struct Line(int literals, int holes)
{
    private DefaultInterpolatedStringHandler _text = new(literals, holes, CultureInfo.InvariantCulture);

    /// <summary>Adds what stands in it.</summary>
    public void AppendLiteral(string text) => _text.AppendLiteral(text);

    /// <summary>Adds a value.</summary>
    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    /// <summary>Adds a value in a format.</summary>
    public void AppendFormatted<T>(T value, string format) => _text.AppendFormatted(value, format);

    /// <summary>The line; once.</summary>
    public string Text() => _text.ToStringAndClear();
}
