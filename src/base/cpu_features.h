// What this processor can do, read once. The kernel registry chooses its table from this and from INGLE_ISA.
#pragma once

#include <filesystem>
#include <string>

namespace ingle::base {

struct CpuFeatures {
  bool avx2 = false;         // AVX2, FMA and F16C together: no processor has one of them alone
  bool avx_vnni = false;     // 256-bit VEX-encoded int8 dot product
  bool avx512_vnni = false;  // F, BW, DQ, VL, CD, VBMI and VNNI together (Ice Lake, Zen 4 and later)
  bool avx512_bf16 = false;
  bool dotprod = false;  // AArch64: int8 dot product (sdot)
  bool i8mm = false;     // AArch64: dotprod and int8 matrix multiplication (smmla)
  std::string brand;     // "AMD EPYC 9654 96-Core Processor"
};

const CpuFeatures& cpu_features();

/// Physical cores that this process may run on, and no more than its control groups give it time for; the default number
/// of engine threads. Read once.
unsigned physical_cores();

/// The smallest quota of the control groups (v1 or v2) that this process is in, in cores, rounded up; 0: none has one.
/// Paths are looked for under `root`.
unsigned cpu_quota(const std::filesystem::path& root = "/");

}  // namespace ingle::base
