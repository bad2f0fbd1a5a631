using System.Globalization;
using System.Net;
using System.Text;

namespace Baton.Validation;

/// <summary>Draws a timeline as inline SVG. Colours come from the page's style, so light and dark are its matter.</summary>
internal sealed class TimelineDrawing
{
    private const int Width = 1120;
    private const int Left = 96;
    private const int Right = 16;
    private const int LaneHeight = 26;
    private const int Top = 34;
    private const int DigitWidth = 7;
    private const int LongestLabel = 28;
    private const int WidestLabel = 190;
    private const int Hues = 6;
    private const int LongestName = 13;

    private readonly StringBuilder _svg = new();
    private readonly Timeline _timeline;
    private readonly double _scale;

    private TimelineDrawing(Timeline timeline)
    {
        _timeline = timeline;
        var span = Math.Max((timeline.Until - timeline.From).TotalMilliseconds, 1);
        _scale = (Width - Left - Right) / span;
    }

    /// <summary>The drawing.</summary>
    public static string Of(Timeline timeline)
    {
        var drawing = new TimelineDrawing(timeline);
        drawing.Draw();
        return drawing._svg.ToString();
    }

    private void Draw()
    {
        var height = Top + (_timeline.Lanes.Length * LaneHeight) + 8;
        Add($"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">");
        Axis(height);
        Takeovers(height);
        for (var index = 0; index < _timeline.Lanes.Length; index++)
        {
            Draw(_timeline.Lanes[index], Top + (index * LaneHeight));
        }

        _svg.Append("</svg>\n");
    }

    private void Axis(int height)
    {
        var seconds = (_timeline.Until - _timeline.From).TotalSeconds;
        double[] steps = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400];
        var step = steps.FirstOrDefault(each => seconds / each <= 14, steps[^1]);
        for (var at = 0.0; at <= seconds + 1e-9; at += step)
        {
            var x = X(_timeline.From + TimeSpan.FromSeconds(at));
            Add($"<line class=\"grid\" x1=\"{x:0.#}\" y1=\"{Top - 6}\" x2=\"{x:0.#}\" y2=\"{height}\"/>");
            Add($"<text class=\"tick\" x=\"{x:0.#}\" y=\"12\">{At(at)}</text>");
        }
    }

    private static string At(double seconds) => (seconds, seconds % 3600, seconds % 60) switch
    {
        ( >= 7200, 0, _) => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0} h"),
        ( >= 120, _, 0) => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.##} s"),
    };

    private void Takeovers(int height)
    {
        foreach (var takeover in _timeline.Takeovers)
        {
            var (from, until) = (X(takeover.From), X(takeover.Until));
            Add($"<g><title>{Text(takeover.Title)}</title>");
            Box("gap", from, Math.Max(until - from, 1.5), Top - 6, height - Top + 6);
            var took = FindingsWords.Span(takeover.Until - takeover.From);
            Add($"<text class=\"took\" x=\"{until:0.#}\" y=\"{Top - 10}\">{took}</text></g>");
        }
    }

    private void Draw(Lane lane, int y)
    {
        var middle = y + (LaneHeight / 2);
        // Ids of one family differ at their ends.
        var name = lane.Name.Length <= LongestName ? lane.Name : "…" + lane.Name[^(LongestName - 2)..];
        Add($"<text class=\"name\" x=\"{Left - 10}\" y=\"{middle + 4}\">{Text(name)}</text>");
        foreach (var life in lane.Lives)
        {
            Add($"<line class=\"life\" x1=\"{X(life.From):0.#}\" y1=\"{middle}\" x2=\"{X(life.Until):0.#}\" y2=\"{middle}\">");
            Add($"<title>{Text(life.Title)}</title></line>");
        }

        foreach (var term in lane.Terms)
        {
            var (from, until) = (X(term.From), X(term.Until));
            var width = Math.Max(until - from, 2);
            var hue = (term.Epoch?.Value ?? 0) % Hues;
            Add($"<g><title>{Text(term.Title)}</title>");
            Box(string.Create(CultureInfo.InvariantCulture, $"term h{hue}"), from, width, y + 4, LaneHeight - 8);
            var label = term.Epoch?.ToString() ?? "";
            var (kind, x) = width > (label.Length * DigitWidth) + 2
                ? ("epoch", from + (width / 2)) : ("beside", from + width + 3);
            Add($"<text class=\"{kind}\" x=\"{x:0.#}\" y=\"{middle + 4}\">{label}</text>");

            _svg.Append("</g>");
        }

        foreach (var frozen in lane.Frozen)
        {
            Add($"<g><title>{Text(frozen.Title)}</title>");
            Box("frozen", X(frozen.From), Math.Max(X(frozen.Until) - X(frozen.From), 2), y + 4, LaneHeight - 8);
            _svg.Append("</g>");
        }

        foreach (var mark in lane.Marks)
        {
            var kind = mark.Kind.ToString().ToLowerInvariant();
            Add($"<text class=\"mark {kind}\" x=\"{X(mark.At):0.#}\" y=\"{middle + 5}\">{Sign(mark.Kind)}");
            Add($"<title>{Text(mark.Title)}</title></text>");
            if (mark.Label.Length > 0)
            {
                var isLate = X(mark.At) > Width - Right - WidestLabel;
                Add($"<text class=\"label{(isLate ? " late" : "")}\" x=\"{X(mark.At) + (isLate ? -9 : 9):0.#}\" ");
                Add($"y=\"{middle + 4}\">{Text(Short(mark.Label, LongestLabel))}</text>");
            }
        }
    }

    /// <summary>The sign of a mark; the legend shows the same.</summary>
    public static string Sign(MarkKind kind) => kind switch
    {
        MarkKind.Kill => "✕",
        MarkKind.Freeze => "❚❚",
        MarkKind.Thaw => "▶",
        MarkKind.Stop => "■",
        MarkKind.Fault => "⚡",
        MarkKind.Round => "┃",
        MarkKind.Evict => "▼",
        MarkKind.Requeue => "↻",
        MarkKind.Refused => "⊘",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private void Box(string kind, double x, double width, int y, int height) =>
        Add($"<rect class=\"{kind}\" x=\"{x:0.#}\" y=\"{y}\" width=\"{width:0.#}\" height=\"{height}\" rx=\"3\"/>");

    private double X(Instant at) => Left + ((at - _timeline.From).TotalMilliseconds * _scale) is var x
        ? Math.Clamp(x, Left, Width - Right)
        : Left;

    private static string Short(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    private static string Text(string text) => WebUtility.HtmlEncode(
        new string([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter)]));

    private void Add(FormattableString text) => _svg.Append(text.ToString(CultureInfo.InvariantCulture));
}
