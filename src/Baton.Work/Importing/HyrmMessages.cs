using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Baton.Work;

/// <summary>
/// Reads the messages of a Hyrm workspace, those of its archives too, one for each id. A line that is no message ends
/// nothing: such files are appended to by many, and cut by crashes.
/// </summary>
/// <param name="folder">The workspace.</param>
/// <param name="now">The time of what tells none.</param>
/// <param name="findings">Takes the findings.</param>
internal sealed partial class HyrmMessages(RecordFolder folder, DateTimeOffset now, FindingList findings)
{
    private const string BusFile = "memory/message-bus.jsonl";

    // The first of these that is a text is what the message says.
    private static readonly string[] Texts =
        ["message", "text", "content", "body", "summary", "description", "title", "status"];

    private readonly Dictionary<MessageId, int> _places = [];
    private readonly List<Message> _messages = [];
    private readonly Dictionary<string, (int Line, int Count)> _repeated = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<TaskId, DurableTask> _tasks = new Dictionary<TaskId, DurableTask>();

    /// <summary>All messages in the order of their times, no more than a store keeps.</summary>
    /// <param name="tasks">The tasks, to be compared with what is said of them.</param>
    /// <exception cref="RecordDamageException">A file is unreadable, or too large.</exception>
    public ImmutableArray<Message> Read(IReadOnlyDictionary<TaskId, DurableTask> tasks)
    {
        _tasks = tasks;
        foreach (var file in Archives().Append(BusFile))
        {
            if (folder.IsEmpty(file))
            {
                findings.Add(FindingKind.Disagreement, file, null, "the file is empty (0 bytes)");
                folder.Found(file, 0, "messages");
            }
            else if (file.EndsWith(".json", StringComparison.Ordinal))
            {
                ReadList(file);
            }
            else
            {
                ReadLines(file);
            }

            if (_repeated.GetValueOrDefault(file) is { Count: > 0 } repeated)
            {
                findings.Add(FindingKind.LeftOut, file, repeated.Line, repeated.Count == 1
                    ? "this message was read before" : $"{repeated.Count} messages were read before, here the first");
            }
        }

        var older = Math.Max(0, _messages.Count - MessageRules.NewestKept);
        if (older > 0)
        {
            // The store would drop them, and a second import would bring them again.
            findings.Add(FindingKind.LeftOut, BusFile, null,
                $"the {older} oldest messages: the newest {MessageRules.NewestKept} are kept");
        }

        return [.. _messages.OrderBy(message => message.At).Skip(older)];
    }

    private IEnumerable<string> Archives() => folder.List("memory", deep: true).Where(file => file != BusFile
        && ArchiveName().IsMatch(file) && !file.Split('/').Any(part => part.StartsWith('.')));

    private void ReadLines(string file)
    {
        int? lines = null;
        folder.EachLine(file, (number, line) =>
        {
            lines = (lines ?? 0) + (string.IsNullOrWhiteSpace(line) ? 0 : 1);
            if (string.IsNullOrWhiteSpace(line))
            {
                return;
            }

            try
            {
                Take(JsonPart.Parse(file, Encoding.UTF8.GetBytes(line), number), file);
            }
            catch (RecordDamageException e)
            {
                var why = e.Why == JsonPart.CutShort ? "it ends in the middle" : e.Why;
                findings.Add(FindingKind.LeftOut, file, number, $"this line is no message: {why}");
            }
        });
        folder.Found(file, lines, "messages");
    }

    private void ReadList(string file)
    {
        var list = HyrmReader.ListIn(folder.Json(file)!, "messages", file);
        folder.Found(file, list.Items.Length, "messages");
        foreach (var item in list.Items)
        {
            Take(item, file);
        }
    }

    private void Take(JsonPart item, string file)
    {
        var id = item.Kind == JsonValueKind.Object ? (item["message_id"] ?? item["id"])?.Text : null;
        if (id is null || !HolderId.IsWellFormed(id))
        {
            findings.Add(FindingKind.LeftOut, file, item.Line, id is null ? "this message has no id"
                : $"'{RecordText.Shown(id)}' is no id of messages: 1 to 128 of A-Z a-z 0-9 . _ -");
            return;
        }

        var message = ReadOne(new(item, file, findings) { Label = id }, new(id), item);
        if (_places.TryGetValue(message.Draft.Id, out var place))
        {
            Repeat(place, message, file, item.Line);
        }
        else if (MessageRules.WhyNot(message.Draft) is { } why)
        {
            findings.Add(FindingKind.LeftOut, file, item.Line, $"{id}: {why}");
        }
        else
        {
            _places[message.Draft.Id] = _messages.Count;
            _messages.Add(message);
            Compare(message, item, file);
        }
    }

    private Message ReadOne(RecordFields fields, MessageId id, JsonPart item)
    {
        fields.Part("message_id", "id");
        var payload = fields.Part("payload", "data");
        var at = fields.Time("timestamp") ?? TimeInId(id.Value) ?? (_messages.Count > 0 ? _messages[^1].At : now);
        var type = fields.Text("type")?.Trim();
        var subject = Field(payload, "subject") ?? Field(payload, "title");
        var text = payload is { Kind: JsonValueKind.String } ? payload.Text
            : Texts.Select(name => Field(payload, name)).FirstOrDefault(said => said is not null)
            ?? payload?.ToJson() ?? fields.Lines("message") ?? type ?? "";
        var reply = (fields.Text("reply_to") ?? fields.Text("in_reply_to")) is { } answered
            && HolderId.IsWellFormed(answered) ? new MessageId(answered) : (MessageId?)null;
        var draft = new MessageDraft(id, fields.Text("from_agent") ?? fields.Text("from") ?? "unknown", To(fields),
            RecordText.Clean(text, oneLine: false))
        {
            Subject = subject is null || RecordText.Clean(subject, oneLine: true).Trim() is not
                { Length: > 0 and <= MessageRules.LongestSubject } line || line == text ? null : line,
            Type = type is { Length: > 0 } ? type : null,
            ReplyTo = reply,
            Data = payload is { Kind: JsonValueKind.Object or JsonValueKind.Array } ? payload.ToJson() : null,
        };
        var readers = fields.List("read_by", names => [names])
            .Select(reader => reader.Text).Distinct(StringComparer.Ordinal).ToImmutableArray();
        fields.ReportTheRest();
        return new(0, at, draft) { ReadBy = readers };
    }

    private static Audience To(RecordFields fields)
    {
        var role = fields.Text("to_role")?.Trim();
        return (fields.Text("to_agent") ?? fields.Text("to"))?.Trim() switch
        {
            { Length: > 0 } name when name is not ("all" or "*" or "broadcast") => Audience.Direct(name),
            _ when role is { Length: > 0 } => Audience.Role(role),
            _ => Audience.All,
        };
    }

    private void Repeat(int place, Message again, string file, int line)
    {
        var first = _messages[place];
        if (first.Draft.Text != again.Draft.Text)
        {
            findings.Add(FindingKind.Disagreement, file, line,
                $"{first.Draft.Id} stands here with another text; the first is believed");
        }
        else
        {
            var seen = _repeated.GetValueOrDefault(file, (line, 0));
            _repeated[file] = (seen.Item1, seen.Item2 + 1);
        }

        _messages[place] = first with { ReadBy = [.. first.ReadBy!.Value.Union(again.ReadBy!.Value)] };
    }

    // A message that a task is done is a claim about its status; one that it is open is only about its own time.
    private void Compare(Message message, JsonPart item, string file)
    {
        if (message.Draft.Type is not ("task_completed" or "task_complete")
            || Field(item["payload"], "task_id") is not { } id || !HolderId.IsWellFormed(id))
        {
            return;
        }

        var task = _tasks.GetValueOrDefault(new(id));
        if (task?.Status != DurableTaskStatus.Completed)
        {
            var truth = task is null ? "there is no such task"
                : $"it is {task.Status.Name()} in memory/tasks.json, which is believed";
            findings.Add(FindingKind.Disagreement, file, item.Line,
                $"{message.Draft.Id} says that {id} is completed; {truth}");
        }
    }

    private static string? Field(JsonPart? payload, string name) =>
        payload is { Kind: JsonValueKind.Object } && payload[name] is { Kind: JsonValueKind.String } part
            && !string.IsNullOrWhiteSpace(part.Text) ? part.Text : null;

    private static DateTimeOffset? TimeInId(string id) => MillisecondsInId().Match(id) is { Success: true } match
        ? RecordFields.TimeOfMilliseconds(match.Groups[1].Value) : null;

    [GeneratedRegex(@"-(\d{13})-", RegexOptions.CultureInvariant)]
    private static partial Regex MillisecondsInId();

    [GeneratedRegex(@"(?:/message-(?:bus|archive)[^/]*|archive[^/]*/(?:.*/)?[^/]*message[^/]*)\.jsonl?\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex ArchiveName();
}
