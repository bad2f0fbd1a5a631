using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Baton.Work;

/// <summary>A value of a JSON file that knows its line, so that a finding can name the place.</summary>
internal sealed class JsonPart
{
    /// <summary>What is wrong with a file that ends before it is complete.</summary>
    public const string CutShort = "the file ends in the middle";

    /// <summary>What the value is; true and false are told apart by <see cref="Text"/> too.</summary>
    public required JsonValueKind Kind { get; init; }

    /// <summary>Where it begins, from 1.</summary>
    public required int Line { get; init; }

    /// <summary>A string's text, a number's digits as they are, <c>true</c> or <c>false</c>.</summary>
    public string Text { get; init; } = "";

    /// <summary>The values of a list.</summary>
    public ImmutableArray<JsonPart> Items { get; init; } = [];

    /// <summary>The members of an object, in the order of the file; no name comes twice.</summary>
    public ImmutableArray<(string Name, JsonPart Value)> Members { get; init; } = [];

    /// <summary>The member of that name; null when there is none, or it is null.</summary>
    public JsonPart? this[string name]
    {
        get
        {
            foreach (var (own, value) in Members)
            {
                if (own == name)
                {
                    return value.Kind == JsonValueKind.Null ? null : value;
                }
            }

            return null;
        }
    }

    /// <summary>What it is, in a word for a person.</summary>
    public string Sort => Kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        _ => "null",
    };

    /// <summary>Reads a whole file, strictly.</summary>
    /// <param name="file">Its name for messages.</param>
    /// <param name="bytes">UTF-8, with or without a byte order mark.</param>
    /// <param name="firstLine">The line of the file at which the bytes begin.</param>
    /// <exception cref="RecordDamageException">
    /// It is no JSON, ends early, is nested deeper than 64, is no UTF-8, or names a member twice.
    /// </exception>
    public static JsonPart Parse(string file, ReadOnlySpan<byte> bytes, int firstLine = 1)
    {
        var text = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        return new Walk(file, text, firstLine).Root();
    }

    /// <summary>The value as JSON on one line.</summary>
    public string ToJson()
    {
        using var memory = new MemoryStream();
        using (var writer = new Utf8JsonWriter(memory, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            WriteTo(writer);
        }

        return Encoding.UTF8.GetString(memory.GetBuffer(), 0, (int)memory.Length);
    }

    private void WriteTo(Utf8JsonWriter writer)
    {
        switch (Kind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var (name, value) in Members)
                {
                    writer.WritePropertyName(name);
                    value.WriteTo(writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in Items)
                {
                    item.WriteTo(writer);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Text);
                break;
            default:
                // Numbers keep their digits.
                writer.WriteRawValue(Kind == JsonValueKind.Null ? "null" : Text);
                break;
        }
    }

    private ref struct Walk(string file, ReadOnlySpan<byte> bytes, int firstLine)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private Utf8JsonReader _reader = new(bytes, new JsonReaderOptions { MaxDepth = 64 });
        private int _line = firstLine;
        private int _lineStart;
        private int _counted;

        public JsonPart Root()
        {
            try
            {
                _reader.Read();
                var root = Value();
                while (_reader.Read())
                {
                }

                return root;
            }
            catch (JsonException e)
            {
                throw Broken(e);
            }
        }

        private JsonPart Value()
        {
            var line = CountLines();
            switch (_reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    return new() { Kind = JsonValueKind.Object, Line = line, Members = Members() };
                case JsonTokenType.StartArray:
                    var items = ImmutableArray.CreateBuilder<JsonPart>();
                    while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                    {
                        items.Add(Value());
                    }

                    return new() { Kind = JsonValueKind.Array, Line = line, Items = items.ToImmutable() };
                case JsonTokenType.String:
                    return new() { Kind = JsonValueKind.String, Line = line, Text = String() };
                case JsonTokenType.Number:
                    var digits = Encoding.ASCII.GetString(_reader.ValueSpan);
                    return new() { Kind = JsonValueKind.Number, Line = line, Text = digits };
                case JsonTokenType.True:
                    return new() { Kind = JsonValueKind.True, Line = line, Text = "true" };
                case JsonTokenType.False:
                    return new() { Kind = JsonValueKind.False, Line = line, Text = "false" };
                default:
                    return new() { Kind = JsonValueKind.Null, Line = line };
            }
        }

        private ImmutableArray<(string Name, JsonPart Value)> Members()
        {
            var members = ImmutableArray.CreateBuilder<(string, JsonPart)>();
            var names = new HashSet<string>(StringComparer.Ordinal);
            while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
            {
                CountLines();
                var name = String();
                if (!names.Add(name))
                {
                    // Which of the two was meant can't be known, and a guess could drop half of the tasks.
                    throw DamageHere($"one object names '{RecordText.Shown(name)}' twice");
                }

                _reader.Read();
                members.Add((name, Value()));
            }

            return members.ToImmutable();
        }

        private string String()
        {
            try
            {
                return _reader.GetString()!;
            }
            catch (InvalidOperationException)
            {
                throw DamageHere("a text here is not valid Unicode");
            }
        }

        private int CountLines()
        {
            var start = (int)_reader.TokenStartIndex;
            while (_bytes[_counted..start].IndexOf((byte)'\n') is >= 0 and var next)
            {
                _line++;
                _counted += next + 1;
                _lineStart = _counted;
            }

            _counted = start;
            return _line;
        }

        private readonly RecordDamageException DamageHere(string why) =>
            new(Place(_line, _lineStart, (int)_reader.TokenStartIndex), why);

        private readonly RecordDamageException Broken(JsonException e)
        {
            var line = (int)(e.LineNumber ?? 0) + 1;
            var start = 0;
            for (var i = 1; i < line; i++)
            {
                start += _bytes[start..].IndexOf((byte)'\n') + 1;
            }

            var at = Math.Min(start + (int)(e.BytePositionInLine ?? 0), _bytes.Length);
            var isCut = _bytes[at..].Trim(" \t\r\n\0"u8).IsEmpty;
            var detail = e.Message.Split(" LineNumber:")[0].TrimEnd('.');
            return new(Place(line, start, at), isCut
                ? CutShort
                : $"no valid JSON: {RecordText.Clean(detail, oneLine: true)}");
        }

        private readonly string Place(int line, int lineStart, int at) =>
            $"{file}, line {line}, column {Encoding.UTF8.GetCharCount(_bytes[lineStart..at]) + 1}";
    }
}

/// <summary>A record can't be believed, so the import ends before it began.</summary>
internal sealed class RecordDamageException(string place, string why) : Exception($"{place}: {why}")
{
    /// <summary>What is wrong, without the place.</summary>
    public string Why => why;
}
