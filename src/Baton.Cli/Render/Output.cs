using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Baton.Cli;

/// <summary>
/// Prints: data on one stream, everything else on the other, as text for people or as JSON for programs.
/// </summary>
internal sealed class Output(Surroundings around, bool json, bool noColor, bool quiet, bool verbose)
{
    private const int SchemaVersion = 1;

    private static readonly JsonWriterOptions WriterOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether programs read this.</summary>
    public bool IsJson { get; } = json;

    /// <summary>Whether only data and errors are wanted.</summary>
    public bool IsQuiet { get; } = quiet;

    /// <summary>Whether more is wanted.</summary>
    public bool IsVerbose { get; } = verbose;

    /// <summary>Colours, where they are wanted and make sense.</summary>
    public Ink Ink { get; } = new(around.IsTerminal && !noColor && !json
        && string.IsNullOrEmpty(around.Variable("NO_COLOR")) && around.Variable("TERM") != "dumb");

    /// <summary>Where the lines of a table are cut; 0 where nobody looks at them.</summary>
    public int Columns { get; } = around.IsTerminal ? around.Width : 0;

    /// <summary>Prints the one result of a command: as JSON in its envelope, or as text.</summary>
    public void Data<T>(T data, JsonTypeInfo<T> type, Action<TextWriter> text)
    {
        if (IsJson)
        {
            around.Out.WriteLine(Json(writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("schema_version", SchemaVersion);
                writer.WritePropertyName("data");
                JsonSerializer.Serialize(writer, data, type);
                writer.WriteEndObject();
            }));
        }
        else
        {
            text(around.Out);
        }
    }

    /// <summary>Prints one object of a stream, as a line of JSON without an envelope.</summary>
    public void StreamItem<T>(T item, JsonTypeInfo<T> type) =>
        around.Out.WriteLine(Json(writer => JsonSerializer.Serialize(writer, item, type)));

    /// <summary>Prints a line of data.</summary>
    public void Line(string line) => around.Out.WriteLine(line);

    /// <summary>Prints a remark for people, beside the data.</summary>
    public void Remark(string line)
    {
        if (!IsQuiet)
        {
            around.Error.WriteLine(Plain.Line(line));
        }
    }

    /// <summary>Prints a failure: one line and a hint, or the envelope.</summary>
    public void Error(CommandFailure failure, Exception thrown)
    {
        var entry = ErrorTable.Of(failure.Code);
        var hint = failure.Hint ?? entry.Hint;
        if (IsJson && failure.Code == ErrorCode.Interrupted)
        {
            // Whoever interrupts a stream wants no last line that is no item; the exit code says it.
        }
        else if (IsJson)
        {
            around.Out.WriteLine(ErrorJson(failure));
        }
        else
        {
            around.Error.WriteLine($"baton: {Plain.Line(failure.Message)}");
            if (hint is not null)
            {
                around.Error.WriteLine($"hint: {Plain.Line(hint)}");
            }
        }

        if (IsVerbose)
        {
            around.Error.WriteLine(Plain.Text(thrown.ToString()));
        }
    }

    /// <summary>A failure in its envelope.</summary>
    public static string ErrorJson(CommandFailure failure)
    {
        var entry = ErrorTable.Of(failure.Code);
        return Json(writer => Envelope(writer, failure, entry, failure.Hint ?? entry.Hint));
    }

    private static void Envelope(Utf8JsonWriter writer, CommandFailure failure, ErrorEntry entry, string? hint)
    {
        writer.WriteStartObject();
        writer.WriteNumber("schema_version", SchemaVersion);
        writer.WriteStartObject("error");
        writer.WriteString("code", failure.Code);
        writer.WriteString("message", failure.Message);
        writer.WriteString("hint", hint);
        writer.WriteBoolean("retryable", entry.IsRetryable);
        writer.WriteStartObject("details");
        foreach (var (name, value) in failure.Details ?? new Dictionary<string, string>())
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static string Json(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            write(writer);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
