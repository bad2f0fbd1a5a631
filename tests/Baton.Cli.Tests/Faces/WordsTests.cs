namespace Baton.Cli.Tests;

/// <summary>The small words of the surface.</summary>
public sealed class WordsTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("6s", 6000)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    public void A_duration_is_a_number_and_a_unit(string text, double milliseconds) =>
        Assert.Equal(milliseconds, Durations.Parse(text)?.TotalMilliseconds);

    [Theory]
    [InlineData("")]
    [InlineData("6")]
    [InlineData("-6s")]
    [InlineData("6 s")]
    [InlineData("6S")]
    [InlineData("1e3s")]
    [InlineData("99999999999h")]
    public void Everything_else_is_none(string text) => Assert.Null(Durations.Parse(text));

    [Theory]
    [InlineData("postgres://u:secret@h/db", "postgres://u:***@h/db")]
    [InlineData("postgres://u:se:cr@et@h/db", "postgres://u:***@h/db")]
    [InlineData("etcd://h:1?password=secret&x=1", "etcd://h:1?password=***&x=1")]
    [InlineData("sqlite:/a/b.db", "sqlite:/a/b.db")]
    public void A_password_is_never_shown(string uri, string shown) => Assert.Equal(shown, StoreUri.Mask(uri));

    [Fact]
    public void Every_error_leads_to_an_exit_code_of_the_surface() => Assert.All(ErrorTable.Codes, code =>
        Assert.Contains(ErrorTable.Of(code).ExitCode, (int[])[1, 2, 3, 4, 5, 6, 7, 8, 130]));

    [Theory]
    [InlineData(0, "0 tasks")]
    [InlineData(1, "1 task")]
    [InlineData(2, "2 tasks")]
    public void One_is_no_plural(int count, string words) => Assert.Equal(words, Plain.Count(count, "tasks"));

    [Fact]
    public void Wide_letters_take_two_columns()
    {
        Assert.Equal(4, Plain.Width("日本"));
        Assert.Equal("日…", Plain.Cut("日本", 3));
    }

    [Fact]
    public void A_slip_of_the_key_is_understood()
    {
        Assert.Equal("; did you mean completed?", Choices.Meant("complted", Choices.Statuses));
        Assert.Equal("", Choices.Meant("quux", Choices.Statuses));
    }

    [Theory]
    [InlineData("run: unknown option '--repat'; did you mean --repeat?", true, "run", "--repat", "--", "true")]
    [InlineData("run: unknown option '-j4'", true, "run", "make", "-j4")]
    [InlineData("run: unknown option '--tme-limit=5s'; did you mean --time-limit?", true, "run", "--tme-limit=5s", "true")]
    [InlineData("init: unknown option '--foo'", true, "init", "--foo")]
    [InlineData("message send: unknown option '--typo'; did you mean --type?", true, "message", "send", "--typo", "--to", "z")]
    [InlineData("agent register: unknown option '--rol'; did you mean --role?", true, "agent", "register", "--rol")]
    [InlineData("task note: unknown option '--raeson'", true, "task", "note", "ID", "--raeson")]
    [InlineData("task note: unknown option '--raeson'", true, "task", "note", "--raeson")]
    [InlineData("task show: unknown option '--lgo'; did you mean --log?", false, "task", "show", "--lgo")]
    [InlineData("memory search: unknown option '--limt'; did you mean --limit?", true, "memory", "search", "--limt", "3")]
    [InlineData("memory show: unknown option '--lits'; did you mean --list?", false, "memory", "show", "--lits")]
    [InlineData("spec lint: unknown option '--strict'", true, "spec", "lint", "--strict")]
    [InlineData("spec sync: unknown option '--wat'", false, "spec", "sync", "--wat")]
    [InlineData("import hyrm: unknown option '--dryrun'; did you mean --dry-run?", true, "import", "hyrm", "--dryrun")]
    public async Task A_mistyped_option_is_no_argument(string message, bool takesText, params string[] args)
    {
        using var folder = new TemporaryFolder();
        var stage = new Stage { Folder = folder.Path };
        var id = await stage.CreateAsync("--title", "one");
        var played = await stage.PlayAsync([.. args.Select(arg => arg == "ID" ? id : arg)]);

        var help = $"baton {message[..message.IndexOf(':', StringComparison.Ordinal)]} --help";
        Assert.Equal(new(ExitCode.Usage, "", $"baton: {message}\nhint: {help}"
            + (takesText ? "; what begins with - and is no option goes after --\n" : "\n")), played);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        Assert.Contains("\"attempt\":0", (await stage.PlayAsync("task", "show", id, "--json")).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("task")]
    [InlineData("task", "create")]
    public async Task Help_is_a_word_too(params string[] command)
    {
        var asked = await new Stage().PlayAsync([.. command, "--help"]);
        Assert.Equal(asked, await new Stage().PlayAsync(["help", .. command]));
        Assert.Equal(new(ExitCode.Usage, "", "baton: help: unknown command 'task creat'; did you mean create?\n"
            + "hint: baton help\n"), await new Stage().PlayAsync("help", "task", "creat"));
    }

    [Fact]
    public async Task What_begins_with_a_dash_is_taken_after_two_of_them_and_behind_an_option()
    {
        var stage = new Stage { Input = "from the pipe" };
        var id = await stage.CreateAsync("--title", "--lists", "--description", "- a\n- b");
        Assert.Equal(0, (await stage.PlayAsync("task", "note", id, "--", "- item")).Exit);
        Assert.Equal(0, (await stage.PlayAsync("message", "send", "--all", "--", "--typo")).Exit);
        Assert.Equal(0, (await stage.PlayAsync("message", "send", "-", "--all")).Exit);
        var shown = (await stage.PlayAsync("task", "show", id)).Out;
        Assert.StartsWith("--lists\n", shown, StringComparison.Ordinal);
        Assert.Contains("  - item\n", shown, StringComparison.Ordinal);
        var said = (await stage.PlayAsync("message", "list")).Out;
        Assert.Contains("  --typo\n", said, StringComparison.Ordinal);
        Assert.Contains("  from the pipe\n", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("task list: --limit 'many' is no whole number", "task", "list", "--limit", "many")]
    [InlineData("task list: --limit '99999999999' is too large a number", "task", "list", "--limit", "99999999999")]
    [InlineData("memory show: 'abc' is no whole number", "memory", "show", "abc")]
    [InlineData("memory archive: --max-bytes 'x' is no whole number", "memory", "archive", "--max-bytes", "x")]
    [InlineData("events: --after '1.5' is no whole number", "events", "--after", "1.5")]
    [InlineData("task create: --title and --file exclude each other", "task", "create", "--title", "t", "--file", "f")]
    public async Task What_is_wrong_is_said_and_where_the_help_is(string message, params string[] args)
    {
        var help = $"baton {message[..message.IndexOf(':', StringComparison.Ordinal)]} --help";
        Assert.Equal(new(ExitCode.Usage, "", $"baton: {message}\nhint: {help}\n"), await new Stage().PlayAsync(args));
    }
}
