using System.Text.Json;

namespace Baton.Cli;

/// <summary>A session of tools: who calls them, what that agent holds, and each call's answer.</summary>
internal sealed class ToolSession(Session session, RunOrder order) : IAsyncDisposable
{
    private readonly SessionAgent _agent = new(session, order);

    /// <summary>Answers a call.</summary>
    /// <param name="offer">The tool.</param>
    /// <param name="arguments">What it was given.</param>
    /// <param name="cancel">Ends the call.</param>
    public async Task<ToolAnswer> CallAsync(
        ToolOffer offer, IReadOnlyDictionary<string, JsonElement> arguments, CancellationToken cancel)
    {
        _agent.CallBegins();
        try
        {
            return await AnswerAsync(offer, arguments, cancel);
        }
        finally
        {
            _agent.CallEnds();
        }
    }

    /// <summary>What the model should know, and has not asked for: said once.</summary>
    public IReadOnlyList<string> News() => _agent.News();

    /// <summary>Gives back what is held, and leaves the roster.</summary>
    public ValueTask DisposeAsync() => _agent.DisposeAsync();

    private async Task<ToolAnswer> AnswerAsync(
        ToolOffer offer, IReadOnlyDictionary<string, JsonElement> arguments, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(session.Stop, cancel);
        try
        {
            var token = offer.IsClaimants ? TokenFor(offer, arguments) : null;
            var actor = offer.ReadsOnly ? null : await _agent.IdAsync(stop.Token);
            var sentAt = Instant.Of(session.Around.Clock);
            var answer = await ToolCall.RunAsync(offer, arguments, session.Around with
            {
                Stop = stop.Token,
                Variable = name => name switch
                {
                    "BATON_STORE" or "BATON_LEASES" or "BATON_ELECTION" => session.Place.Variables[name],
                    "BATON_AGENT_ID" => actor ?? session.Around.Variable(name),
                    "BATON_CLAIM" => token,
                    SkillOptions.RoleVariable => order.Role,
                    SkillOptions.CanVariable => order.Can.IsEmpty ? null : string.Join(',', order.Can),
                    _ => session.Around.Variable(name),
                },
            });
            stop.Token.ThrowIfCancellationRequested();
            TakeNote(offer, answer, sentAt);
            return answer;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever it is, who called the tool must read it: the protocol's own words for it say nothing.
            return ToolAnswer.Of(ErrorTable.FailureOf(e, stopped: false));
        }
    }

    private string TokenFor(ToolOffer offer, IReadOnlyDictionary<string, JsonElement> arguments)
    {
        var id = arguments.TryGetValue("id", out var given) && given.ValueKind == JsonValueKind.String
            ? given.GetString()! : "";
        return _agent.TokenOf(id) ?? throw new CommandFailure(ErrorCode.Conflict,
            $"{offer.Name}: this session has claimed no task '{id}'", $"{ToolCatalog.Claim} takes one");
    }

    private void TakeNote(ToolOffer offer, ToolAnswer answer, Instant sentAt)
    {
        if (answer.Data is not { ValueKind: JsonValueKind.Object } data)
        {
            return;
        }

        if (offer.Name == ToolCatalog.Claim)
        {
            _agent.Keep(data, sentAt);
        }
        else if (offer.Settles && data.TryGetProperty("id", out var settled))
        {
            _agent.Settled(new(settled.GetString()!));
        }
    }
}
