using System.Collections.Immutable;

namespace Baton.Simulation;

/// <summary>
/// A request that left a candidate: not yet at the store while <see cref="Answer"/> is null.
/// </summary>
internal sealed record Request(ElectionEffect Effect, ElectionInput? Answer = null)
{
    public long Number => Effect switch
    {
        ElectionEffect.Look look => look.Attempt,
        ElectionEffect.Acquire acquire => acquire.Attempt,
        ElectionEffect.Renew renew => renew.Attempt,
        ElectionEffect.Release release => release.Attempt,
        _ => throw new ArgumentOutOfRangeException(nameof(Effect)),
    };
}

/// <summary>
/// What the leader's work sees of a leadership; whether it is valid is computed from the clock, as in the
/// real one.
/// </summary>
internal sealed record Lead(Epoch Epoch, Instant TrustedUntil, bool Withdrawn);

/// <summary>One candidate's process.</summary>
internal sealed record Node(ElectionState State)
{
    public bool Frozen { get; init; }

    public bool Crashed { get; init; }

    public bool Revoked { get; init; }

    public Lead? Lead { get; init; }

    public bool WorkIsOut { get; init; }

    /// <summary>The mark is being raised; nothing else happens to this candidate until it is.</summary>
    public bool Marking { get; init; }

    /// <summary>The request whose answer is waited for.</summary>
    public Request? Pending { get; init; }

    /// <summary>A request that was given up for lost and is still on its way.</summary>
    public Request? Ghost { get; init; }

    public bool IsAlive => !Crashed && State.Phase != ElectionPhase.Stopped;

    public bool CanAct => IsAlive && !Frozen;

    public bool IsValidAt(Instant now) => !Crashed && Lead is { Withdrawn: false } lead && now < lead.TrustedUntil;
}

/// <summary>
/// All there is at one instant: the row, the mark, the faults still to come, the candidates. A value.
/// </summary>
internal sealed record World(Instant Now, LeaseView Row, Epoch Mark, int Faults, ImmutableArray<Node> Nodes)
{
    public World With(int index, Node node) => this with { Nodes = Nodes.SetItem(index, node) };
}

/// <summary>A promise is broken, or the machine misbehaves.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message);

/// <summary>
/// The rules of the small world: a store that is one row, and a network that delays, drops and forgets.
/// </summary>
internal sealed class WorldRules(int nodes, int faults, bool sharedClock, bool witnesses)
{
    /// <summary>
    /// Time goes in steps. Each timer rounds up to the same number of them whatever its jitter.
    /// </summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Ttl = Step * 4;
    private static readonly ClockDomain Shared = new("world");

    private readonly ElectionTimers[] _timers = [.. Enumerable.Range(0, nodes).Select(index => new ElectionTimers(
        Ttl, Step * 1.3, Step * 1.3, Step * 0.4, Step * 0.5, Step * 3,
        sharedClock ? Shared : ClockDomain.Unknown, new HolderId($"n{index}")))];

    public World Begin()
    {
        var now = new Instant(Step.Ticks * 100 * 1000);
        var all = Enumerable.Range(0, nodes).Select(_ => new Node(ElectionState.Begin(now)));
        return new(now, LeaseView.Never(ElectionName.Main), Epoch.None, faults, [.. all]);
    }

    /// <summary>Everything that can happen next.</summary>
    public IEnumerable<(string What, World Next)> Successors(World world)
    {
        var mayTimePass = true;
        for (var index = 0; index < world.Nodes.Length; index++)
        {
            var node = world.Nodes[index];
            var isDue = node.CanAct
                && (node.Marking || ElectionMachine.WakeAt(_timers[index], node.State) <= world.Now);
            mayTimePass &= !isDue;
            foreach (var (what, next) in OfNode(world, index, node, isDue).Concat(OfNetwork(world, index, node)))
            {
                yield return ($"n{index} {what}", next);
            }
        }

        if (mayTimePass)
        {
            yield return ("time passes", world with { Now = world.Now + Step });
        }
    }

    /// <summary>The promises that hold in every state.</summary>
    public static void Check(World world)
    {
        var valid = world.Nodes.Where(node => node.IsValidAt(world.Now)).ToArray();
        Require(valid.Length <= 1, "two leaders are valid at the same instant");
        foreach (var node in valid)
        {
            Require(node.Lead!.Epoch == world.Row.Epoch && world.Row.Holder is { } holder
                && world.Nodes[IndexOf(holder.Holder)] == node, "a leader is valid that the row does not name");
            Require(node.Lead.TrustedUntil <= world.Row.Expiry!.Value.At, "trust outlasts the lease");
        }
    }

    private IEnumerable<(string What, World Next)> OfNode(World world, int index, Node node, bool isDue)
    {
        if (!node.IsAlive)
        {
            return [];
        }

        if (node.Frozen)
        {
            return [("thaws", world.With(index, node with { Frozen = false }))];
        }

        if (node.Marking)
        {
            return Mark(world, index);
        }

        // A hint may come at any time, of the row as it is or as it was long ago.
        var all = Take(world, index, new ElectionInput.Hint(world.Row))
            .Concat(Take(world, index, new ElectionInput.Hint(LeaseView.Never(ElectionName.Main))))
            .Concat(isDue ? Take(world, index, new ElectionInput.Tick()) : []);
        if (node.WorkIsOut && node.Lead is { Withdrawn: true })
        {
            all = all.Concat(ReturnWork(world, index));
        }

        if (world.Faults > 0)
        {
            var worse = world with { Faults = world.Faults - 1 };
            all = all.Append(("freezes", worse.With(index, node with { Frozen = true })))
                .Append(("crashes", worse.With(index, node with { Crashed = true })));
            if (node.State.Phase == ElectionPhase.Leading)
            {
                all = all.Concat(Take(worse, index, new ElectionInput.Resign())).Concat(ReturnWork(worse, index));
            }

            if (!node.State.Stopping)
            {
                all = all.Concat(Take(worse, index, new ElectionInput.Stop()));
            }
        }

        return all;
    }

    private IEnumerable<(string What, World Next)> OfNetwork(World world, int index, Node node)
    {
        if (node.Ghost is { } ghost)
        {
            var (row, _) = Land(world, index, ghost);
            yield return ("a lost request lands late",
                (world with { Row = row }).With(index, node with { Ghost = null }));
        }

        if (node is { Crashed: true, Revoked: false })
        {
            var row = IsHeldBy(world.Row, index) ? Ended(world.Row, TermEnd.Died) : world.Row;
            yield return ("is revoked", (world with { Row = row }).With(index, node with { Revoked = true }));
        }

        if (node.Pending is not { } pending)
        {
            yield break;
        }

        if (pending.Answer is null)
        {
            var (row, answer) = Land(world, index, pending);
            yield return ("request lands", (world with { Row = row })
                .With(index, node with { Pending = pending with { Answer = answer } }));
        }

        if (!node.CanAct || node.Marking)
        {
            yield break;
        }

        var without = world.With(index, node with { Pending = null });
        var failed = new ElectionInput.AttemptFailed(pending.Number, StoreFault.Busy, "lost", false);
        var resolved = pending.Answer is { } waiting
            ? Take(without, index, waiting).Concat(Take(without, index, failed))
            : Take(without, index, failed)
                .Concat(Take(world.With(index, node with { Pending = null, Ghost = pending }), index, failed));
        foreach (var each in resolved)
        {
            yield return each;
        }
    }

    private IEnumerable<(string What, World Next)> ReturnWork(World world, int index) => Take(
        world.With(index, world.Nodes[index] with { WorkIsOut = false }), index, new ElectionInput.WorkReturned());

    private IEnumerable<(string What, World Next)> Mark(World world, int index)
    {
        var unmarked = world.With(index, world.Nodes[index] with { Marking = false });
        var raised = unmarked with
        {
            Mark = Epoch.Max(unmarked.Mark, world.Nodes[index].State.Term?.Epoch ?? Epoch.None),
        };
        var all = Take(raised, index, new ElectionInput.MarkRaised());
        return world.Faults == 0 ? all
            : all.Concat(Take(
                unmarked with { Faults = world.Faults - 1 }, index, new ElectionInput.MarkFailed("full")));
    }

    /// <summary>One input into one machine, and all the ways in which its effects may go.</summary>
    private IEnumerable<(string What, World Next)> Take(World world, int index, ElectionInput input)
    {
        var node = world.Nodes[index];
        var (state, effects) = ElectionMachine.Step(_timers[index], node.State, input, world.Now);
        CheckStep(world, index, input, state, effects);
        var next = world.With(index, effects.Aggregate(
            node with { State = state }, (told, effect) => Tell(world, told, effect)));
        var what = input.GetType().Name;
        if (next.Nodes[index] is { WorkIsOut: true, Lead.Withdrawn: true } && node.Lead is { Withdrawn: false })
        {
            // Work that comes back at once is the usual case; work that overstays is a fault.
            return effects.Any(effect => effect is ElectionEffect.Renew)
                ? Sent(next, index, effects, what)
                : Overstay(next, index, effects, what);
        }

        return Sent(next, index, effects, what);
    }

    private IEnumerable<(string What, World Next)> Overstay(
        World world, int index, ImmutableArray<ElectionEffect> effects, string what)
    {
        var back = ReturnWork(world, index).Select(each => ($"{what}, {each.What}", each.Next));
        return world.Faults == 0 ? back
            : back.Concat(Sent(world with { Faults = world.Faults - 1 }, index, effects, what + ", work overstays"));
    }

    private IEnumerable<(string What, World Next)> Sent(
        World world, int index, ImmutableArray<ElectionEffect> effects, string what)
    {
        var sent = effects.FirstOrDefault(effect =>
            effect is ElectionEffect.Look or ElectionEffect.Acquire or ElectionEffect.Renew or ElectionEffect.Release);
        if (sent is null)
        {
            return [(what, world)];
        }

        var node = world.Nodes[index];
        var request = new Request(sent);
        what = $"{what}, {sent.GetType().Name}";
        var (row, answer) = Land(world, index, request);
        var landed = world with { Row = row };
        var all = Take(landed, index, answer).Select(each => ($"{what}, {each.What}", each.Next));
        if (world.Faults > 0)
        {
            var less = world.Faults - 1;
            all = all
                .Append((what + " under way",
                    (world with { Faults = less }).With(index, node with { Pending = request })))
                .Append((what + " lands, its answer is under way", (landed with { Faults = less })
                    .With(index, node with { Pending = request with { Answer = answer } })));
        }

        return all;
    }

    private static Node Tell(World world, Node node, ElectionEffect effect)
    {
        switch (effect)
        {
            case ElectionEffect.Grant grant:
                Require(grant.Term.Epoch > (node.Lead?.Epoch ?? Epoch.None), "an ended term revives");
                Require(!node.WorkIsOut, "a term begins before the work of the former one has come back");
                Require(grant.Term.Epoch <= world.Mark, "a leadership is announced before the mark is raised");
                return node with { Lead = new(grant.Term.Epoch, grant.TrustedUntil, false), WorkIsOut = true };
            case ElectionEffect.Extend extend:
                Require(node.IsValidAt(world.Now), "a leadership that was not valid any more is extended");
                return node with { Lead = node.Lead! with { TrustedUntil = extend.TrustedUntil } };
            case ElectionEffect.Withdraw:
                return node.Lead is null ? node : node with { Lead = node.Lead with { Withdrawn = true } };
            case ElectionEffect.RaiseMark { Reports: true }:
                return node with { Marking = true };
            default:
                return node;
        }
    }

    private void CheckStep(
        World world, int index, ElectionInput input, ElectionState state, ImmutableArray<ElectionEffect> effects)
    {
        foreach (var effect in effects)
        {
            Require(effect is not (ElectionEffect.Renew or ElectionEffect.Release)
                || state.Phase is ElectionPhase.Leading or ElectionPhase.Draining,
                "one that does not lead renews or releases");
            Require(effect is not ElectionEffect.Acquire
                || (state.Phase == ElectionPhase.Following && !world.Nodes[index].WorkIsOut),
                "a campaign at the wrong time");
        }

        Require(effects.Count(effect => effect is ElectionEffect.Look or ElectionEffect.Acquire
            or ElectionEffect.Renew or ElectionEffect.Release) <= 1, "two requests at once");
        var wake = ElectionMachine.WakeAt(_timers[index], state);
        Require(input is not ElectionInput.Tick || wake > world.Now || !effects.IsEmpty, "the machine spins");
        var waits = state.InFlight is not null || state.WorkIsOut
            || state.Phase is ElectionPhase.Stopped or ElectionPhase.Claiming;
        Require(waits || wake < Instant.Never, "the machine sleeps for ever");
    }

    private (LeaseView Row, ElectionInput Answer) Land(World world, int index, Request request)
    {
        var row = world.Row;
        switch (request.Effect)
        {
            case ElectionEffect.Look look:
                var dead = witnesses && row.Holder is { } holder && world.Nodes[IndexOf(holder.Holder)].Crashed;
                return (row, new ElectionInput.Saw(look.Attempt, row, dead));
            case ElectionEffect.Acquire acquire:
                var (taken, answer) = Acquire(world, index, acquire);
                return (taken, new ElectionInput.AcquireAnswered(acquire.Attempt, answer));
            case ElectionEffect.Renew renew when IsHeldBy(row, index) && row.Epoch == renew.Term.Epoch:
                row = row with { Renewals = row.Renewals + 1, Expiry = new(Shared, world.Now + row.Ttl) };
                return (row, new ElectionInput.RenewAnswered(renew.Attempt,
                    new RenewAnswer.Renewed(renew.Term with { Renewals = row.Renewals })));
            case ElectionEffect.Renew renew:
                return (row, new ElectionInput.RenewAnswered(renew.Attempt, new RenewAnswer.NotYours(row)));
            case ElectionEffect.Release release when IsHeldBy(row, index) && row.Epoch == release.Term.Epoch:
                return (Ended(row, release.Reason), new ElectionInput.ReleaseAnswered(
                    release.Attempt, new ReleaseAnswer.Released(row.Epoch)));
            case ElectionEffect.Release release:
                return (row, new ElectionInput.ReleaseAnswered(release.Attempt, new ReleaseAnswer.NotYours(row)));
            default:
                throw new ArgumentOutOfRangeException(nameof(request));
        }
    }

    private (LeaseView Row, AcquireAnswer Answer) Acquire(World world, int index, ElectionEffect.Acquire acquire)
    {
        var row = world.Row;
        var seen = acquire.Seen;
        var self = _timers[index].Self;
        if (world.Nodes[index].Revoked)
        {
            return (row, new AcquireAnswer.Revoked());
        }

        if (row.Epoch != seen.Epoch || row.Renewals != seen.Renewals
            || (row.Holder is not null && seen.Standing is LeaseStanding.Released or LeaseStanding.None))
        {
            return (row, new AcquireAnswer.Held(row));
        }

        Require(seen.Standing.IsVacant(), "a held lease is campaigned for");
        var term = new Term(row.Election, Epoch.Max(row.Epoch, world.Mark).Next, self, Ttl);
        return (new(row.Election, term.Epoch)
        {
            Holder = new(self),
            Nonce = acquire.Attempt,
            Ttl = Ttl,
            Expiry = new(Shared, world.Now + Ttl),
        }, new AcquireAnswer.Acquired(term, row.Epoch));
    }

    private bool IsHeldBy(LeaseView row, int index) => row.Holder?.Holder == _timers[index].Self;

    private static LeaseView Ended(LeaseView row, TermEnd reason) =>
        row with { Holder = null, Expiry = null, EndedBy = reason };

    public static int IndexOf(HolderId holder) => holder.Value[1] - '0';

    private static void Require(bool holds, string promise)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(promise);
        }
    }
}
