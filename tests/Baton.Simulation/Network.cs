namespace Baton.Simulation;

/// <summary>How the way to the stores behaves.</summary>
internal sealed record Weather
{
    public static readonly Weather Calm = new();

    /// <summary>How often a request is turned away at once.</summary>
    public double Refused { get; init; }

    public double RequestLost { get; init; }

    /// <summary>How often the store does it and the answer never comes.</summary>
    public double AnswerLost { get; init; }

    /// <summary>How often a request arrives twice.</summary>
    public double Twice { get; init; }

    /// <summary>How often a request or an answer arrives long after its sender or receiver has given up.</summary>
    public double Late { get; init; }

    /// <summary>How often a leader stops in its tracks between its last look at the clock and its write.</summary>
    public double Halted { get; init; }

    public TimeSpan LateBy { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan Longest { get; init; } = TimeSpan.FromMilliseconds(4);

    /// <summary>How long a sender waits for an answer that does not come, if nothing else makes it give up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Carries requests from the processes to the stores, and answers back.</summary>
internal sealed class Network(Arena arena, Chance chance)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMicroseconds(100);

    private readonly List<Action> _halted = [];
    private int _heals;

    public Weather Weather { get; set; } = Weather.Calm;

    /// <summary>The stores do nothing before this instant.</summary>
    public Instant StalledUntil { get; set; }

    private Timeline Timeline => arena.Timeline;

    /// <summary>From now on all goes well; what was still on its way is lost.</summary>
    public void Heal()
    {
        _heals++;
        foreach (var goOn in _halted.ToArray())
        {
            goOn();
        }

        Weather = Weather.Calm;
        StalledUntil = default;
    }

    /// <summary>Asks a store for something.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="verb">What the store does, given the instant at which the request was sent.</param>
    /// <param name="isLeaders">Whether only a leader asks for this, and may be halted at the worst moment.</param>
    /// <param name="cancel">Ends the wait, not the request.</param>
    public async Task<T> CallAsync<T>(
        SimulatedProcess caller, Func<Instant, ValueTask<T>> verb, bool isLeaders, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var giveUp = arena.Plan.HeedsCancellation ? cancel.UnsafeRegister(
            static (waiting, token) => ((TaskCompletionSource<T>)waiting!).TrySetCanceled(token), answer) : default;
        if (isLeaders && chance.Of(Weather.Halted))
        {
            Halt(caller, () => Send(caller, verb, answer));
        }
        else
        {
            Send(caller, verb, answer);
        }

        return await answer.Task;
    }

    private void Halt(SimulatedProcess caller, Action send)
    {
        caller.Freeze();
        void GoOn()
        {
            if (_halted.Remove(GoOn))
            {
                caller.Thaw();
                if (caller.IsAlive)
                {
                    send();
                }
            }
        }

        _halted.Add(GoOn);
        Timeline.After(chance.Between(Weather.LateBy / 20, Weather.LateBy), GoOn);
    }

    private void Send<T>(
        SimulatedProcess caller, Func<Instant, ValueTask<T>> verb, TaskCompletionSource<T> answer)
    {
        var (weather, sent) = (Weather, Timeline.Now);
        if (chance.Of(weather.Refused))
        {
            Timeline.After(Latency(weather), () => Fail(answer, StoreFault.Unreachable, "the store refused"));
            return;
        }

        var isLost = caller.Host.IsCutOff || chance.Of(weather.RequestLost);
        var isLate = chance.Of(weather.Late);
        if (isLost || isLate)
        {
            GiveUpInTime(answer, weather);
        }

        if (isLost)
        {
            return;
        }

        for (var copies = chance.Of(weather.Twice) ? 2 : 1; copies > 0; copies--)
        {
            var way = isLate ? chance.Between(Shortest, weather.LateBy) : Latency(weather);
            Travel(
                way,
                () => Land(caller, verb, answer, sent),
                () => Fail(answer, StoreFault.Busy, "lost on the way"));
        }
    }

    private void Travel(TimeSpan way, Action arrive, Action vanish)
    {
        var heals = _heals;
        var at = Timeline.Now + way;
        Timeline.At(at < StalledUntil ? StalledUntil : at, () =>
        {
            if (Timeline.Now < StalledUntil)
            {
                Travel(TimeSpan.Zero, arrive, vanish);
            }
            else if (heals == _heals)
            {
                arrive();
            }
            else
            {
                vanish();
            }
        });
    }

    private void Land<T>(SimulatedProcess caller, Func<Instant, ValueTask<T>> verb,
        TaskCompletionSource<T> answer, Instant sent) => arena.Server.Run(async () =>
        {
            Action deliver;
            try
            {
                var result = await verb(sent);
                deliver = () => answer.TrySetResult(result);
            }
            catch (Exception e) when (e is StoreUnavailableException or FencedException)
            {
                deliver = () => answer.TrySetException(e);
            }

            if (caller.Host.IsCutOff || chance.Of(Weather.AnswerLost))
            {
                GiveUpInTime(answer, Weather);
                return;
            }

            if (chance.Of(Weather.Late))
            {
                GiveUpInTime(answer, Weather);
                Timeline.After(chance.Between(Shortest, Weather.LateBy), deliver);
                return;
            }

            Timeline.After(Latency(Weather), deliver);
        });

    private void GiveUpInTime<T>(TaskCompletionSource<T> answer, Weather weather) => Timeline.After(
        chance.Between(weather.Patience / 4, weather.Patience),
        () => Fail(answer, StoreFault.Busy, "the store did not answer"));

    private TimeSpan Latency(Weather weather) => chance.Between(Shortest, weather.Longest);

    private static void Fail<T>(TaskCompletionSource<T> answer, string code, string message) =>
        answer.TrySetException(new StoreUnavailableException(code, message, isTransient: true));
}
