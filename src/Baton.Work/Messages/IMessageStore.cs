using System.Collections.Immutable;

namespace Baton.Work;

/// <summary>
/// Keeps the messages of one election, and how far each reader is. Every verb is one transaction and safe to
/// repeat. A message is delivered at least once: it is unread until its reader acknowledged it.
/// </summary>
/// <remarks>
/// The messages of one sender that waits for each answer before it sends again are numbered in its order. Only
/// the newest <see cref="MessageRules.NewestKept"/> messages are kept; older ones only while they were sent to one
/// name that has not read them, up to <see cref="MessageRules.UnreadKept"/>.
/// </remarks>
public interface IMessageStore
{
    /// <summary>
    /// Sends all of the messages, or none; gives them as they are kept, in the order asked. An id that exists
    /// already is that message, unchanged.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// <see cref="MessageRules.WhyNot"/> refuses one of them, or there are more than
    /// <see cref="MessageRules.MostAtOnce"/>.
    /// </exception>
    ValueTask<ImmutableArray<Message>> SendAsync(ImmutableArray<MessageDraft> drafts, CancellationToken cancel);

    /// <summary>The messages that fit a query, oldest first. Nothing becomes read by that.</summary>
    ValueTask<ImmutableArray<Message>> MessagesAsync(MessageQuery query, CancellationToken cancel);

    /// <summary>
    /// Makes all messages up to a number read for a reader, by the role that it reads as. Who never registered,
    /// sent or acknowledged appears by this; messages to all and to roles are unread only for those who had
    /// appeared when they were sent. With 0 it does nothing else.
    /// </summary>
    ValueTask AcknowledgeAsync(Reader reader, long upTo, CancellationToken cancel);
}
