using Baton.Work;

namespace Baton.Cli;

/// <summary>Ends a command with one clear line. The exit code is found in <see cref="ErrorTable"/>.</summary>
internal sealed class CommandFailure(string code, string message, string? hint = null) : Exception(message)
{
    /// <summary>One of <see cref="ErrorCode"/> or <see cref="StoreFault"/>.</summary>
    public string Code { get; } = code;

    /// <summary>What to do next; null: what the table says.</summary>
    public string? Hint { get; } = hint;

    /// <summary>Particulars, as name and value.</summary>
    public IReadOnlyDictionary<string, string>? Details { get; init; }

    /// <summary>The failure that a store's refusal is to whoever typed the command.</summary>
    public static CommandFailure Of(Refusal refusal) => new(ErrorTable.CodeOf(refusal.Kind), refusal.Message);

    /// <summary>Bad input.</summary>
    public static CommandFailure Usage(string message, string? hint = null) => new(ErrorCode.Usage, message, hint);
}
