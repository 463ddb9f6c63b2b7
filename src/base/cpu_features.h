// What this processor can do, read once. The kernel registry chooses its table from this and from INGLE_ISA.
#pragma once

#include <string>

namespace ingle::base {

struct CpuFeatures {
  bool avx2 = false;         // AVX2, FMA and F16C together: no processor has one of them alone
  bool avx_vnni = false;     // 256-bit VEX-encoded int8 dot product
  bool avx512_vnni = false;  // F, BW, DQ, VL, CD, VBMI and VNNI together (Ice Lake, Zen 4 and later)
  bool avx512_bf16 = false;
  std::string brand;  // "AMD EPYC 9654 96-Core Processor"
};

const CpuFeatures& cpu_features();

/// Physical cores that this process may run on; the default number of engine threads.
unsigned physical_cores();

}  // namespace ingle::base
