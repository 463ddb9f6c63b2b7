// INGLE_UNROLL before a loop of constant length: its arrays must live in registers.
#pragma once

#if defined(__clang__)
#define INGLE_UNROLL _Pragma("clang loop unroll(full)")
#else
#define INGLE_UNROLL _Pragma("GCC unroll 64")
#endif
