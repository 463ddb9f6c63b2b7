#include <array>
#include <utility>

#include <fmt/format.h>

#include "backend/backend.h"
#include "backend/cpu/executor.h"

namespace ingle::backend {
namespace {

struct Device {
  std::string_view name;
  Result<std::unique_ptr<Executor>> (*load)(const Program&, const Options&);
};

constexpr std::array kDevices = {
    Device{"cpu", cpu::load},
};

constexpr std::pair<std::string_view, KvType> kKvTypes[] = {{"", KvType::kDefault}, {"f32", KvType::kF32},
                                                            {"f16", KvType::kF16},  {"bf16", KvType::kBF16},
                                                            {"i8", KvType::kI8},    {"q8_0", KvType::kI8}};

}  // namespace

Result<std::span<const Output>> Executor::encode(std::span<const Text> /*texts*/) {
  return std::unexpected(Error::unsupported("the model is no encoder"));
}

Result<KvType> kv_type_of(std::string_view name) {
  for (const auto& [known, type] : kKvTypes)
    if (name == known) return type;
  return std::unexpected(
      Error::usage(fmt::format("'{}' is no type for the KV cache", name)).hint("use f32, f16, bf16 or i8"));
}

Result<std::unique_ptr<Executor>> load(std::string_view device, const Program& program, const Options& options) {
  for (const Device& row : kDevices) {
    if (row.name == device) return row.load(program, options);
  }
  std::string known;
  for (const Device& row : kDevices)
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  return std::unexpected(
      Error::usage(fmt::format("there is no device '{}'", device)).hint("this build knows: " + known));
}

}  // namespace ingle::backend
