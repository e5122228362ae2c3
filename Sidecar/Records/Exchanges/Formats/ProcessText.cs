using System.Text;
using Chassis.Records;
using Sidecar.Owners;

namespace Sidecar.Records.Exchanges.Formats;

/// <summary>What is known of a process, in the words of a format.</summary>
internal sealed class ProcessText(LocalProcess process, ProcessWords words) : ILateText
{
    // 15 bytes (TASK_COMM_LEN), of which each can need six in JSON.
    private const int MaxCommand = 15 * 6;
    private const int MaxContainer = 64;

    private byte[]? _known;

    /// <inheritdoc/>
    public Task Known => process.Known;

    /// <inheritdoc/>
    public int MaxLength { get; } =
        words.Id.Length + process.MaxLength + words.IdEnd.Length + words.Command.Length + MaxCommand + words.Container.Length + MaxContainer + (2 * words.TextEnd.Length);

    /// <inheritdoc/>
    public int Write(Span<byte> room)
    {
        var isFound = process.IsFound;
        var text = _known ?? Text();
        if (isFound)
            _known = text;
        text.CopyTo(room);
        return text.Length;
    }

    /// <inheritdoc/>
    public void GiveUp() => process.GiveUp();

    private byte[] Text()
    {
        var line = new JsonLine();
        if (words.Id.Length > 0 && process.Value > 0)
        {
            line.Raw(words.Id);
            line.Number(process.Value);
            line.Raw(words.IdEnd);
        }

        Add(words.Command, process.Command, MaxCommand);
        Add(words.Container, process.Container, MaxContainer);
        var text = line.Bytes.ToArray();
        line.Clear();
        return text;

        void Add(byte[] before, string? value, int longest)
        {
            if (value is null)
                return;
            line.Raw(before);
            line.TextLimit = line.Length + longest;
            line.Text(Encoding.UTF8.GetBytes(value));
            line.Raw(words.TextEnd);
        }
    }
}
