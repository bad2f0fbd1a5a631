using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using Baton.Work;

namespace Baton.Cli;

/// <summary><c>baton memory append</c>: a section of its own, whole, under the next number.</summary>
internal static partial class MemoryAppendCommand
{
    private const int LongestTitle = 500;
    private const int LongestBody = 1_000_000;

    public static Verb Declare()
    {
        var title = new Option<string?>("--title") { Description = "one line", HelpName = "T" };
        var body = new Option<string?>("--body") { Description = "what it says, in Markdown", HelpName = "TEXT" };
        var from = new Option<string?>("--file")
        {
            Description = "a file that holds the body; - reads standard input", HelpName = "F",
        };
        var key = new Option<string?>("--key") { Description = "the same key twice is one section", HelpName = "K" };
        var file = MemoryDesk.FileOption();
        return new("append", "add a section", async session =>
        {
            var desk = MemoryDesk.Of(session, session.Get(file));
            var section = new NewSection(TitleOf(session.Get(title)),
                DateOnly.FromDateTime(session.Around.Clock.GetUtcNow().UtcDateTime),
                await BodyAsync(session, session.Get(body), session.Get(from)))
            {
                Key = KeyOf(session.Get(key)),
            };
            var answer = desk.Memory.Append(section);
            session.Output.Data(new(desk.File, answer.Number, answer.Number is not null),
                BatonJson.Default.MemoryAppendJson, text => text.WriteLine(Plain.Line(answer.Number is { } number
                    ? $"{desk.File} Session {number}"
                    : $"{desk.File} holds '{section.Key}' already; nothing was written")));
            return ExitCode.Ok;
        })
        { title, body, from, key, file };
    }

    private static string TitleOf(string? title) =>
        string.IsNullOrWhiteSpace(title) ? throw CommandFailure.Usage(
            "memory append: --title is missing or empty", "baton memory append --help")
        : title.Any(char.IsControl) ? throw CommandFailure.Usage(
            "memory append: the title holds a line break or another control character", "put the rest into the body")
        : title.Length > LongestTitle ? throw CommandFailure.Usage(
            $"memory append: the title has {title.Length} characters; at most {LongestTitle}")
        : title.Trim();

    private static string? KeyOf(string? key) => key is null || Key().IsMatch(key) ? key
        : throw CommandFailure.Usage($"memory append: '{key}' is no key: 1 to 200 of A-Z a-z 0-9 . _ : -");

    private static async Task<string> BodyAsync(Session session, string? body, string? file)
    {
        if (body is null == file is null)
        {
            throw CommandFailure.Usage(body is null ? "memory append: neither --body nor --file was given"
                : "memory append: --body and --file exclude each other", "baton memory append --help");
        }

        var name = file is null ? "the body" : InputFile.NameOf(file);
        var text = body ?? await InputFile.ReadAsync(session.Around, file!, reader => ReadAsync(reader, session.Stop));
        if (string.IsNullOrWhiteSpace(text))
        {
            throw CommandFailure.Usage($"memory append: {name} is empty");
        }

        if (text.Length > LongestBody || text.Contains('\0', StringComparison.Ordinal))
        {
            throw CommandFailure.Usage($"memory append: {name} is longer than {LongestBody} characters or holds a NUL");
        }

        return WorkingMemory.HeadingWithin(text) is { } line
            ? throw CommandFailure.Usage($"memory append: line {line} of {name} is a heading that would end the section",
                "begin headings in a body with ### or more")
            : text;
    }

    private static async Task<string> ReadAsync(TextReader reader, CancellationToken cancel)
    {
        var text = new StringBuilder();
        var buffer = new char[16 * 1024];
        // What is too long is refused anyway; a device without end must not fill the memory.
        while (text.Length <= LongestBody && await reader.ReadAsync(buffer, cancel) is > 0 and var got)
        {
            text.Append(buffer, 0, got);
        }

        return text.ToString();
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._:-]{1,200}\z")]
    private static partial Regex Key();
}
