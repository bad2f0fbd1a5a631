using static Baton.ElectionEffect;
using static Baton.ElectionPhase;

namespace Baton;

internal static partial class ElectionMachine
{
    private sealed partial class Turn
    {
        /// <summary>
        /// Who follows looks now; who leads and is shown a lease that is not its own any more asks for a renewal now,
        /// whose answer counts.
        /// </summary>
        private void TakeHint(LeaseView view)
        {
            var isMine = State.Term is { } term && !view.HasRunOut
                && view.Epoch == term.Epoch && view.Holder?.Holder == term.Holder;
            if (State.Phase == Following)
            {
                LookNow();
            }
            else if (State.Phase == Leading && !isMine)
            {
                State = State with { NextAt = now };
            }
        }

        /// <summary>Whoever holds the lease is worth a look; others of the same host beckon too.</summary>
        private void TakeBeckoning(HolderId holder)
        {
            if (State.Phase == Following && holder == State.Seen?.Holder?.Holder)
            {
                LookNow();
            }
        }

        private void LookNow()
        {
            // A store that has no breath left to answer is not asked by all at once again.
            if (State.Silences == 0)
            {
                State = State with { NextAt = now, LooksAgain = State.InFlight?.Kind == AttemptKind.Look };
            }
        }

        private void Saw(LeaseView view, bool provablyDead, Epoch mark)
        {
            if (State.Phase != Following)
            {
                return;
            }

            view = Remember(view, mark);
            if (State.Unsettled is { } unsettled && Settle(view, unsettled))
            {
                return;
            }

            var standing = LeaseRules.Judge(view, timers.Domain, now, State.SeenSince, provablyDead);
            TellStanding(view, standing);
            if (standing.IsVacant() && !State.Stopping && now >= State.CampaignFrom)
            {
                var number = Send(AttemptKind.Acquire);
                Effects.Add(new Acquire(number, new(view.Epoch, view.Renewals, standing)));
                return;
            }

            // The silence is looked at when it is long enough, where that is sooner than the next beat.
            var silent = State.SeenSince + (view.Ttl * LeaseRules.RateSlack);
            var next = State.LooksAgain ? now : now + timers.PollEvery;
            State = State with { NextAt = standing.IsVacant() || silent <= now ? next : Instant.Min(next, silent) };
        }

        /// <summary>
        /// Keeps what was seen, and since when. A lease that was seen to live and is said to have run out before it was
        /// silent for its ttl was taken away by somebody's hand: its holder knows nothing of it yet, so it is waited out.
        /// </summary>
        private LeaseView Remember(LeaseView view, Epoch mark)
        {
            if (!view.StandsAs(State.Seen))
            {
                State = State with { SeenSince = now };
            }
            else if (State.Seen is { HasRunOut: false })
            {
                view = view with { HasRunOut = false };
            }

            if (State.Seen is { } seen ? view.Epoch < seen.Epoch : Epoch.Max(view.Epoch, view.Adopted) < mark)
            {
                // The row was lost. Whoever leads by it is told so at its next renewal, and believes until then.
                var ttl = (State.Seen ?? view).Ttl;
                var noticed = now + ((ttl > timers.Ttl ? ttl : timers.Ttl) * LeaseRules.RateSlack);
                State = State with { CampaignFrom = noticed > State.CampaignFrom ? noticed : State.CampaignFrom };
            }

            State = State with { Seen = view };
            return view;
        }

        private void TellStanding(LeaseView view, LeaseStanding standing)
        {
            var holder = view.Holder?.Holder;
            if (State.ToldStanding != standing || State.ToldHolder != holder || State.ToldEpoch != view.Epoch)
            {
                State = State with { ToldStanding = standing, ToldHolder = holder, ToldEpoch = view.Epoch };
                Tell(new ElectionEvent.Following(view, standing));
            }
        }

        /// <summary>
        /// An acquire may have happened without an answer. The row says so by the own id and the number of
        /// the
        /// attempt; trust then counts from the first request, and where that is too long ago the term is
        /// given back.
        /// </summary>
        private bool Settle(LeaseView view, Unsettled unsettled)
        {
            State = State with { Unsettled = null };
            if (view.Holder?.Holder != timers.Self || view.Nonce < unsettled.Nonce)
            {
                return false;
            }

            var term = TermOf(view);
            // What the store knew before went with the answer; nothing is claimed of it.
            var before = new Epoch(view.Epoch.Value - 1);
            State = State with { Term = term, KnownBefore = before, TrustFrom = unsettled.SentAt };
            ClaimOrReturn(unsettled.SentAt);
            return true;
        }

        private void TakeAcquire(ElectionInput.AcquireAnswered input)
        {
            var sentAt = State.InFlight?.SentAt;
            if (!Answers(input.Attempt))
            {
                return;
            }

            switch (input.Answer)
            {
                case AcquireAnswer.Acquired won:
                    State = State with
                    {
                        Unsettled = null,
                        Term = won.Term,
                        KnownBefore = won.KnownBefore,
                        TrustFrom = sentAt!.Value,
                    };
                    ClaimOrReturn(sentAt.Value);
                    break;
                case AcquireAnswer.Held held:
                    Remember(held.View, Epoch.None);
                    State = State with { NextAt = now + timers.PollEvery };
                    if (State.Unsettled is { } unsettled)
                    {
                        Settle(held.View, unsettled);
                    }

                    break;
                case AcquireAnswer.Revoked:
                    State = State with { Unsettled = null };
                    Tell(new ElectionEvent.Revoked());
                    Finish();
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(input));
            }
        }

        private void ClaimOrReturn(Instant sentAt)
        {
            if (State.Stopping || now >= timers.Deadline(sentAt))
            {
                ReturnUnused();
                return;
            }

            State = State with { Phase = Claiming };
            Effects.Add(new RaiseMark(State.Term!.Epoch, Reports: true));
        }

        /// <summary>Gives back a term that was won and never announced.</summary>
        private void ReturnUnused() => State = State with
        {
            Phase = Draining,
            Leaving = TermEnd.Released,
            WorkIsOut = false,
            // The lease itself is younger than this: the row was written no earlier than the request was
            // sent.
            TrustFrom = now,
            NextAt = now,
            DrainUntil = now,
        };

        private void BeginLeading()
        {
            if (State.Phase != Claiming)
            {
                return;
            }

            if (State.Stopping)
            {
                ReturnUnused();
                return;
            }

            State = State with
            {
                Phase = Leading,
                WorkIsOut = true,
                ToldAtRisk = false,
                ToldOverstayed = false,
                ToldStanding = null,
                NextAt = State.TrustFrom + timers.Jittered(State.Attempts),
            };
            Effects.Add(new Grant(State.Term!, State.KnownBefore,
                timers.Deadline(State.TrustFrom), timers.AtRisk(State.TrustFrom)));
            Tell(new ElectionEvent.Elected(State.Term!, State.KnownBefore));
        }

        /// <summary>
        /// Where the mark can't be written nobody leads: the term goes back, and this candidate waits.
        /// </summary>
        private void Forgo(string message)
        {
            if (State.Phase != Claiming)
            {
                return;
            }

            TellFailing(AttemptKind.Acquire, StoreFault.Mark, message);
            ReturnUnused();
            State = State with { CampaignFrom = now + timers.Ttl };
        }

        private static Term TermOf(LeaseView view) => new(view.Election, view.Epoch, view.Holder!.Holder, view.Ttl)
        {
            Host = view.Holder.Host,
            Pid = view.Holder.Pid,
            Renewals = view.Renewals,
            Witness = view.Holder.Witness,
            LeaseStoreId = view.LeaseStoreId,
            BeganAt = view.BeganAt ?? default,
        };
    }
}
