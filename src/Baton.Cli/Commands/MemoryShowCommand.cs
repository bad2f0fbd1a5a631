using System.CommandLine;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton memory show</c>: sections as they stand, or the list of them.</summary>
internal static class MemoryShowCommand
{
    public static Verb Declare()
    {
        var number = new Argument<long?>("N")
        {
            Description = "the session of this number, archived ones too", Arity = ArgumentArity.ZeroOrOne,
        };
        var last = MemoryCommands.Number("--last", "the newest ones (1)", "N", 1);
        var list = new Option<bool>("--list") { Description = "only list the sections, newest first" };
        var all = new Option<bool>("--all") { Description = "with --list: the archived ones too" };
        var file = MemoryDesk.FileOption();
        return new("show", "print sections, the newest first", session =>
        {
            var desk = MemoryDesk.ToRead(session, session.Get(file));
            var (wanted, isList) = (session.Get(number), session.Get(list));
            if ((wanted is not null ? 1 : 0) + (session.Has(last) ? 1 : 0) + (isList ? 1 : 0) > 1
                || (session.Get(all) && !isList))
            {
                throw CommandFailure.Usage("memory show: give a number, or --last, or --list, which --all belongs to",
                    "baton memory show --help");
            }

            return Task.FromResult(isList ? List(session, desk, session.Get(all))
                : Print(session, desk, wanted is { } one ? Numbered(desk, one)
                    : desk.Memory.ReadNewestFirst().Take((int)Math.Min(session.Get(last) ?? 1, int.MaxValue))));
        })
        { number, last, list, all, file };
    }

    // Records of other systems have a number twice: both are meant.
    private static MemorySection[] Numbered(MemoryDesk desk, long number)
    {
        var found = desk.Memory.ReadNewestFirst().Where(section => section.Number == number).ToArray();
        if (found.Length == 0)
        {
            found = [.. desk.Memory.ReadArchive().Where(section => section.Number == number)];
        }

        return found.Length > 0 ? found
            : throw new CommandFailure(ErrorCode.NotFound, $"{desk.File} has no session {number}",
                "baton memory show --list --all shows what there is");
    }

    private static int Print(Session session, MemoryDesk desk, IEnumerable<MemorySection> sections)
    {
        MemorySectionJson[] shown =
            [.. sections.Select(section => desk.Listed(section) with { Text = section.Text })];
        session.Output.Data(shown, BatonJson.Default.MemorySectionJsonArray, text =>
        {
            if (shown.Length == 0)
            {
                session.Output.Remark($"{desk.File} holds no sections");
            }

            for (var i = 0; i < shown.Length; i++)
            {
                text.Write(i > 0 ? "\n" : "");
                text.WriteLine(Plain.Text(shown[i].Text!.ReplaceLineEndings("\n").TrimEnd()));
            }
        });
        return ExitCode.Ok;
    }

    private static int List(Session session, MemoryDesk desk, bool all)
    {
        MemorySectionJson[] shown =
        [
            .. (all ? desk.Memory.ReadAll() : desk.Memory.ReadNewestFirst()).Select(desk.Listed),
        ];
        session.Output.Data(shown, BatonJson.Default.MemorySectionJsonArray, text =>
        {
            if (shown.Length == 0)
            {
                session.Output.Remark($"{desk.File} holds no sections");
                return;
            }

            var table = new Table("SESSION", "DATE", "WHERE", "TITLE");
            foreach (var section in shown)
            {
                table.Add($"{section.Number}", section.Date, $"{section.File}:{section.Line}", section.Title);
            }

            table.Write(text, session.Output);
        });
        return ExitCode.Ok;
    }
}
