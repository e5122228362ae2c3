// Linked into native builds for x86-64-v3: names the missing feature, where the runtime would abort with a core dump.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

// As for every usage error of the programs.
enum { USAGE_EXIT_CODE = 2 };

__attribute__((constructor)) static void refuse_processor(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))
        return;
    dprintf(STDERR_FILENO, "%s: this processor lacks AVX2, BMI2 or FMA (x86-64-v3), which the native build needs; use the build for the .NET runtime\n",
            program_invocation_short_name);
    _exit(USAGE_EXIT_CODE);
}
