using static Baton.ElectionEffect;
using static Baton.ElectionPhase;

namespace Baton;

internal static partial class ElectionMachine
{
    private sealed partial class Turn
    {
        private void TakeRenewal(ElectionInput.RenewAnswered input)
        {
            var sentAt = State.InFlight?.SentAt;
            if (!Answers(input.Attempt) || State.Phase is not (Leading or Draining))
            {
                return;
            }

            switch (input.Answer)
            {
                case RenewAnswer.Renewed renewed:
                    State = State with
                    {
                        Term = renewed.Term,
                        TrustFrom = sentAt!.Value,
                        ToldAtRisk = false,
                        NextAt = sentAt.Value + timers.Jittered(input.Attempt),
                    };
                    if (State.Phase == Leading)
                    {
                        Effects.Add(new Extend(timers.Deadline(sentAt.Value), timers.AtRisk(sentAt.Value)));
                    }

                    if (State.Phase == Draining && !State.WorkIsOut)
                    {
                        State = State with { NextAt = now };
                    }

                    break;
                case RenewAnswer.NotYours:
                    Lose(LossReason.Replaced);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(input));
            }
        }

        private void TakeRelease(ReleaseAnswer answer)
        {
            if (State.Phase != Draining)
            {
                return;
            }

            if (answer is ReleaseAnswer.Released)
            {
                Tell(new ElectionEvent.Released(State.Term!, State.Leaving));
            }

            // Who was asked to hand over lets the others go first.
            var standBack = State.Leaving == TermEnd.HandedOver ? now + timers.Ttl : State.CampaignFrom;
            State = State with
            {
                Phase = Following,
                Term = null,
                Seen = null,
                ToldStanding = null,
                CampaignFrom = standBack,
                NextAt = now,
            };
        }

        private void TakeFailure(ElectionInput.AttemptFailed failed)
        {
            var attempt = State.InFlight;
            if (attempt?.Number != failed.Attempt)
            {
                return;
            }

            var pause = timers.RetryEvery;
            if (timers.IsRemote && State.Phase == Following && now - attempt.SentAt >= timers.AttemptTimeout)
            {
                State = State with { Silences = Math.Min(State.Silences + 1, ElectionTimers.MostDoublings) };
                pause = timers.PauseAfter(State.Silences, attempt.Number);
            }

            State = State with { InFlight = null, NextAt = now + pause };
            TellFailing(attempt.Kind, failed.Code, failed.Message);
            switch (attempt.Kind)
            {
                case AttemptKind.Acquire:
                    State = State with { Unsettled = State.Unsettled ?? new(attempt.Number, attempt.SentAt) };
                    break;
                case AttemptKind.Renew or AttemptKind.Release
                    when failed.StoreLost && State.Phase is Leading or Draining:
                    Lose(LossReason.StoreLost);
                    break;
                case AttemptKind.Look when State.Stopping:
                    // What is unsettled stays so; it runs out by itself.
                    State = State with { Unsettled = null };
                    break;
                default:
                    break;
            }
        }

        private void TakeWorkBack()
        {
            State = State with { WorkIsOut = false };
            if (State.Phase == Leading)
            {
                Drain(TermEnd.HandedOver);
            }

            if (State.Phase == Draining)
            {
                State = State with { NextAt = now };
            }
        }

        /// <summary>The token first, then the work's return, then one conditional release.</summary>
        private void Drain(TermEnd reason)
        {
            if (State.Phase == Draining && reason == TermEnd.Released)
            {
                State = State with { Leaving = reason };
            }

            if (State.Phase != Leading)
            {
                return;
            }

            State = State with { Phase = Draining, Leaving = reason, DrainUntil = now + timers.DrainTimeout };
            Effects.Add(new Withdraw(LossReason.Resigned));
        }

        private void TakeFence(ElectionInput.Fenced fenced)
        {
            Effects.Add(new RaiseMark(fenced.Fence, Reports: false));
            if (State.Phase is Leading or Draining && State.Term!.Epoch == fenced.Attempted)
            {
                Lose(LossReason.Fenced);
            }
        }

        private void Lose(LossReason reason)
        {
            var wasAnnounced = State.Phase is Leading or Draining;
            State = State with { Phase = Withdrawn, WithdrawnAt = now, ToldOverstayed = false };
            Effects.Add(new Withdraw(reason));
            if (wasAnnounced)
            {
                Tell(new ElectionEvent.Demoted(State.Term!, reason));
            }

            if (State.InFlight is { Cancelled: false } attempt)
            {
                Effects.Add(new CancelAttempt());
                State = State with { InFlight = attempt with { Cancelled = true } };
            }
        }

        private void TellFailing(AttemptKind kind, string code, string message)
        {
            // Another trouble than the one that was told is news: a store that was slow may since have been
            // replaced.
            if (State.ToldFailing?.Code != code)
            {
                State = State with { ToldFailing = new(kind, code) };
                Tell(new ElectionEvent.StoreFailing(code, message));
            }
        }
    }
}
