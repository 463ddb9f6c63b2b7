#include <array>

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

}  // namespace

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
