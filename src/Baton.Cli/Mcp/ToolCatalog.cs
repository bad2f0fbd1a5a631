using System.Collections.Immutable;
using System.CommandLine;
using ModelContextProtocol.Protocol;

namespace Baton.Cli;

/// <summary>A command that is offered as a tool: the same words, the same rules, the same answer.</summary>
/// <param name="Path">The words that name the command.</param>
/// <param name="ReadsOnly">Whether it changes nothing.</param>
internal sealed record ToolOffer(ImmutableArray<string> Path, bool ReadsOnly)
{
    /// <summary>Options that a tool of this command does not have, beside those that none has.</summary>
    public ImmutableArray<string> Without { get; init; } = [];

    /// <summary>Options that a person may replace by a file or a pipe, and a tool must give.</summary>
    public ImmutableArray<string> Needs { get; init; } = [];

    /// <summary>What is typed where no argument is given; null: nothing.</summary>
    public string? Otherwise { get; init; }

    /// <summary>What the help of the command does not say, because it is so for tools alone.</summary>
    public string? Remark { get; init; }

    /// <summary>Whether only who claimed the task may say it.</summary>
    public bool IsClaimants { get; init; }

    /// <summary>Whether the claim ends by it.</summary>
    public bool Settles { get; init; }

    /// <summary>The tool's name: the words, joined.</summary>
    public string Name => string.Join('_', Path);
}

/// <summary>
/// The tools that agents are offered. They are commands of this program, described by what those declare, so that a
/// tool can't take, refuse or answer anything else than the command does.
/// </summary>
internal static class ToolCatalog
{
    /// <summary>Takes a task.</summary>
    public const string Claim = "task_claim";

    // Whoever asks is known, and what it claimed; files are read by the agent itself, and one answer ends a call.
    private static readonly string[] Never = ["--agent", "--by", "--claim", "--file", "--follow", "--from", "--memory-file"];

    /// <summary>What is offered, in the order in which it is listed.</summary>
    public static ImmutableArray<ToolOffer> Offers { get; } =
    [
        new(["status"], ReadsOnly: true),
        new(["leader", "show"], ReadsOnly: true),
        new(["leader", "history"], ReadsOnly: true),
        new(["agent", "list"], ReadsOnly: true),
        new(["events"], ReadsOnly: true),
        new(["task", "list"], ReadsOnly: true),
        new(["task", "ready"], ReadsOnly: true),
        new(["task", "show"], ReadsOnly: true),
        new(["task", "create"], ReadsOnly: false) { Needs = ["--title"] },
        new(["task", "claim"], ReadsOnly: false)
        {
            Without = ["--next", "--role", "--can"],
            Otherwise = "--next",
            Remark = "without an id the first ready one that fits. The claim is kept for as long as this session lives "
                + "and calls tools now and then; end it by task_complete, task_fail, task_block, task_decline or "
                + "task_release",
        },
        new(["task", "progress"], ReadsOnly: false) { IsClaimants = true, Needs = ["--note"] },
        new(["task", "complete"], ReadsOnly: false) { IsClaimants = true, Settles = true },
        new(["task", "fail"], ReadsOnly: false) { IsClaimants = true, Settles = true },
        new(["task", "block"], ReadsOnly: false) { IsClaimants = true, Settles = true, Needs = ["--note"] },
        new(["task", "decline"], ReadsOnly: false) { IsClaimants = true, Settles = true, Needs = ["--note"] },
        new(["task", "release"], ReadsOnly: false) { IsClaimants = true, Settles = true },
        new(["task", "note"], ReadsOnly: false),
        new(["task", "cancel"], ReadsOnly: false),
        new(["task", "requeue"], ReadsOnly: false),
        new(["task", "wait"], ReadsOnly: true) { Needs = ["--timeout"] },
        new(["task", "dep", "add"], ReadsOnly: false),
        new(["task", "dep", "rm"], ReadsOnly: false),
        new(["message", "send"], ReadsOnly: false),
        new(["message", "read"], ReadsOnly: false),
        new(["message", "list"], ReadsOnly: true),
        new(["memory", "show"], ReadsOnly: true),
        new(["memory", "search"], ReadsOnly: true),
        new(["memory", "append"], ReadsOnly: false) { Needs = ["--title", "--body"] },
        new(["spec", "show"], ReadsOnly: true),
        new(["quality", "assess"], ReadsOnly: false),
        new(["quality", "lessons"], ReadsOnly: true),
        new(["cleanup"], ReadsOnly: false),
        new(["doctor"], ReadsOnly: true) { Without = ["--ack", "--fix"] },
    ];

    /// <summary>The offers as a client lists them.</summary>
    public static IList<Tool> List()
    {
        var root = CommandTree.Build(new GlobalOptions());
        return
        [
            .. Offers.Select(offer =>
            {
                var command = CommandOf(offer, root);
                return new Tool
                {
                    Name = offer.Name,
                    Description = offer.Remark is null ? command.Description : $"{command.Description}; {offer.Remark}",
                    InputSchema = ToolSchema.Of(OptionsOf(offer, command), command.Arguments, offer.Needs),
                    Annotations = new()
                    {
                        ReadOnlyHint = offer.ReadsOnly,
                        DestructiveHint = offer.Name is "task_cancel",
                        OpenWorldHint = false,
                    },
                };
            }),
        ];
    }

    /// <summary>The offer of a name; null where there is none.</summary>
    public static ToolOffer? Find(string name) => Offers.FirstOrDefault(offer => offer.Name == name);

    /// <summary>What to say of a name that no tool has.</summary>
    public static string Unknown(string name) =>
        $"unknown tool '{Plain.Line(name)}'{Choices.Meant(name, Offers.Select(offer => offer.Name))}";

    /// <summary>The command behind an offer.</summary>
    public static Command CommandOf(ToolOffer offer, Command root) => offer.Path.Aggregate(
        root, (command, word) => command.Subcommands.Single(sub => sub.Name == word));

    /// <summary>The options that a tool has.</summary>
    public static IEnumerable<Option> OptionsOf(ToolOffer offer, Command command) => command.Options.Where(option =>
        !option.Hidden && option is not System.CommandLine.Help.HelpOption
        && !Never.Contains(option.Name) && !offer.Without.Contains(option.Name));
}
