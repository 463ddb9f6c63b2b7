// The table for AArch64 with the dot product extension (Armv8.4, Cortex-A76, Apple M1 and later).
#include "kernels/tables.h"

// clang-format off: each file builds on the ones before it
#include "kernels/x86/unroll.h"
#include "kernels/neon/vectors.h"
#include "kernels/x86/codes.inc"
#include "kernels/x86/tiles.inc"
#include "kernels/neon/matmul_q8.inc"
#include "kernels/x86/elementwise.inc"
#include "kernels/x86/attention.inc"
#include "kernels/x86/matmul_f32.inc"
#include "kernels/x86/probe.inc"
// clang-format on

namespace ingle::kernels {

const Kernels kDotprodKernels = {
    .name = "dotprod",
#include "kernels/x86/table.inc"
};

}  // namespace ingle::kernels
