// The tables of this build, one an instruction set; registry.cpp decides which of them the processor can run.
#pragma once

#include "kernels/kernels.h"

namespace ingle::kernels {

extern const Kernels kScalarKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvxVnniKernels;
extern const Kernels kAvx512Kernels;
#elif defined(__aarch64__)
extern const Kernels kDotprodKernels;
extern const Kernels kI8mmKernels;
#endif

}  // namespace ingle::kernels
