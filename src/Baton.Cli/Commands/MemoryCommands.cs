using System.CommandLine;
using System.Text.RegularExpressions;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton memory …</c>: what people and agents leave for those who come after them.</summary>
internal static partial class MemoryCommands
{
    public static Command Declare()
    {
        var memory = new Command("memory", "the working memory: one Markdown file that everybody adds to");
        foreach (var command in (Command[])
        [
            MemoryAppendCommand.Declare(), MemoryShowCommand.Declare(), Search(), Archive(),
        ])
        {
            memory.Add(command);
        }

        return memory;
    }

    private static Verb Search()
    {
        var words = new Argument<string[]>("WORDS")
        {
            Description = "all of them must stand in a section; case does not matter", Arity = ArgumentArity.OneOrMore,
        };
        var (limit, file) = (TaskListCommand.Limit(), MemoryDesk.FileOption());
        return new("search", "find sections, archived ones too; newest first", session =>
        {
            var wanted = session.Get(words)!;
            if (wanted.Any(string.IsNullOrWhiteSpace))
            {
                throw CommandFailure.Usage("memory search: a word is empty");
            }

            var desk = MemoryDesk.ToRead(session, session.Get(file));
            var found = desk.Memory.ReadAll()
                .Where(section => wanted.All(word => Holds(section.Text, word)))
                .Take(session.Get(limit) ?? int.MaxValue)
                .Select(section => desk.Listed(section) with { Matches = MatchesOf(section, wanted) }).ToArray();
            session.Output.Data(found, BatonJson.Default.MemorySectionJsonArray, text =>
            {
                if (found.Length == 0)
                {
                    session.Output.Remark("no section holds all of that");
                }

                foreach (var section in found)
                {
                    text.WriteLine(session.Output.Ink.Strong(Plain.Line(HeadingOf(section))));
                    foreach (var match in section.Matches!)
                    {
                        text.WriteLine(Plain.Line($"{section.File}:{match.Line}: {match.Text}"));
                    }
                }
            });
            return Task.FromResult(ExitCode.Ok);
        })
        { words, limit, file };
    }

    private static Verb Archive()
    {
        const int keptByDefault = 20;
        var keep = Number("--keep", $"how many of the newest stay ({keptByDefault})", "N", 2);
        var maxBytes = Number("--max-bytes", "how long the file may remain; at least two sections stay", "B", 1);
        var dryRun = new Option<bool>("--dry-run") { Description = "only say what would be moved" };
        var file = MemoryDesk.FileOption();
        return new("archive", "move the oldest sections to a file of the archive", session =>
        {
            var desk = MemoryDesk.ToRead(session, session.Get(file));
            var isTrial = session.Get(dryRun);
            var most = session.Get(maxBytes);
            var stay = session.Get(keep) ?? (most is null ? keptByDefault : int.MaxValue);
            var answer = desk.Memory.Archive((int)Math.Min(stay, int.MaxValue), most, isTrial);
            var shown = new MemoryArchiveJson(desk.File, isTrial, [.. answer.Moved.Select(section =>
                    desk.Listed(section with { Path = desk.Memory.Path }))],
                answer.File is { } written ? desk.NameOf(written) : null,
                File.Exists(desk.Memory.ArchiveIndex) ? desk.NameOf(desk.Memory.ArchiveIndex) : null,
                answer.Kept, answer.Bytes);
            session.Output.Data(shown, BatonJson.Default.MemoryArchiveJson, text =>
            {
                foreach (var section in shown.Moved)
                {
                    text.WriteLine(Plain.Line(HeadingOf(section)));
                }

                text.WriteLine(Plain.Line($"{shown.Moved.Count} {(isTrial ? "would be archived" : "archived")}"
                    + (shown.Archive is { } into ? $" in {into}" : "")
                    + $", {shown.Kept} {(shown.Kept == 1 ? "stays" : "stay")} in {shown.File} ({shown.Bytes} bytes)"));
            });
            return Task.FromResult(ExitCode.Ok);
        })
        { keep, maxBytes, dryRun, file };
    }

    /// <summary>An option that takes a number that is not too small.</summary>
    public static Option<long?> Number(string name, string description, string helpName, long least)
    {
        var option = new Option<long?>(name) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && long.TryParse(result.Tokens[0].Value, out var number) && number < least)
            {
                result.AddError($"{name} {number}: at least {least}");
            }
        });
        return option;
    }

    /// <summary>The heading of a section, on one line.</summary>
    public static string HeadingOf(MemorySectionJson section) => $"## Session {section.Number} - {section.Title}"
        + (section.Date is { } date ? $" ({date})" : "");

    private static MemoryLineJson[] MatchesOf(MemorySection section, string[] words) =>
    [
        .. LineBreak().Split(section.Text).Select((line, i) => new MemoryLineJson(section.Line + i, line.Trim()))
            .Where(line => words.Any(word => Holds(line.Text, word))),
    ];

    private static bool Holds(string text, string word) => text.Contains(word, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex("\r?\n")]
    private static partial Regex LineBreak();
}
