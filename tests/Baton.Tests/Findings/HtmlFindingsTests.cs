using System.Xml.Linq;
using Baton.Validation;
using static Baton.Validation.OperationKind;

namespace Baton.Tests;

/// <summary>The picture by what it shows; how it looks is for eyes.</summary>
public sealed class HtmlFindingsTests
{
    [Fact]
    public void The_page_needs_no_other_file_and_runs_nothing()
    {
        var page = HtmlFindings.Page(Of(Led("a-aaaaaa", 1, 0, 500)));

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" src=", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("prefers-color-scheme: dark", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_names_stay_text()
    {
        const string hostile = "<img onerror=alert(1)>\"'&\u0007";
        var findings = Of([.. Led(hostile, 1, 0, 500), On("validate", Kill, 400, hostile) with { Note = "</svg><b>" }]);

        var page = HtmlFindings.Page(findings with
        {
            Criteria = [new("views-agree", "</table><i>", Judgement.Fail, ["</details><u>"])],
        });

        foreach (var markup in (string[])["<img", "</svg><b>", "<i>", "<u>"])
        {
            Assert.DoesNotContain(markup, page, StringComparison.Ordinal);
        }

        _ = Picture(page);
    }

    [Fact]
    public void Each_orchestrator_has_a_lane_with_its_terms()
    {
        var picture = Picture(HtmlFindings.Page(Of(
        [
            .. Led("orc-1-aaaaaa", 1, 0, 500), .. Led("orc-2-bbbbbb", 2, 600, 900), .. Led("orc-1-cccccc", 3, 1000, 1500),
            On("worker-dddddd", Register, 5), On("worker-dddddd", Claim, 6, "t"), On("validate", Exit, 1500, "orc-1-cccccc"),
        ])));

        Assert.Equal(["orc-1", "orc-2"], Texts(picture, "name"));
        Assert.Equal(["1", "3", "2"], Texts(picture, "epoch"));
    }

    [Fact]
    public void A_takeover_is_drawn_with_its_time_only_where_somebody_stood_by()
    {
        Operation[] first = [.. Led("a-aaaaaa", 1, 0, 500), On("validate", Kill, 300, "a-aaaaaa")];

        Assert.Equal(["40 ms"], Texts(Picture(HtmlFindings.Page(Of(
            [.. first, On("b-bbbbbb", Register, 10), .. Led("b-bbbbbb", 2, 340, 900)]))), "took"));
        Assert.Empty(Texts(Picture(HtmlFindings.Page(Of([.. first, .. Led("b-bbbbbb", 2, 340, 900)]))), "took"));
    }

    [Fact]
    public void Who_is_asked_to_stop_leads_until_it_gives_up()
    {
        var picture = Picture(HtmlFindings.Page(Of(
        [
            .. Led("a-aaaaaa", 1, 0, 500), On("validate", Stop, 300, "a-aaaaaa"),
            On("b-bbbbbb", Register, 10), .. Led("b-bbbbbb", 2, 540, 900),
        ])));

        Assert.Equal(["40 ms"], Texts(picture, "took"));
        Assert.Single(Texts(picture, "mark stop"));
    }

    [Fact]
    public void What_is_done_to_the_store_is_named_and_its_takeover_is_drawn()
    {
        var fault = On("validate", Fault, 300, "store") with { Epoch = new(1), Note = "the store was deleted" };

        var picture = Picture(HtmlFindings.Page(Of(
        [
            .. Led("orc-1-aaaaaa", 1, 0, 320), On("orc-2-bbbbbb", Register, 10), fault,
            On("orc-2-cccccc", Register, 330), .. Led("orc-2-cccccc", 2, 400, 900),
        ])));

        Assert.Equal(["80 ms"], Texts(picture, "took"));
        Assert.Equal(["deleted"], Texts(picture, "label"));
    }

    [Fact]
    public void Whoever_led_has_a_lane_among_however_many()
    {
        var picture = Picture(HtmlFindings.Page(Of(
        [
            .. Enumerable.Range(0, 60).Select(number => On($"orc-{number}-aaaaaa", Register, number)),
            .. Led("late-aaaaaa", 1, 100, 500),
        ])));

        Assert.Contains("late", Texts(picture, "name"));
        Assert.Contains("and 29 more", Texts(picture, "name"));
    }

    [Fact]
    public void Sixty_terms_fit()
    {
        var picture = Picture(HtmlFindings.Page(Of(
            [.. Enumerable.Range(0, 60).SelectMany(n => Led($"orc-{n % 40}-aaaaa{n % 10}", n + 1, n * 100, (n * 100) + 90))])));

        Assert.Contains("and 8 more", Texts(picture, "name"));
        Assert.All(picture.Descendants().Where(each => each.Name.LocalName == "rect"), rect =>
            Assert.InRange((double)rect.Attribute("x")! + (double)rect.Attribute("width")!, 0, 1120));
    }

    private static string[] Texts(XElement picture, string kind) => [.. picture.Descendants()
        .Where(each => each.Name.LocalName == "text" && (string?)each.Attribute("class") == kind).Select(each => each.Value)];

    // Well-formed as XML, so nothing of it can be taken for markup of the page.
    private static XElement Picture(string page)
    {
        var from = page.IndexOf("<svg", StringComparison.Ordinal);
        var until = page.IndexOf("</svg>", from, StringComparison.Ordinal) + "</svg>".Length;
        return XElement.Parse(page[from..until]);
    }

    private static Findings Of(IEnumerable<Operation> operations)
    {
        var history = new History(operations);
        return new("r1", ValidationMode.Drills, [new("crash-failover", "A crash is survived", Judgement.Pass, ["seen"])])
        {
            History = history, Parts = [new("crash-failover", history)],
        };
    }

    private static Operation[] Led(string who, long epoch, int from, int until) =>
    [
        On(who, Acquire, from) with { Epoch = new(epoch) },
        On(who, Trust, from) with { Epoch = new(epoch), Until = At(until) },
    ];

    private static Operation On(string who, OperationKind kind, int at, string? subject = null) =>
        new(who, kind, At(at), Outcome.Ok) { Ended = At(at + 1), Subject = subject };

    private static Instant At(int milliseconds) => new(milliseconds * 1_000_000L);
}
