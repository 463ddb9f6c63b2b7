// INGLE_UNROLL before a loop of constant length: its arrays must live in registers.
// INGLE_INLINE: helpers that hand arrays of registers around must disappear into their callers.
#pragma once

#define INGLE_INLINE inline __attribute__((always_inline))

#if defined(__clang__)
#define INGLE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define INGLE_UNROLL _Pragma("GCC unroll 64")
#endif
