using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Baton.Tests;

/// <summary>The rules of the house that a compiler does not check.</summary>
public sealed partial class TidyTests
{
    private const int LongestFile = 400;
    private const int LongestMethod = 70;
    private const int WidestLine = 130;

    /// <summary>Every project and what it may know; any other arrow is a mistake.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Baton"] = [],
        ["Baton.Work"] = ["Baton"],
        ["Baton.Sqlite"] = ["Baton.Work"],
        ["Baton.Postgres"] = ["Baton.Work"],
        ["Baton.Etcd"] = ["Baton"],
        ["Baton.Validation"] = ["Baton.Work"],
        ["Baton.Server"] = ["Baton.Work"],
        ["Baton.Cli"] = ["Baton.Server", "Baton.Validation", "Baton.Sqlite", "Baton.Postgres", "Baton.Etcd"],
    };

    // The election core takes no other package. Markdig reads specs, and depends on nothing (decision 0011).
    private static readonly (string Project, string[] Packages)[] MayUse =
    [
        ("src/Baton/Baton.csproj", ["Microsoft.Extensions.Logging.Abstractions"]),
        ("src/Baton.Work/Baton.Work.csproj", ["Microsoft.Extensions.Logging.Abstractions", "Markdig"]),
    ];

    private static readonly string[] RootPages =
        ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"];

    [Fact]
    public void Projects_know_only_whom_they_may_know()
    {
        var projects = Repository.Files.Where(file => file.StartsWith("src/", StringComparison.Ordinal)
            && file.EndsWith(".csproj", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(projects);
        foreach (var project in projects)
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var known = XDocument.Parse(Repository.Text(project)).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
            Assert.True(Arrows.TryGetValue(name, out var allowed), $"{name} is no room of the house");
            Assert.Empty(known.Except(allowed).Select(other => $"{name} -> {other}"));
        }
    }

    [Fact]
    public void No_library_shares_code_with_the_drivers_of_another()
    {
        foreach (var (project, allowed) in MayUse)
        {
            var packages = XDocument.Parse(Repository.Text(project)).Descendants("PackageReference")
                .Select(reference => reference.Attribute("Include")!.Value);
            Assert.Empty(packages.Except(allowed));
        }
    }

    [Fact]
    public void No_other_page_lies_in_the_root() => Assert.Empty(Repository.Files.Where(file =>
        !file.Contains('/', StringComparison.Ordinal) && file.EndsWith(".md", StringComparison.OrdinalIgnoreCase))
        .Except(RootPages));

    [Fact]
    public void Names_say_what_a_type_is() => Empty(
        from file in Repository.Sources
        from Match type in TypeName().Matches(Repository.Text(file))
        let name = type.Groups["name"].Value
        where BannedSuffix().IsMatch(name)
        select $"{file}: {name}");

    [Fact]
    public void Files_can_be_read_in_one_go() => Empty(
        from file in Repository.Sources
        let lines = Repository.Lines(file).Length
        where lines > LongestFile
        select $"{file}: {lines} lines");

    [Fact]
    public void Methods_fit_on_a_screen() => Empty(
        from file in Repository.Sources
        from method in Methods(Repository.Lines(file))
        where method.Lines > LongestMethod
        select $"{file}:{method.At}: {method.Lines} lines");

    [Fact]
    public void A_suppressed_warning_carries_its_reason() => Empty(
        from file in Repository.Sources
        from line in Repository.Lines(file)
        where line.Contains("#pragma " + "warning disable", StringComparison.Ordinal)
            && !line.Contains("//", StringComparison.Ordinal)
        select $"{file}: {line.Trim()}");

    [Fact]
    public void No_file_names_a_path_of_somebodys_machine() => Empty(
        from file in Repository.Files
        where !IsBinary().IsMatch(file)
        from line in Repository.Lines(file)
        where MachinePath().IsMatch(line)
        select $"{file}: {line.Trim()}");

    [Fact]
    public void Lines_need_no_sideways_scrolling() => Empty(
        from file in Repository.Sources
        from line in Repository.Lines(file)
        where line.Length > WidestLine
        select $"{file}: {line.Trim()}");

    private static void Empty(IEnumerable<string> found) => Assert.Empty(found.Order(StringComparer.Ordinal));

    /// <summary>
    /// Blocks that open one level below a type and are not types themselves. The house's layout makes braces
    /// stand alone on their line, so the indentation tells.
    /// </summary>
    private static IEnumerable<(int At, int Lines)> Methods(string[] lines)
    {
        for (var opens = 1; opens < lines.Length; opens++)
        {
            var depth = lines[opens].IndexOf('{', StringComparison.Ordinal);
            if (depth is not (4 or 8) || lines[opens].Trim() != "{" || TypeName().IsMatch(Header(lines, opens)))
            {
                continue;
            }

            var end = new string(' ', depth) + "}";
            var closes = Array.FindIndex(lines, opens, line => line.StartsWith(end, StringComparison.Ordinal));
            yield return (opens, closes - opens);
        }
    }

    private static string Header(string[] lines, int opens)
    {
        var first = opens - 1;
        while (first > 0 && lines[first].StartsWith("     ", StringComparison.Ordinal)
            && lines[first - 1].Trim().Length > 0)
        {
            first--;
        }

        return string.Join('\n', lines[first..opens]);
    }

    [GeneratedRegex(@"(?<=^|\n)[ \t]*"
        + @"(?:(?:public|internal|private|protected|file|static|sealed|abstract|partial|readonly|unsafe|ref)\s+)*"
        + @"(?:class|struct|interface|enum|record(?:\s+(?:class|struct))?)\s+(?<name>\w+)")]
    private static partial Regex TypeName();

    [GeneratedRegex("(Manager|Helper|Helpers|Util|Utils|Service|Handler|Info|Data|Base)$")]
    private static partial Regex BannedSuffix();

    [GeneratedRegex(@"\.(db|png|svg|ico|gz|zip|woff2)$|\.lock\.json$")]
    private static partial Regex IsBinary();

    [GeneratedRegex("(?<![A-Za-z0-9_.~-])/(work|ro" + "ot|home|tmp/h)/[A-Za-z0-9_.-]")]
    private static partial Regex MachinePath();
}
