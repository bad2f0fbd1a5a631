using System.Collections.Immutable;
using Baton.Work;
using Microsoft.Extensions.Time.Testing;

namespace Baton.Conformance;

/// <summary>
/// What every store of messages must do. A driver adds a subclass that opens it, and no fact: facts live here only.
/// </summary>
public abstract partial class MessageStoreConformance : IAsyncLifetime
{
    private const string Leases = "leases-1";

    private static readonly HolderId Leader = new("orc-a-000001");
    private static readonly HolderId Second = new("orc-b-000002");

    private int _drawn;

    /// <summary>The clock of the rows; stands until a fact moves it.</summary>
    private FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));

    /// <summary>A fresh store for each fact: its messages, and its work.</summary>
    private IMessageStore Store { get; set; } = null!;

    private IWorkStore Work { get; set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => Clock.GetUtcNow();

    /// <summary>Opens a fresh, empty store of the election <c>main</c>.</summary>
    protected abstract LocalWorkStore Open(TimeProvider clock, ClockDomain domain);

    public ValueTask InitializeAsync()
    {
        var store = Open(Clock, new("test-clock"));
        (Store, Work) = (store, store);
        return default;
    }

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }

    private MessageDraft Draft(string from, Audience to, string text) => new(new($"m-{++_drawn}"), from, to, text);

    private async Task<Message> SendAsync(string from, Audience to, string text) =>
        Assert.Single(await Store.SendAsync([Draft(from, to, text)], Cancel));

    /// <summary>The texts that are unread, first to last.</summary>
    private async Task<string> UnreadAsync(string reader, string? role = null) =>
        Texts(await Store.MessagesAsync(new() { UnreadFor = new(reader) { Role = role } }, Cancel));

    /// <summary>Reads all there is, and acknowledges it.</summary>
    private async Task<string> ReadAsync(string reader, string? role = null)
    {
        var who = new Reader(reader) { Role = role };
        var messages = await Store.MessagesAsync(new() { UnreadFor = who }, Cancel);
        await Store.AcknowledgeAsync(who, messages.IsEmpty ? 0 : messages[^1].Seq, Cancel);
        return Texts(messages);
    }

    private Task AppearAsync(string reader) => Store.AcknowledgeAsync(new(reader), 0, Cancel).AsTask();

    private async Task<Agent> JoinAsync(string id, string role = Agent.WorkerRole, bool isPooled = false) =>
        await Work.RegisterAsync(new(new(id), id.Split('-')[0], role)
        {
            Ttl = TimeSpan.FromSeconds(6),
            IsPooled = isPooled,
        }, Cancel);

    private async Task LeaveAsync(string id) =>
        await Work.ReportAsync(new(new(id)) { Status = AgentStatus.Stopped }, Cancel);

    private async Task BeginAsync(long epoch, HolderId holder, params ImmutableArray<Term> former) =>
        await Work.BeginTermAsync(
            new(TermOf(epoch, holder), former, new(epoch - 1), new(epoch - 1)), Cancel);

    private static Term TermOf(long epoch, HolderId holder, TermEnd? end = null) =>
        new(ElectionName.Main, new(epoch), holder, TimeSpan.FromSeconds(6))
        {
            LeaseStoreId = Leases,
            Host = "host",
            Pid = 4711,
            EndedBy = end,
        };

    private async Task<ImmutableArray<Message>> AllAsync() => await Store.MessagesAsync(new(), Cancel);

    private async Task<string> FindAsync(MessageQuery query) => Texts(await Store.MessagesAsync(query, Cancel));

    private static string Texts(ImmutableArray<Message> messages) =>
        string.Join(' ', messages.Select(message => message.Draft.Text));
}
