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

    /// <summary>How often a request arrives long after its sender has given up.</summary>
    public double Late { get; init; }

    public TimeSpan LateBy { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan Longest { get; init; } = TimeSpan.FromMilliseconds(4);

    /// <summary>How long a sender waits for an answer that does not come, if nothing else makes it give up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>Carries requests from the processes to the stores, and answers back.</summary>
internal sealed class Network(Arena arena, Chance chance)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMicroseconds(100);

    private int _heals;

    public Weather Weather { get; set; } = Weather.Calm;

    /// <summary>The stores do nothing before this instant.</summary>
    public Instant StalledUntil { get; set; }

    private Timeline Timeline => arena.Timeline;

    /// <summary>From now on all goes well; what was still on its way is lost.</summary>
    public void Heal()
    {
        _heals++;
        Weather = Weather.Calm;
        StalledUntil = default;
    }

    /// <summary>Asks a store for something.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="verb">What the store does, given the instant at which the request was sent.</param>
    /// <param name="cancel">Ends the wait, not the request.</param>
    public async Task<T> CallAsync<T>(
        SimulatedProcess caller, Func<Instant, ValueTask<T>> verb, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var giveUp = cancel.UnsafeRegister(
            static (waiting, token) => ((TaskCompletionSource<T>)waiting!).TrySetCanceled(token), answer);
        Send(caller, verb, answer);
        return await answer.Task;
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
            Travel(way, () => Land(caller, verb, answer, sent), () => Fail(answer, StoreFault.Busy, "lost on the way"));
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

            Timeline.After(Latency(Weather), deliver);
        });

    private void GiveUpInTime<T>(TaskCompletionSource<T> answer, Weather weather) => Timeline.After(
        chance.Between(weather.Patience / 4, weather.Patience),
        () => Fail(answer, StoreFault.Busy, "the store did not answer"));

    private TimeSpan Latency(Weather weather) => chance.Between(Shortest, weather.Longest);

    private static void Fail<T>(TaskCompletionSource<T> answer, string code, string message) =>
        answer.TrySetException(new StoreUnavailableException(code, message, isTransient: true));
}
