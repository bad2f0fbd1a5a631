using System.Globalization;
using System.Net;
using System.Text;

namespace Baton.Validation;

/// <summary>
/// Findings as a page with pictures: one file that needs no other, readable in light and dark. For each thing that was
/// tried a lane per orchestrator over time, its terms as bars with their epoch, what was done to it, how long nobody
/// led, evictions and requeues; above all the criteria, with what was seen.
/// </summary>
public static class HtmlFindings
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1b1f24; --faint: #667079; --line: #d8dee4; --back: #ffffff; --card: #f6f8fa;
            --good: #1a7f37; --bad: #cf222e; --warn: #9a6700; --gap: #cf222e22; --ice: #0969da; --label: #ffffff;
            --h0: #0969da; --h1: #8250df; --h2: #1a7f37; --h3: #bf3989; --h4: #bc4c00; --h5: #1b7c83; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --faint: #8d96a0; --line: #30363d; --back: #0d1117;
            --card: #161b22; --good: #3fb950; --bad: #f85149; --warn: #d29922; --gap: #f8514933; --ice: #79c0ff;
            --label: #0d1117; --h0: #58a6ff; --h1: #bc8cff; --h2: #56d364; --h3: #f778ba; --h4: #ffa657; --h5: #39c5cf; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 24px 20px 60px; max-width: 1200px; background: var(--back); color: var(--ink);
            font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
        h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 34px 0 10px; }
        h3 { font-size: 15px; margin: 0; }
        p { margin: 4px 0; } .faint { color: var(--faint); } code { font: 13px ui-monospace, Consolas, monospace; }
        .verdict { font-weight: 700; } .pass { color: var(--good); } .fail { color: var(--bad); }
        .skip { color: var(--warn); }
        .badge { display: inline-block; min-width: 46px; font: 700 12px ui-monospace, Consolas, monospace; }
        section { border: 1px solid var(--line); border-radius: 8px; background: var(--card); padding: 12px 14px;
            margin: 14px 0; }
        table { border-collapse: collapse; width: 100%; }
        td, th { text-align: left; vertical-align: top; padding: 7px 10px 7px 0;
            border-top: 1px solid var(--line); } th { border-top: 0; font-weight: 600; color: var(--faint); font-size: 13px; }
        ul { margin: 6px 0 0; padding-left: 18px; color: var(--faint); font: 13px/1.45 ui-monospace, Consolas, monospace;
            overflow-wrap: anywhere; } details summary { cursor: pointer; }
        svg { display: block; width: 100%; height: auto; margin-top: 8px; }
        svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
        svg .grid { stroke: var(--line); stroke-width: 1; }
        svg .tick { fill: var(--faint); text-anchor: middle; font-size: 10px; }
        svg .name { text-anchor: end; } svg .life { stroke: var(--faint); stroke-width: 2; opacity: .55; }
        svg .term { opacity: .92; }
        svg .epoch { text-anchor: middle; fill: var(--label); font-weight: 700; pointer-events: none; }
        svg .beside { font-weight: 700; } svg .label { fill: var(--faint); } svg .late { text-anchor: end; }
        svg .h0 { fill: var(--h0); } svg .h1 { fill: var(--h1); } svg .h2 { fill: var(--h2); }
        svg .h3 { fill: var(--h3); } svg .h4 { fill: var(--h4); } svg .h5 { fill: var(--h5); }
        svg .gap { fill: var(--gap); } svg .took { text-anchor: end; fill: var(--bad); font-size: 10px; font-weight: 600; }
        svg .frozen { fill: none; stroke: var(--ice); stroke-width: 2; stroke-dasharray: 4 3; }
        .mark { text-anchor: middle; font-weight: 700; }
        svg .mark { font-size: 14px; paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
        svg .kill, .kill, svg .fault, .fault { fill: var(--bad); color: var(--bad); }
        svg .freeze, .freeze, svg .thaw, .thaw { fill: var(--ice); color: var(--ice); } svg .freeze { font-size: 9px; }
        svg .stop, .stop, svg .round { fill: var(--faint); color: var(--faint); }
        svg .evict, .evict, svg .requeue, .requeue { fill: var(--warn); color: var(--warn); }
        svg .refused, .refused { fill: var(--good); color: var(--good); }
        .legend span { margin-right: 16px; white-space: nowrap; }
        .strip { margin: 14px 0 0; } .strip a { display: inline-block; margin: 0 8px 8px 0; padding: 2px 10px; color: var(--ink);
            text-decoration: none; border: 1px solid var(--line); border-radius: 14px; background: var(--card); font-size: 13px; }
        section .failed { color: var(--bad); } h3 a { color: inherit; text-decoration: none; }
        """;

    private static readonly (MarkKind Kind, string Words)[] Legend =
    [
        (MarkKind.Kill, "killed"), (MarkKind.Freeze, "frozen"), (MarkKind.Thaw, "goes on"), (MarkKind.Stop, "asked to stop"),
        (MarkKind.Evict, "evicted"), (MarkKind.Requeue, "task requeued"), (MarkKind.Refused, "write refused by the fence"),
        (MarkKind.Fault, "another fault"),
    ];

    /// <summary>Writes the page in UTF-8.</summary>
    public static void Write(Findings findings, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Encoding.UTF8.GetBytes(Page(findings)));
    }

    /// <summary>The page.</summary>
    public static string Page(Findings findings)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var page = new StringBuilder();
        var word = findings.IsPass ? "PASS" : "FAIL";
        page.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append("<title>Leader election validation: ").Append(word).Append("</title>\n<style>\n").Append(Style)
            .Append("</style>\n</head>\n<body>\n");
        Head(page, findings, word);
        Strip(page, findings);
        Pictures(page, findings);
        Criteria(page, findings);
        return page.Append("</body>\n</html>\n").ToString();
    }

    private static void Head(StringBuilder page, Findings findings, string word)
    {
        page.Append("<h1>Leader election validation</h1>\n<p class=\"verdict ").Append(Class(findings.IsPass)).Append("\">")
            .Append(word).Append(": ").Append(Text(findings.Tally())).Append("</p>\n<p>").Append(Text(findings.Conclusion()))
            .Append("</p>\n<p class=\"faint\">Last leader <code>").Append(Text(findings.LedBy())).Append("</code>, ttl ")
            .Append(findings.Ttl is { } ttl ? Text(FindingsWords.Span(ttl)) : "unknown").Append(", store <code>")
            .Append(Text(findings.Store)).Append("</code>, election <code>").Append(Text(findings.Election.Value))
            .Append("</code>, run <code>").Append(Text(findings.RunId)).Append("</code>, ")
            .Append(findings.StartedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture))
            .Append(", took ").Append(Text(FindingsWords.Span(findings.Duration))).Append("</p>\n");
    }

    // Every criterion at one glance, above the pictures; each leads to its evidence.
    private static void Strip(StringBuilder page, Findings findings)
    {
        page.Append("<p class=\"strip\">");
        foreach (var criterion in findings.Criteria)
        {
            page.Append("<a href=\"#").Append(Text(criterion.Id))
                .Append("\" title=\"").Append(Text(criterion.Title)).Append("\">");
            Badge(page, criterion.Result);
            page.Append(Text(criterion.Id)).Append("</a>");
        }

        page.Append("</p>\n");
    }

    private static void Badge(StringBuilder page, Judgement result) => page.Append("<span class=\"badge ")
        .Append(result.Name()).Append("\">").Append(result.Name().ToUpperInvariant()).Append("</span> ");

    private static void Criteria(StringBuilder page, Findings findings)
    {
        page.Append("<h2>Criteria</h2>\n<table>\n<tr><th>Status</th><th>Criteria and evidence</th></tr>\n");
        foreach (var criterion in findings.Criteria)
        {
            var open = criterion.Result == Judgement.Fail ? " open" : "";
            page.Append("<tr id=\"").Append(Text(criterion.Id)).Append("\"><td>");
            Badge(page, criterion.Result);
            page.Append("</td><td><details").Append(open)
                .Append("><summary>").Append(Text(criterion.Title)).Append(" <code class=\"faint\">").Append(Text(criterion.Id))
                .Append("</code></summary>\n<ul>\n");
            foreach (var line in criterion.Evidence)
            {
                page.Append("<li>").Append(Text(line)).Append("</li>\n");
            }

            page.Append("</ul></details></td></tr>\n");
        }

        page.Append("</table>\n");
    }

    private static void Pictures(StringBuilder page, Findings findings)
    {
        var parts = findings.Parts.IsDefaultOrEmpty ? [new NamedHistory("", findings.History)] : findings.Parts;
        if (parts.All(part => part.History.Operations.IsEmpty))
        {
            return;
        }

        page.Append("<h2>What happened</h2>\n<p class=\"faint\">A lane per orchestrator; a bar is the time in which it "
            + "believed that it leads, with its epoch; a red band, with its length, is the time in which nobody could lead after "
            + "something was done to the leader or its store. Point at anything to read more.</p>\n<p class=\"legend\">");
        foreach (var (kind, words) in Legend)
        {
            page.Append("<span><span class=\"mark ").Append(kind.ToString().ToLowerInvariant()).Append("\" style=\"margin:0\">")
                .Append(TimelineDrawing.Sign(kind)).Append("</span> ").Append(words).Append("</span>");
        }

        page.Append("</p>\n");
        foreach (var part in parts.Where(part => !part.History.Operations.IsEmpty))
        {
            var criterion = findings.Criteria.FirstOrDefault(each => each.Id == part.Name);
            page.Append("<section>\n");
            if (criterion is not null)
            {
                page.Append("<h3><a href=\"#").Append(Text(criterion.Id)).Append("\">");
                Badge(page, criterion.Result);
                page.Append(Text(criterion.Title)).Append("</a></h3>\n");
                foreach (var line in criterion.Evidence.Where(
                    line => line.StartsWith(Verdict.Failed, StringComparison.Ordinal)))
                {
                    page.Append("<p class=\"failed\">").Append(Text(line)).Append("</p>\n");
                }
            }

            page.Append(TimelineDrawing.Of(Timeline.Of(part.History))).Append("</section>\n");
        }
    }

    private static string Class(bool isPass) => isPass ? "pass" : "fail";

    private static string Text(string text) => WebUtility.HtmlEncode(
        new string([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter)]));
}
