using System.Globalization;
using System.Text;
using System.Xml;

namespace Baton.Validation;

/// <summary>Findings as the XML that build servers read: a test case for each criterion.</summary>
public static class JUnitFindings
{
    /// <summary>Writes the document.</summary>
    public static void Write(Findings findings, Stream to)
    {
        ArgumentNullException.ThrowIfNull(findings);
        using var xml = XmlWriter.Create(to, new() { Indent = true, NewLineChars = "\n", Encoding = new UTF8Encoding(false) });
        xml.WriteStartElement("testsuites");
        xml.WriteAttributeString("name", "baton validate");
        Counts(xml, findings);
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", $"baton.validate.{findings.Mode.Name()}");
        Counts(xml, findings);
        xml.WriteAttributeString("timestamp", findings.StartedAt.UtcDateTime.ToString(
            "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        xml.WriteStartElement("properties");
        Property(xml, "run_id", findings.RunId);
        Property(xml, "store", findings.Store);
        Property(xml, "election", findings.Election.Value);
        Property(xml, "leader", findings.Leader?.Value);
        Property(xml, "epoch", findings.Epoch?.ToString());
        Property(xml, "seed", findings.Seed?.ToString(CultureInfo.InvariantCulture));
        xml.WriteEndElement();
        foreach (var criterion in findings.Criteria)
        {
            Case(xml, findings, criterion);
        }

        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void Case(XmlWriter xml, Findings findings, Criterion criterion)
    {
        var evidence = Clean(string.Join('\n', criterion.Evidence));
        var first = criterion.Evidence.IsEmpty ? criterion.Title : Clean(criterion.Evidence[0]);
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", $"baton.validate.{findings.Mode.Name()}");
        xml.WriteAttributeString("name", Clean(criterion.Id));
        switch (criterion.Result)
        {
            case Judgement.Fail:
                xml.WriteStartElement("failure");
                xml.WriteAttributeString("message", first);
                xml.WriteString(evidence);
                xml.WriteEndElement();
                break;
            case Judgement.Skip:
                xml.WriteStartElement("skipped");
                xml.WriteAttributeString("message", first);
                xml.WriteEndElement();
                break;
            default:
                xml.WriteElementString("system-out", evidence);
                break;
        }

        xml.WriteEndElement();
    }

    private static void Counts(XmlWriter xml, Findings findings)
    {
        Number("tests", findings.Criteria.Length);
        Number("failures", findings.Count(Judgement.Fail));
        Number("errors", 0);
        Number("skipped", findings.Count(Judgement.Skip));
        xml.WriteAttributeString("time", findings.Duration.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture));

        void Number(string name, int value) =>
            xml.WriteAttributeString(name, value.ToString(CultureInfo.InvariantCulture));
    }

    private static void Property(XmlWriter xml, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            xml.WriteStartElement("property");
            xml.WriteAttributeString("name", name);
            xml.WriteAttributeString("value", Clean(value));
            xml.WriteEndElement();
        }
    }

    // XML has no way at all to write most control characters.
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var isWritable = rune.Value is 0x9 or 0xA or >= 0x20 and not (0xFFFE or 0xFFFF);
            clean.Append(isWritable ? rune.ToString() : "\uFFFD");
        }

        return clean.ToString();
    }
}
