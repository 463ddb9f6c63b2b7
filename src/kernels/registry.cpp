#include "kernels/registry.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/cpu_features.h"
#include "kernels/tables.h"

namespace ingle::kernels {
namespace {

std::vector<const Kernels*> detect() {
  std::vector<const Kernels*> tables;
#if defined(__x86_64__)
  if (base::cpu_features().avx512_vnni) tables.push_back(&kAvx512Kernels);
  if (base::cpu_features().avx_vnni) tables.push_back(&kAvxVnniKernels);
  if (base::cpu_features().avx2) tables.push_back(&kAvx2Kernels);
#elif defined(__aarch64__)
  if (base::cpu_features().i8mm) tables.push_back(&kI8mmKernels);
  if (base::cpu_features().dotprod) tables.push_back(&kDotprodKernels);
#endif
  tables.push_back(&kScalarKernels);
  return tables;
}

}  // namespace

std::span<const Kernels* const> available() {
  static const std::vector<const Kernels*> tables = detect();
  return tables;
}

Result<const Kernels*> choose(std::string_view name) {
  if (name.empty()) return available().front();
  std::string names;
  for (const Kernels* table : available()) {
    if (table->name == name) return table;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", table->name);
  }
  return std::unexpected(
      Error::usage(fmt::format("instruction set '{}' is unknown or not supported by this processor", name))
          .hint("choose one of: " + names));
}

}  // namespace ingle::kernels
