/* The random bytes that a process asks its system for, the same each time. Hash tables draw their seeds from them, and what a look-up
 * costs depends on the seed: counts of one program differed by up to 27 % in the smallest stage. For counting only;
 * benches/instructions.py builds and preloads it.
 *
 *     cc -O2 -shared -fPIC seeds.c -o seeds.so && LD_PRELOAD=./seeds.so PROGRAM
 */
#include <string.h>
#include <sys/types.h>

ssize_t getrandom(void *buffer, size_t length, unsigned flags)
{
    (void)flags;
    memset(buffer, 1, length);
    return (ssize_t)length;
}
