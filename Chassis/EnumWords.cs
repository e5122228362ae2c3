using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Chassis;

/// <summary>The names of enum values in records, logs and metrics: <c>client_reset</c>.</summary>
public static class EnumWords
{
    /// <summary>A value's name in snake case.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => Table<T>.Words[Unsafe.BitCast<T, int>(value)];

    private static class Table<T>
        where T : struct, Enum
    {
        public static readonly string[] Words = Build();

        private static string[] Build()
        {
            var values = Enum.GetValues<T>();
            for (var i = 0; i < values.Length; i++)
            {
                // The index is the value, as the compiler numbers values without a number.
                if (Unsafe.BitCast<T, int>(values[i]) != i)
                    throw new NotSupportedException($"{typeof(T)} has values other than 0, 1 and so on");
            }

            return [.. values.Select(value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()))];
        }
    }
}
