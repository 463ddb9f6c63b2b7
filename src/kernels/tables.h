// The tables of this build, one an instruction set; registry.cpp decides which of them the processor can run.
#pragma once

#include "kernels/kernels.h"

namespace ingle::kernels {

extern const Kernels kScalarKernels;

}  // namespace ingle::kernels
