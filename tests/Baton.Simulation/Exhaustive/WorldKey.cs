namespace Baton.Simulation;

/// <summary>
/// Names a world up to what no rule can tell apart: times count from now in whole steps, epochs, renewals and
/// attempt numbers only by their order. So the endless run of a healthy election is a small circle.
/// </summary>
internal sealed class WorldKey
{
    /// <summary>Every timer of the world is shorter than this many steps.</summary>
    private const long Horizon = 8;

    private const int Plain = 0;
    private const int EpochKind = 1;
    private const int NonceKind = 1000;

    private readonly List<(int Kind, long Value)> _parts = [];
    private readonly List<(int Kind, long Value)> _sorted = [];
    private readonly Dictionary<(int, long), long> _ranks = [];
    private readonly List<long> _numbers = [];
    private Instant _now;

    public string Of(World world)
    {
        _parts.Clear();
        _now = world.Now;
        View(world.Row);
        Put(EpochKind, world.Mark.Value);
        Put(world.Faults);
        for (var index = 0; index < world.Nodes.Length; index++)
        {
            Node(world.Nodes[index], index);
        }

        return Ranked();
    }

    private void Node(Node node, int index)
    {
        Put(Flags(node.Frozen, node.Crashed, node.Revoked, node.WorkIsOut, node.Marking, node.Lead is not null,
            node.Lead?.Withdrawn == true));
        Put(EpochKind, node.Lead?.Epoch.Value ?? 0);
        Put(node.Lead is { Withdrawn: false } lead ? Until(lead.TrustedUntil) : 0);
        Request(node.Pending, index);
        Request(node.Ghost, index);
        // Of a machine that never acts again only its requests matter.
        if (node.IsAlive)
        {
            State(node.State, index);
        }
    }

    private void State(ElectionState state, int index)
    {
        Put((int)state.Phase);
        Put(Flags(state.Stopping, state.WorkIsOut, state.ToldAtRisk, state.ToldOverstayed,
            state.NextAt < state.DrainUntil, state.InFlight?.Cancelled == true, state.Seen is not null,
            state.LooksAgain));
        Put((int)state.Leaving);
        Put(Until(state.NextAt));
        Put(Until(state.CampaignFrom));
        Put(Until(state.DrainUntil));
        Put(Since(state.SeenSince));
        Put(Since(state.TrustFrom));
        Put(Since(state.WithdrawnAt));
        Put(EpochKind, state.Term?.Epoch.Value ?? 0);
        Put(state.InFlight is { } sent ? 1 + (int)sent.Kind : 0);
        Put(NonceKind + index, state.InFlight?.Number ?? 0);
        Put(Since(state.InFlight?.SentAt ?? default));
        Put(NonceKind + index, state.Unsettled?.Nonce ?? 0);
        Put(Since(state.Unsettled?.SentAt ?? default));
        if (state.Seen is { } seen)
        {
            View(seen);
        }
    }

    private void Request(Request? request, int index)
    {
        Put(request is null ? 0 : request.Answer is null ? 1 : 2);
        if (request is null)
        {
            return;
        }

        Put(NonceKind + index, request.Number);
        switch (request.Effect)
        {
            case ElectionEffect.Acquire acquire:
                Put(11 + (int)acquire.Seen.Standing);
                Put(EpochKind, acquire.Seen.Epoch.Value);
                Renewals(acquire.Seen.Epoch, acquire.Seen.Renewals);
                break;
            case ElectionEffect.Renew renew:
                Put(2);
                Put(EpochKind, renew.Term.Epoch.Value);
                break;
            case ElectionEffect.Release release:
                Put(3 + (int)release.Reason);
                Put(EpochKind, release.Term.Epoch.Value);
                break;
            default:
                Put(1);
                break;
        }

        Answer(request.Answer);
    }

    private void Answer(ElectionInput? answer)
    {
        switch (answer)
        {
            case ElectionInput.Saw saw:
                Put(saw.ProvablyDead ? 1 : 0);
                View(saw.View);
                break;
            case ElectionInput.AcquireAnswered { Answer: AcquireAnswer.Acquired won }:
                Put(1);
                Put(EpochKind, won.Term.Epoch.Value);
                break;
            case ElectionInput.AcquireAnswered { Answer: AcquireAnswer.Held held }:
                Put(2);
                View(held.View);
                break;
            case ElectionInput.RenewAnswered { Answer: RenewAnswer.Renewed }:
            case ElectionInput.ReleaseAnswered { Answer: ReleaseAnswer.Released }:
                Put(1);
                break;
            default:
                Put(0);
                break;
        }
    }

    private void View(LeaseView view)
    {
        Put(EpochKind, view.Epoch.Value);
        Renewals(view.Epoch, view.Renewals);
        var holder = view.Holder is { } candidate ? WorldRules.IndexOf(candidate.Holder) : -1;
        Put(holder);
        Put(holder < 0 ? Plain : NonceKind + holder, holder < 0 ? 0 : view.Nonce);
        Put(view.Expiry is { } expiry ? Until(expiry.At) : -1);
    }

    private void Renewals(Epoch epoch, long renewals) => Put(2 + ((int)epoch.Value * 2000), renewals);

    private void Put(long value) => Put(Plain, value);

    private void Put(int kind, long value) => _parts.Add((kind, value));

    private static long Flags(params ReadOnlySpan<bool> flags)
    {
        var all = 0L;
        foreach (var flag in flags)
        {
            all = (all << 1) | (flag ? 1L : 0L);
        }

        return all;
    }

    private long Until(Instant at) => at == Instant.Never ? Horizon
        : Math.Clamp((long)Math.Ceiling((at - _now) / WorldRules.Step), 0, Horizon);

    private long Since(Instant at) => Math.Clamp((long)((_now - at) / WorldRules.Step), 0, Horizon);

    /// <summary>Replaces each number that only counts by its order with its place in that order.</summary>
    private string Ranked()
    {
        _sorted.Clear();
        _ranks.Clear();
        _sorted.AddRange(_parts.Where(part => part.Kind != Plain));
        _sorted.Sort();
        var rank = 0L;
        for (var index = 0; index < _sorted.Count; index++)
        {
            rank = index > 0 && _sorted[index].Kind == _sorted[index - 1].Kind
                ? rank + (_sorted[index].Value == _sorted[index - 1].Value ? 0 : 1)
                : 0;
            _ranks[_sorted[index]] = rank;
        }

        _numbers.Clear();
        _numbers.AddRange(_parts.Select(part => part.Kind == Plain ? part.Value : _ranks[part]));
        return string.Create(_numbers.Count, _numbers, static (text, parts) =>
        {
            for (var index = 0; index < text.Length; index++)
            {
                text[index] = (char)(parts[index] + 2);
            }
        });
    }
}
