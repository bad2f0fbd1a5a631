using System.Collections.Immutable;
using static Baton.ElectionEffect;
using static Baton.ElectionPhase;

namespace Baton;

/// <summary>
/// The election as a pure step: no clock, no thread, no store. Everything that is decided about who may lead,
/// from when and until when, is decided here.
/// </summary>
internal static partial class ElectionMachine
{
    /// <summary>Takes one input at one instant of the candidate's own clock.</summary>
    public static ElectionStep Step(ElectionTimers timers, ElectionState state, ElectionInput input, Instant now)
    {
        var turn = new Turn(timers, state, now);
        turn.Take(input);
        return new(turn.State, turn.Effects.ToImmutable());
    }

    /// <summary>The next instant at which a tick can change anything.</summary>
    public static Instant WakeAt(ElectionTimers timers, ElectionState state)
    {
        var wake = state.Phase switch
        {
            Leading or Draining or Claiming => timers.Deadline(state.TrustFrom),
            Withdrawn when state.WorkIsOut && !state.ToldOverstayed => state.WithdrawnAt + (timers.Margin / 2),
            Withdrawn or Following or Stopped => Instant.Never,
            _ => throw new ArgumentOutOfRangeException(nameof(state)),
        };
        if (state.Phase == Leading && !state.ToldAtRisk)
        {
            wake = Instant.Min(wake, timers.AtRisk(state.TrustFrom));
        }

        if (state.InFlight is { } attempt)
        {
            return attempt.Cancelled ? wake : Instant.Min(wake, attempt.SentAt + timers.AttemptTimeout);
        }

        var nothingToSend = state.Phase is Stopped or Claiming
            || (state.Phase == Withdrawn && state.WorkIsOut)
            || (state.Phase == Draining && state.WorkIsOut && state.NextAt >= state.DrainUntil);
        return nothingToSend
            ? wake
            : Instant.Min(wake, state.NextAt);
    }

    /// <summary>One step under way.</summary>
    private sealed partial class Turn(ElectionTimers timers, ElectionState state, Instant now)
    {
        public ElectionState State { get; private set; } = state;

        public ImmutableArray<ElectionEffect>.Builder Effects { get; } =
            ImmutableArray.CreateBuilder<ElectionEffect>();

        public void Take(ElectionInput input)
        {
            // The clock comes first: an answer that arrives behind the deadline finds the term already over.
            EndTrustInTime();
            switch (input)
            {
                case ElectionInput.Tick:
                    break;
                case ElectionInput.Hint hint:
                    TakeHint(hint.View);
                    break;
                case ElectionInput.Beckoned beckoned:
                    TakeBeckoning(beckoned.Holder);
                    break;
                case ElectionInput.Saw saw:
                    if (Answers(saw.Attempt))
                    {
                        Saw(saw.View, saw.ProvablyDead, saw.Mark);
                    }

                    break;
                case ElectionInput.AcquireAnswered acquire:
                    TakeAcquire(acquire);
                    break;
                case ElectionInput.RenewAnswered renew:
                    TakeRenewal(renew);
                    break;
                case ElectionInput.ReleaseAnswered release:
                    if (Answers(release.Attempt))
                    {
                        TakeRelease(release.Answer);
                    }

                    break;
                case ElectionInput.AttemptFailed failed:
                    TakeFailure(failed);
                    break;
                case ElectionInput.MarkRaised:
                    BeginLeading();
                    break;
                case ElectionInput.MarkFailed failed:
                    Forgo(failed.Message);
                    break;
                case ElectionInput.WorkReturned:
                    TakeWorkBack();
                    break;
                case ElectionInput.Resign:
                    Drain(TermEnd.HandedOver);
                    break;
                case ElectionInput.Stop:
                    State = State with { Stopping = true, NextAt = now };
                    Drain(TermEnd.Released);
                    break;
                case ElectionInput.Fenced fenced:
                    TakeFence(fenced);
                    break;
                case ElectionInput.TrustEnded ended:
                    if (State.Phase == Leading && State.Term!.Epoch == ended.Epoch)
                    {
                        Lose(LossReason.Expired);
                    }

                    break;
                case ElectionInput.Campaign:
                    State = State with { CampaignFrom = now, NextAt = Instant.Min(State.NextAt, now) };
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(input));
            }

            Proceed();
        }

        private void EndTrustInTime()
        {
            if (State.Phase is Leading or Draining or Claiming && now >= timers.Deadline(State.TrustFrom))
            {
                Lose(LossReason.Expired);
            }
        }

        /// <summary>Sends what is due.</summary>
        private void Proceed()
        {
            TellOverstayed();
            if (State.InFlight is { } attempt)
            {
                if (!attempt.Cancelled && now >= attempt.SentAt + timers.AttemptTimeout)
                {
                    Effects.Add(new CancelAttempt());
                    State = State with { InFlight = attempt with { Cancelled = true } };
                }

                TellRisk();
                return;
            }

            switch (State.Phase)
            {
                case Following:
                    ProceedFollowing();
                    break;
                case Leading when now >= State.NextAt:
                    Effects.Add(new Renew(Send(AttemptKind.Renew), State.Term!));
                    break;
                case Draining when !State.WorkIsOut:
                    if (now >= State.NextAt)
                    {
                        Effects.Add(new Release(Send(AttemptKind.Release), State.Term!, State.Leaving));
                    }

                    break;
                case Draining when now >= State.NextAt && State.NextAt < State.DrainUntil:
                    Effects.Add(new Renew(Send(AttemptKind.Renew), State.Term!));
                    break;
                case Withdrawn:
                    ProceedWithdrawn();
                    break;
                default:
                    break;
            }

            TellRisk();
        }

        private void ProceedFollowing()
        {
            if (State.Stopping && State.Unsettled is null)
            {
                Finish();
            }
            else if (now >= State.NextAt)
            {
                Effects.Add(new Look(Send(AttemptKind.Look), AsksMark: State.Seen is null));
            }
        }

        private void ProceedWithdrawn()
        {
            if (!State.WorkIsOut)
            {
                // It never campaigns before its work has returned; now it may, and looks first.
                State = State with { Phase = Following, Term = null, Seen = null, ToldStanding = null, NextAt = now };
                ProceedFollowing();
            }
        }

        /// <summary>
        /// Even while a request hangs: a store that does not answer is when work overstays.
        /// </summary>
        private void TellOverstayed()
        {
            if (State.Phase == Withdrawn && State.WorkIsOut && !State.ToldOverstayed
                && now >= State.WithdrawnAt + (timers.Margin / 2))
            {
                State = State with { ToldOverstayed = true };
                Tell(new ElectionEvent.Overstayed(State.Term!));
            }
        }

        private void TellRisk()
        {
            if (State.Phase == Leading && !State.ToldAtRisk && now >= timers.AtRisk(State.TrustFrom))
            {
                State = State with { ToldAtRisk = true };
                Tell(new ElectionEvent.AtRisk(State.Term!));
            }
        }

        private long Send(AttemptKind kind)
        {
            var number = State.Attempts + 1;
            State = State with { Attempts = number, InFlight = new(kind, number, now), LooksAgain = false };
            return number;
        }

        /// <summary>
        /// Whether this is the answer waited for; a late one of an earlier attempt is ignored.
        /// </summary>
        private bool Answers(long attempt)
        {
            if (State.InFlight?.Number != attempt)
            {
                return false;
            }

            var kind = State.InFlight.Kind;
            State = State with { InFlight = null, Silences = 0 };
            if (State.ToldFailing?.Kind == kind)
            {
                State = State with { ToldFailing = null };
                Tell(new ElectionEvent.StoreAnswers());
            }

            return true;
        }

        private void Tell(ElectionEvent told) => Effects.Add(new Tell(told));

        private void Finish()
        {
            State = State with { Phase = Stopped };
            Effects.Add(new ElectionEffect.Finish());
        }
    }
}
