// The table for processors with AVX2 and the 256-bit int8 dot product (Alder Lake and later); AVX-512 goes before it.
#include "kernels/tables.h"

// clang-format off: each file builds on the ones before it
#include "kernels/x86/unroll.h"
#include "kernels/avx2/vectors.h"
#include "kernels/x86/codes.inc"
#include "kernels/x86/tiles.inc"
#include "kernels/avxvnni/dots.inc"
#include "kernels/avx2/matmul_q8.inc"
#include "kernels/x86/elementwise.inc"
#include "kernels/x86/attention.inc"
#include "kernels/x86/matmul_f32.inc"
#include "kernels/x86/probe.inc"
// clang-format on

namespace ingle::kernels {

const Kernels kAvxVnniKernels = {
    .name = "avxvnni",
#include "kernels/x86/table.inc"
};

}  // namespace ingle::kernels
