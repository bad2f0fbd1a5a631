using System.Text;
using System.Xml.Linq;
using Baton.Validation;
using Baton.Work;

namespace Baton.Tests;

public sealed class FindingsTests
{
    private static readonly Findings Mixed = new("val-7", ValidationMode.Drills,
        [
            new("single-leader", "One leader at a time", Judgement.Pass, ["120 rounds", "epochs 1 to 120"]),
            new("crash-failover", "A crash is survived", Judgement.Fail, ["<b>|`x`*\u0007", "second\n## Session 99 - x"]),
            new("store-damage", "Damage is noticed", Judgement.Skip, ["no store of its own"]),
        ])
    {
        Store = "sqlite",
        StartedAt = new(2026, 1, 4, 23, 59, 0, TimeSpan.Zero),
        Duration = TimeSpan.FromSeconds(63.24),
        Ttl = TimeSpan.FromSeconds(2),
        Leader = new("orc-1-abcdef"),
        Epoch = new(8),
        Seed = 42,
    };

    [Fact]
    public void The_section_holds_all_that_a_reader_needs()
    {
        var section = MarkdownFindings.Section(Mixed);

        Assert.Equal(("LEADER ELECTION VALIDATION", new DateOnly(2026, 1, 4), "validate:val-7"),
            (section.Title, section.Date, section.Key));
        Assert.Equal("""
            - **Result**: FAIL (1 passed, 1 failed, 1 skipped)
            - **Leader**: `orc-1-abcdef`
            - **Epoch**: 8
            - **TTL**: 2000 ms
            - **Run**: `val-7`, mode drills, seed 42
            - **Store**: sqlite, election `main`
            - **Time**: 2026-01-04T23:59:00Z, took 63.2 s

            | Criteria | Status |
            |---|---|
            | One leader at a time (`single-leader`) | PASS |
            | A crash is survived (`crash-failover`) | FAIL |
            | Damage is noticed (`store-damage`) | SKIP |

            ### Evidence

            **single-leader**: PASS
            - 120 rounds
            - epochs 1 to 120

            **crash-failover**: FAIL
            - &lt;b>\|\`x\`\* 
            - second ## Session 99 - x

            **store-damage**: SKIP
            - no store of its own

            ### Conclusion

            1 of 3 criteria FAILED: crash-failover. Their evidence says what was seen. Not tried, and no pass: store-damage.

            """, section.Body);
        Assert.Null(WorkingMemory.HeadingWithin(section.Body));
    }

    [Fact]
    public void Nothing_shown_is_no_pass()
    {
        var none = Mixed with { Criteria = [Mixed.Criteria[2]] };

        Assert.False(none.IsPass);
        Assert.StartsWith("Nothing was shown, so the validation FAILED.", none.Conclusion());
        Assert.True((Mixed with { Criteria = [Mixed.Criteria[0], Mixed.Criteria[2]] }).IsPass);
    }

    [Fact]
    public void What_was_not_tried_is_said_of_a_run_of_some_criteria()
    {
        var some = Mixed with { Criteria = [Mixed.Criteria[0], Mixed.Criteria[2]], NotAskedFor = 10 };

        Assert.EndsWith("Not tried, and no pass: store-damage. Not asked for: 10 more.", some.Conclusion());
        Assert.Contains("1 of 1 criteria hold, 11 were not tried", MeasuredAssessment.Of(some)!.Notes!);
    }

    [Fact]
    public void A_build_server_reads_a_case_for_each_criterion()
    {
        using var file = new MemoryStream();
        JUnitFindings.Write(Mixed, file);
        var xml = XDocument.Parse(Encoding.UTF8.GetString(file.ToArray()));

        var suite = xml.Root!.Element("testsuite")!;
        Assert.Equal(("3", "1", "1", "0", "63.240"),
            (Value("tests"), Value("failures"), Value("skipped"), Value("errors"), Value("time")));
        Assert.Equal(["single-leader", "crash-failover", "store-damage"],
            suite.Elements("testcase").Select(one => one.Attribute("name")!.Value));
        var failure = Assert.Single(suite.Descendants("failure"));
        Assert.Equal("<b>|`x`*\uFFFD", failure.Attribute("message")!.Value);
        Assert.Equal("no store of its own", Assert.Single(suite.Descendants("skipped")).Attribute("message")!.Value);
        Assert.Equal("8", suite.Descendants("property").Single(one => one.Attribute("name")!.Value == "epoch")
            .Attribute("value")!.Value);

        string Value(string name) => suite.Attribute(name)!.Value;
    }
}
