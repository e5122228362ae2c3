using Sidecar.Observation;
using Sidecar.Options;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>The texts and times of an exchange as every format writes them: without secrets, and within the limit of a line.</summary>
/// <param name="headers">Rules for fields.</param>
/// <param name="urls">Masks parts of addresses.</param>
/// <param name="hasExt">Whether records have the sidecar's own names.</param>
/// <param name="clock">The clock of the exchanges' timestamps.</param>
/// <param name="maxLine">Most bytes of a line; in a longer line texts are cut, heads first.</param>
internal sealed class RecordText(HeaderRules headers, UrlMask urls, bool hasExt, WallClock clock, int maxLine = ExchangeRecordOptions.DefaultMaxLine)
{
    // Brackets and quotation marks around a value.
    private const int AroundField = 8;

    private static ReadOnlySpan<byte> Mask => "***"u8;

    /// <summary>Whether records have the sidecar's own names.</summary>
    public bool HasExt => hasExt;

    /// <summary>The clock of the exchanges' timestamps.</summary>
    public WallClock Clock => clock;

    /// <summary>Most bytes of a line.</summary>
    public int MaxLine => maxLine;

    /// <summary>Makes it for the user's options.</summary>
    public static RecordText Create(ExchangeRecordOptions options, WallClock clock) => new(
        new HeaderRules(options.AllowHeaders, options.DenyHeaders, options.MaskHeaders), new UrlMask(options.MaskQuery), options.HasExt, clock, options.MaxLine);

    /// <summary>The rule for a field.</summary>
    public FieldRule RuleOf(ReadOnlySpan<byte> name) => headers.Of(name);

    /// <summary>The trace that a request belongs to; none if its field is masked or left out.</summary>
    public TraceContext TraceOf(MessageHead request) => RuleOf("traceparent"u8) == FieldRule.Written ? TraceContext.Of(request) : default;

    /// <summary>The content of a string with an address.</summary>
    public void Url(JsonLine line, ReadOnlySpan<byte> url) => urls.Write(line, url);

    /// <summary>The parts of a request's target as fields of their own: <c>,"path":"…"</c>, and <c>,"query":"…"</c> if there is one.</summary>
    /// <param name="line">The line.</param>
    /// <param name="target">The target.</param>
    /// <param name="path">The characters before the path.</param>
    /// <param name="query">The characters before the query.</param>
    /// <param name="behind">Those behind each of them; empty for a quotation mark.</param>
    public void Target(JsonLine line, ReadOnlySpan<byte> target, ReadOnlySpan<byte> path, ReadOnlySpan<byte> query, ReadOnlySpan<byte> behind = default)
    {
        if (behind.IsEmpty)
            behind = "\""u8;
        var end = target.IndexOf((byte)'?');
        line.Raw(path);
        urls.Write(line, end < 0 ? target : target[..end]);
        line.Raw(behind);
        if (end < 0 || !line.HasRoomFor(query.Length))
            return;
        line.Raw(query);
        urls.WriteQuery(line, target[(end + 1)..]);
        line.Raw(behind);
    }

    /// <summary>Writes each field once, with its name in lower case and a list of its values: <c>"accept":["text/html","image/png"]</c>.</summary>
    /// <param name="line">The line.</param>
    /// <param name="head">The head.</param>
    /// <param name="before">The characters before a name, without quotation mark.</param>
    /// <param name="isFirst">Whether the first field has no comma before it.</param>
    public void FieldLists(JsonLine line, MessageHead head, ReadOnlySpan<byte> before, bool isFirst) => FieldLists(line, head, before, isFirst, ListShape.Members);

    /// <summary>The same in another shape.</summary>
    public void FieldLists(JsonLine line, MessageHead head, ReadOnlySpan<byte> before, bool isFirst, ListShape shape)
    {
        var groups = new FieldGroups(head, stackalloc short[FieldGroups.MaxLength]);
        var isPlain = JsonLine.IsPlain(head.Bytes);
        for (var i = 0; i < head.Count; i++)
        {
            var name = head.Name(i);
            var rule = headers.Of(name);
            if (rule == FieldRule.LeftOut || !groups.IsFirst(i))
                continue;
            if (!line.HasRoomFor(before.Length + name.Length + shape.Length))
                break;
            if (!isFirst)
                line.Raw(","u8);
            isFirst = false;
            line.Raw(shape.Name);
            line.Raw(before);
            LowerCase(line, name);
            line.Raw(shape.First);
            Value(line, rule, head.Value(i), isPlain);
            for (var next = groups.Next(i); next >= 0 && line.HasRoomFor(shape.Next.Length + shape.End.Length); next = groups.Next(next))
            {
                line.Raw(shape.Next);
                Value(line, rule, head.Value(next), isPlain);
            }

            line.Raw(shape.End);
        }
    }

    private static void LowerCase(JsonLine line, ReadOnlySpan<byte> name)
    {
        const int mostAtOnce = 128;
        Span<byte> lower = stackalloc byte[mostAtOnce];
        while (!name.IsEmpty)
        {
            var part = name[..Math.Min(name.Length, mostAtOnce)];
            System.Text.Ascii.ToLower(part, lower, out var length);
            // A name with other characters than ASCII's is no name of HTTP; it stays as it is.
            line.Text(length == part.Length ? lower[..length] : part);
            name = name[part.Length..];
        }
    }

    /// <summary>The content of a string with a field's value.</summary>
    /// <param name="line">The line.</param>
    /// <param name="rule">The field's rule, which does not leave it out.</param>
    /// <param name="value">The value.</param>
    /// <param name="isPlain">Whether the value needs no escape.</param>
    public void Value(JsonLine line, FieldRule rule, ReadOnlySpan<byte> value, bool isPlain)
    {
        if (rule == FieldRule.Masked || (rule == FieldRule.Protocols && HeaderRules.HasBearer(value)))
            line.Raw(Mask);
        else if (rule == FieldRule.Address)
            urls.Write(line, value);
        else if (isPlain)
            line.PlainText(value);
        else
            line.Text(value);
    }

    /// <summary>The content of a string with the message of a gRPC call's status.</summary>
    /// <returns>False if the call has none, or it is left out.</returns>
    public bool TryFindMessage(Exchange exchange, out ReadOnlySpan<byte> message)
    {
        message = GrpcMessage.Of(exchange);
        return !message.IsEmpty && headers.Of(GrpcMessage.Field) != FieldRule.LeftOut;
    }

    /// <summary>Writes it.</summary>
    public void Message(JsonLine line, ReadOnlySpan<byte> message)
    {
        if (headers.Of(GrpcMessage.Field) == FieldRule.Masked)
            line.Raw(Mask);
        else
            GrpcMessage.Write(line, message);
    }

    /// <summary>Writes <c>,"key":"value"</c> with the value of a field of a head, unless the head does not have it or it is left out.</summary>
    /// <param name="line">The line.</param>
    /// <param name="head">The head.</param>
    /// <param name="name">The field's name.</param>
    /// <param name="before">The characters before the value.</param>
    /// <param name="behind">Those behind it; empty for a quotation mark.</param>
    public void Field(JsonLine line, MessageHead head, ReadOnlySpan<byte> name, ReadOnlySpan<byte> before, ReadOnlySpan<byte> behind = default)
    {
        var rule = headers.Of(name);
        if (rule == FieldRule.LeftOut || Find(head, name) is not (>= 0 and var index) || !line.HasRoomFor(before.Length + AroundField))
            return;
        line.Raw(before);
        Value(line, rule, head.Value(index), isPlain: false);
        line.Raw(behind.IsEmpty ? "\""u8 : behind);
    }

    /// <summary>The index of the first field of a name; -1 if there is none.</summary>
    public static int Find(MessageHead head, ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < head.Count; i++)
        {
            if (head.Name(i).Length == name.Length && Ascii.EqualsIgnoreCase(head.Name(i), name))
                return i;
        }

        return -1;
    }
}
