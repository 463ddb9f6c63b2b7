// The table for processors with AVX-512 and VNNI (Ice Lake, Zen 4 and later).
#include "kernels/tables.h"

// clang-format off: each file builds on the ones before it
#include "kernels/x86/unroll.h"
#include "kernels/avx512/vectors.h"
#include "kernels/x86/codes.inc"
#include "kernels/x86/tiles.inc"
#include "kernels/avx512/matmul_q8.inc"
#include "kernels/avx512/slices.inc"
#include "kernels/avx512/quantize.inc"
#include "kernels/x86/elementwise.inc"
#include "kernels/x86/attention.inc"
#include "kernels/x86/matmul_f32.inc"
#include "kernels/x86/probe.inc"
// clang-format on

namespace ingle::kernels {

const Kernels kAvx512Kernels = {
    .name = "avx512",
#include "kernels/x86/table.inc"
};

}  // namespace ingle::kernels
