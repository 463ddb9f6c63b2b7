#include <array>
#include <utility>

#include <fmt/format.h>

#include "backend/backend.h"
#include "backend/cpu/executor.h"
#include "backend/cpu/footprint.h"

namespace ingle::backend {
namespace {

struct Device {
  std::string_view name;
  Result<std::unique_ptr<Executor>> (*load)(const Program&, const Options&);
  Result<Footprint> (*footprint)(const Program&, const Options&);
};

constexpr std::array kDevices = {
    Device{"cpu", cpu::load, cpu::footprint},
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

namespace {

Result<const Device*> find_device(std::string_view name) {
  std::string known;
  for (const Device& row : kDevices) {
    if (row.name == name) return &row;
    known += (known.empty() ? "" : ", ") + std::string(row.name);
  }
  return std::unexpected(Error::usage(fmt::format("there is no device '{}'", name)).hint("this build knows: " + known));
}

}  // namespace

Result<std::unique_ptr<Executor>> load(std::string_view device, const Program& program, const Options& options) {
  INGLE_TRY(const Device* const row, find_device(device));
  return row->load(program, options);
}

Result<Footprint> footprint(std::string_view device, const Program& program, const Options& options) {
  INGLE_TRY(const Device* const row, find_device(device));
  return row->footprint(program, options);
}

}  // namespace ingle::backend
