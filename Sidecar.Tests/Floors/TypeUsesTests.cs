using Xunit;

namespace Sidecar.Tests.Floors;

public sealed class TypeUsesTests
{
    public static TheoryData<Type> Users => new(
        typeof(ByBase), typeof(ByInterface), typeof(ByConstraint<>), typeof(ByAttribute), typeof(ByTypeInAttribute), typeof(ByField), typeof(ByProperty),
        typeof(ByParameter), typeof(ByResult), typeof(ByArgumentOfGeneric), typeof(ByCall), typeof(ByNew), typeof(ByTypeOf), typeof(ByCatch), typeof(ByLambda),
        typeof(ByAwaiting), typeof(ByGenericCall), typeof(ByPattern));

    [Theory]
    [MemberData(nameof(Users))]
    public void Use_IsSeen(Type user) => Assert.Contains(TypeUses.Of([user, .. Nested(user)]), use => use.User == user && Wanted.Contains(use.Used));

    [Fact]
    public void NoUse_IsNotSeen() => Assert.Empty(TypeUses.Of([typeof(Used), typeof(OfItself)]));

    [Fact]
    public void Use_NamesItsMember() => Assert.Contains((typeof(ByCall), nameof(ByCall.Call), typeof(Used)), TypeUses.Of([typeof(ByCall)]));

    private static readonly Type[] Wanted = [typeof(Used), typeof(IUsed), typeof(UsedAttribute), typeof(UsedException)];

    private static IEnumerable<Type> Nested(Type type) =>
        type.GetNestedTypes(System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public).SelectMany(nested => Nested(nested).Prepend(nested));
}

#pragma warning disable CA1812 // Only looked at.
internal class Used
{
    public static int Number() => Random.Shared.Next();

    public static Task<T> Later<T>(T value) => Task.FromResult(value);
}

internal interface IUsed;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class UsedAttribute : Attribute;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class TypedAttribute(Type type) : Attribute
{
    public Type Type => type;
}

internal sealed class UsedException : Exception;

internal sealed class OfItself
{
    public OfItself? Next { get; set; }
}

internal sealed class ByBase : Used;

internal sealed class ByInterface : IUsed;

internal sealed class ByConstraint<T>
    where T : IUsed;

[Used]
internal sealed class ByAttribute;

[Typed(typeof(Used))]
internal sealed class ByTypeInAttribute;

internal sealed class ByField
{
    public const Used? Value = null;
}

internal sealed class ByProperty
{
    public Used[]? Values { get; set; }
}

internal static class ByParameter
{
    public static void Take(ref Used? value) => value = null;
}

internal static class ByResult
{
    public static Used? Give() => null;
}

internal static class ByArgumentOfGeneric
{
    public static Dictionary<string, List<Used>>? Give() => null;
}

internal static class ByCall
{
    public static int Call() => Used.Number();
}

internal static class ByNew
{
    public static object Make() => new Used();
}

internal static class ByTypeOf
{
    public static string Name() => typeof(Used).Name;
}

internal static class ByCatch
{
    public static bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (UsedException)
        {
            return false;
        }
    }
}

internal static class ByLambda
{
    public static Func<int, int> Make(int more) => number => number + more + Used.Number();
}

internal static class ByAwaiting
{
    public static async Task<int> Run()
    {
        await Task.Yield();
        return Used.Number();
    }
}

internal static class ByGenericCall
{
    public static object Make() => Activator.CreateInstance<Used>();
}

internal static class ByPattern
{
    public static bool Is(object value) => value is Used;
}
