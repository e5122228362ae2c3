using Sidecar.Options;

namespace Sidecar.Tests.Capture;

/// <summary>The words of test cases for kinds of sources, which are internal.</summary>
internal static class Kinds
{
    public static CaptureKind Of(string word) => Enum.Parse<CaptureKind>(word, ignoreCase: true);
}
