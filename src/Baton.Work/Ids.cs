using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>Names a task. <c>[A-Za-z0-9._-]{1,128}</c>; new ones look like <c>task_MS_xxxxxx</c>.</summary>
public readonly record struct TaskId
{
    /// <summary>A checked id.</summary>
    /// <exception cref="ArgumentException">The text does not have the form of an id.</exception>
    public TaskId(string value) => Value = new HolderId(value).Value;

    /// <summary>The id.</summary>
    public string Value => field ?? "";

    /// <summary>The id.</summary>
    public override string ToString() => Value;
}

/// <summary>
/// Names an agent: a worker's or an orchestrator's process life, or whoever claims by hand.
/// </summary>
public readonly record struct AgentId
{
    /// <summary>A checked id, of the form of a <see cref="HolderId"/>.</summary>
    /// <exception cref="ArgumentException">The text does not have the form of an id.</exception>
    public AgentId(string value) => Value = new HolderId(value).Value;

    /// <summary>The id.</summary>
    public string Value => field ?? "";

    /// <summary>The same process life as a candidate for election.</summary>
    public HolderId AsHolder() => new(Value);

    /// <summary>The id.</summary>
    public override string ToString() => Value;
}

/// <summary>Names a message. <c>[A-Za-z0-9._-]{1,128}</c>; new ones look like <c>msg-MS-xxxxxx</c>.</summary>
public readonly record struct MessageId
{
    /// <summary>A checked id, of the form of a <see cref="HolderId"/>.</summary>
    /// <exception cref="ArgumentException">The text does not have the form of an id.</exception>
    public MessageId(string value) => Value = new HolderId(value).Value;

    /// <summary>The id.</summary>
    public string Value => field ?? "";

    /// <summary>The id.</summary>
    public override string ToString() => Value;
}

/// <summary>Makes ids. All randomness of the program comes from here, so a test can seed it.</summary>
/// <param name="clock">Gives the milliseconds in an id.</param>
/// <param name="fill">Fills a span with random bytes.</param>
public sealed partial class IdSource(TimeProvider clock, Action<Span<byte>> fill)
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>A task id, as <c>task_1767423758123_5sy7qw</c>.</summary>
    public TaskId NewTask() => new($"task_{Milliseconds()}_{Suffix()}");

    /// <summary>An agent id, as <c>agent-1767434026236-t0030c</c>.</summary>
    public AgentId NewAgent() => new($"agent-{Milliseconds()}-{Suffix()}");

    /// <summary>A message's id, as <c>msg-1767434026236-t0030c</c>.</summary>
    public MessageId NewMessage() => new($"msg-{Milliseconds()}-{Suffix()}");

    /// <summary>The id of a new process life of a stable name.</summary>
    public AgentId NewLife(string name) => new($"{name}-{Suffix()}");

    /// <summary>The stable name in the id of a process life that <see cref="NewLife"/> made.</summary>
    public static string NameOf(AgentId life) => LifeSuffix().Replace(life.Value, "");

    /// <summary>A claim's secret part: 16 hexadecimal digits.</summary>
    public string NewSecret()
    {
        Span<byte> bytes = stackalloc byte[8];
        fill(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Six random digits of base 36.</summary>
    public string Suffix()
    {
        Span<byte> bytes = stackalloc byte[6];
        fill(bytes);
        Span<char> text = stackalloc char[6];
        for (var i = 0; i < text.Length; i++)
        {
            text[i] = Digits[bytes[i] % Digits.Length];
        }

        return new(text);
    }

    private long Milliseconds() => clock.GetUtcNow().ToUnixTimeMilliseconds();

    [GeneratedRegex("-[0-9a-z]{6}$")]
    private static partial Regex LifeSuffix();
}
