using System.Reflection;
using System.Reflection.Emit;

namespace Sidecar.Tests.Floors;

/// <summary>
/// The types of an assembly and which of its other types each one uses, as compiled: in signatures, fields, attributes and bodies.
/// What the compiler writes into the code as a value, a constant, is not seen.
/// </summary>
internal static class TypeUses
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OperandType> Operands =
        typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (OpCode)field.GetValue(null)!)
            .ToDictionary(code => code.Value, code => code.OperandType);

    /// <summary>Each use of one type by another; a nested type, also one that the compiler made, counts as what it is declared in.</summary>
    public static IEnumerable<(Type User, string Member, Type Used)> Of(IEnumerable<Type> types)
    {
        foreach (var type in types)
        {
            foreach (var (member, used) in UsesOf(type))
            {
                foreach (var part in PartsOf(used))
                {
                    if (part.Assembly == type.Assembly && Outermost(part) != Outermost(type))
                    {
                        yield return (Outermost(type), member, Outermost(part));
                    }
                }
            }
        }
    }

    private static IEnumerable<(string Member, Type? Used)> UsesOf(Type type)
    {
        IEnumerable<Type?> own =
            [type.BaseType, .. type.GetInterfaces(), .. AttributesOf(type), .. ConstraintsOf(type.GetGenericArguments())];
        foreach (var used in own)
        {
            yield return ("its declaration", used);
        }

        foreach (var member in type.GetMembers(Declared).Where(member => member is not Type))
        {
            IEnumerable<Type?> uses = member switch
            {
                FieldInfo field => [field.FieldType],
                PropertyInfo property => [property.PropertyType],
                MethodInfo method => [method.ReturnType, .. ConstraintsOf(method.GetGenericArguments()), .. CodeOf(method)],
                ConstructorInfo constructor => CodeOf(constructor),
                _ => [],
            };
            foreach (var used in uses.Concat(AttributesOf(member)))
            {
                // A lambda's or a state machine's member says by its type's name which method it was.
                yield return (type.IsNested ? $"{type.Name}.{member.Name}" : member.Name, used);
            }
        }
    }

    private static IEnumerable<Type?> AttributesOf(MemberInfo member) => member.GetCustomAttributesData().SelectMany(attribute =>
        attribute.ConstructorArguments.Select(argument => argument.Value as Type).Append(attribute.AttributeType));

    private static IEnumerable<Type> ConstraintsOf(Type[] parameters) =>
        parameters.Where(parameter => parameter.IsGenericParameter).SelectMany(parameter => parameter.GetGenericParameterConstraints());

    private static IEnumerable<Type?> CodeOf(MethodBase method)
    {
        foreach (var parameter in method.GetParameters())
        {
            yield return parameter.ParameterType;
        }

        if (method.GetMethodBody() is not { } body)
        {
            yield break;
        }

        foreach (var local in body.LocalVariables)
        {
            yield return local.LocalType;
        }

        foreach (var clause in body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause))
        {
            yield return clause.CatchType;
        }

        var typeArguments = method.DeclaringType!.GetGenericArguments();
        Type[] methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        foreach (var token in TokensOf(body.GetILAsByteArray()!))
        {
            var member = method.Module.ResolveMember(token, typeArguments, methodArguments);
            yield return member as Type ?? member!.DeclaringType;
            foreach (var argument in member is MethodInfo { IsGenericMethod: true } called ? called.GetGenericArguments() : [])
            {
                yield return argument;
            }
        }
    }

    private static IEnumerable<int> TokensOf(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at];
            at += code[at] == 0xFE ? 2 : 1;
            var operand = Operands[value];
            if (operand is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
            {
                yield return BitConverter.ToInt32(code, at);
            }

            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    // What a type is made of: elements of arrays and references, arguments of generics.
    private static IEnumerable<Type> PartsOf(Type? type)
    {
        if (type is null || type.IsGenericParameter)
        {
            return [];
        }

        return type.HasElementType ? PartsOf(type.GetElementType())
            : type.IsGenericType ? type.GetGenericArguments().SelectMany(PartsOf).Prepend(type.GetGenericTypeDefinition())
            : [type];
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
