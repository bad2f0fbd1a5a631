namespace Baton.Validation;

/// <summary>What was tried, or happened.</summary>
public enum OperationKind
{
    /// <summary>A candidate asks for the lease.</summary>
    Acquire,

    /// <summary>A leader renews its lease.</summary>
    Renew,

    /// <summary>A leader gives its lease back.</summary>
    Release,

    /// <summary>Somebody ends the term of a dead process: <see cref="Operation.Subject"/>.</summary>
    Revoke,

    /// <summary>
    /// A process believes that it leads, from the beginning of the operation until
    /// <see cref="Operation.Until"/>.
    /// </summary>
    Trust,

    /// <summary>A process gives up believing that it leads.</summary>
    Yield,

    /// <summary>A leader raises the fence: the first write of its term.</summary>
    Begin,

    /// <summary>A later write of a leader, behind the fence.</summary>
    Write,

    /// <summary>A leader does something outside that no store can fence: it starts a process.</summary>
    Effect,

    /// <summary>A leader evicts an agent: <see cref="Operation.Subject"/>.</summary>
    Evict,

    /// <summary>A leader puts a task whose attempt was lost back into the queue.</summary>
    Requeue,

    /// <summary>A leader gives a task up that was lost too often.</summary>
    Bury,

    /// <summary>An agent joins the roster.</summary>
    Register,

    /// <summary>An agent's heartbeat; refused once it is off the roster.</summary>
    Beat,

    /// <summary>A task is made.</summary>
    Submit,

    /// <summary>An agent takes a task.</summary>
    Claim,

    /// <summary>An agent makes its claim last longer.</summary>
    Extend,

    /// <summary>An agent completes its task.</summary>
    Complete,

    /// <summary>An agent reports that its attempt failed.</summary>
    Fail,

    /// <summary>An agent gives its task back, or says that it can't go on.</summary>
    GiveBack,

    /// <summary>The command of an attempt runs, from beginning to end.</summary>
    Execute,

    /// <summary>How a task stands at the end of the recording; <see cref="Operation.Note"/> is its status.</summary>
    Settled,

    /// <summary>
    /// A face was asked who leads: <see cref="Operation.Subject"/>, null for nobody.
    /// <see cref="Operation.Who"/> is the face.
    /// </summary>
    View,

    /// <summary>A process starts.</summary>
    Start,

    /// <summary>A process is asked to stop.</summary>
    Stop,

    /// <summary>A process is killed, or has died by itself.</summary>
    Kill,

    /// <summary>A process is stopped in its tracks.</summary>
    Freeze,

    /// <summary>A frozen process goes on.</summary>
    Thaw,

    /// <summary>A process has ended in good order.</summary>
    Exit,

    /// <summary>Something else is broken: <see cref="Operation.Note"/> says what.</summary>
    Fault,

    /// <summary>
    /// The faults are over: a leader must be there at <see cref="Operation.Until"/> at the latest.
    /// </summary>
    Heal,
}

/// <summary>What became of an operation.</summary>
public enum Outcome
{
    /// <summary>It took effect, between its beginning and its end.</summary>
    Ok,

    /// <summary>It was refused, and took no effect.</summary>
    Refused,

    /// <summary>No answer came: it may have taken effect, at any time since its beginning.</summary>
    Unknown,
}

/// <summary>
/// One line of a <see cref="History"/>: who called what, with which epoch or claim, when it began and ended, and
/// what came of it. Simulator, drills, a running system and converted logs all write this record.
/// </summary>
/// <param name="Who">The process life or agent that acts; for a fault, the one who makes it.</param>
/// <param name="Kind">What was tried, or happened.</param>
/// <param name="Began">When it began.</param>
/// <param name="Outcome">What came of it.</param>
public sealed record Operation(string Who, OperationKind Kind, Instant Began, Outcome Outcome)
{
    /// <summary>
    /// The <see cref="Clock"/> of what was read from a log with dates: its instants count from 1970.
    /// </summary>
    public const string WallClock = "wall";

    /// <summary>When it ended; null where no end was seen.</summary>
    public Instant? Ended { get; init; }

    /// <summary>
    /// On which clock; operations of different clocks can't be put in order. Null: the one of the recording.
    /// </summary>
    public string? Clock { get; init; }

    /// <summary>The epoch under whose authority it was done, or that it gained.</summary>
    public Epoch? Epoch { get; init; }

    /// <summary>Whom or what it was done to: a process life, an agent, a task.</summary>
    public string? Subject { get; init; }

    /// <summary>The attempt at a task.</summary>
    public int? Attempt { get; init; }

    /// <summary>The claim's token.</summary>
    public string? Claim { get; init; }

    /// <summary>Until when it holds: a trust, a lease, a claim; or by when something is due.</summary>
    public Instant? Until { get; init; }

    /// <summary>Of a lease: how long it lives after an acquire or a renewal.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>One line for a person.</summary>
    public string? Note { get; init; }

    /// <summary>Where it stands in the file that it was read from, from 1; 0 where it was not read from one.</summary>
    public int Line { get; init; }

    /// <summary>Whether it surely took effect.</summary>
    public bool IsOk => Outcome == Outcome.Ok;

    /// <summary>
    /// Whether it had surely ended before another began; never true between clocks.
    /// </summary>
    public bool Precedes(Operation other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Clock == other.Clock && Ended is { } ended && ended < other.Began;
    }

    /// <summary>One line for a person, times in milliseconds since an origin, or as dates where they are known.</summary>
    public string Describe(Instant origin)
    {
        var text = new System.Text.StringBuilder();
        _ = Clock == WallClock
            ? text.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"{DateTimeOffset.UnixEpoch + (Began - default(Instant)):yyyy-MM-dd HH:mm:ss.fff}Z  ")
            : text.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"{(Began - origin).TotalMilliseconds:0.0} ms  ");
        if (Line > 0)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"line {Line}  ");
        }

        text.Append(Who).Append(' ').Append(OperationNames.Name(Kind));
        if (Subject is not null)
        {
            text.Append(' ').Append(Subject);
        }

        if (Epoch is { } epoch)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $", epoch {epoch}");
        }

        if (Attempt is { } attempt)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $", attempt {attempt}");
        }

        if (!IsOk)
        {
            text.Append(", ").Append(OperationNames.Name(Outcome));
        }

        return Note is null ? text.ToString() : text.Append(": ").Append(Note).ToString();
    }
}
