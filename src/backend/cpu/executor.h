// The CPU backend: fused phases over a thread pool.
//
// A layer is six or seven phases: norm+quantize · QKV with q/k-norm, RoPE and KV append · attention · quantize · output
// projection with residual · norm+quantize · gate, up and activation with quantize · down with residual. A phase is a set of
// tasks that write disjoint outputs; each output is reduced by one task in a fixed order, which is why results do not
// depend on threads or on company.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "base/result.h"

namespace ingle::backend::cpu {

Result<std::unique_ptr<Executor>> load(const Program& program, const Options& options);

}  // namespace ingle::backend::cpu
