#include "app/memory_budget.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace ingle::app {
namespace {

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr Unit kUnits[] = {{"", 1},      {"B", 1},      {"KB", 1e3},      {"MB", 1e6},          {"GB", 1e9},
                           {"TB", 1e12}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824.0}};
constexpr double kMost = 1e18;

std::string megabytes(uint64_t bytes) {
  return std::to_string((bytes + 999'999) / 1'000'000) + " MB";
}

}  // namespace

Result<uint64_t> parse_memory(std::string_view text) {
  if (text.empty()) return 0;
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view rest(end, static_cast<size_t>(text.data() + text.size() - end));
  while (rest.starts_with(' '))
    rest.remove_prefix(1);
  const auto* const unit = std::ranges::find(kUnits, rest, &Unit::name);
  const double bytes = unit == std::end(kUnits) ? 0 : number * unit->bytes;
  if (code != std::errc() || !(bytes >= 1 && bytes <= kMost)) {
    return std::unexpected(Error::usage("'" + std::string(text) + "' is no amount of memory")
                               .hint("write it as 8GB, 900MB or a number of bytes"));
  }
  return static_cast<uint64_t>(bytes);
}

uint64_t memory_left(uint64_t available, uint64_t limit, std::span<const runtime::HeldMemory> held) {
  uint64_t promised = 0;
  uint64_t theirs = 0;
  for (const runtime::HeldMemory& one : held) {
    promised += one.promised();
    theirs += std::max(one.planned, one.taken);
  }
  const auto less = [](uint64_t from, uint64_t what) { return from > what ? from - what : 1; };
  if (available == 0) return limit == 0 ? 0 : less(limit, theirs);
  const uint64_t left = less(available, promised);
  return limit == 0 ? left : std::min(left, less(limit, theirs));
}

Error with_holders(Error refused, std::string_view name, uint64_t limit, std::span<const runtime::HeldMemory> held) {
  if (refused.code() != ErrorCode::kExhausted) return refused;
  std::string message = "'" + std::string(name) + "' does not fit into the memory: " + refused.message();
  std::string hint = refused.hint();
  if (limit > 0) {
    message += "; the setting memory allows " + megabytes(limit);
    hint = "raise the setting memory; " + hint;
  }
  for (size_t i = 0; i < held.size(); ++i) {
    const runtime::HeldMemory& one = held[i];
    message += (i == 0 ? "; loaded: '" : ", '") + one.name + "' with " + megabytes(std::max(one.planned, one.taken)) +
               (one.in_use ? ", in use" : "");
  }
  if (!held.empty()) {
    const auto most = std::ranges::max_element(held, {}, &runtime::HeldMemory::planned);
    hint = "'" + most->name + "' gives " + megabytes(std::max(most->planned, most->taken)) +
           " back when its answers have ended; " + hint;
  }
  return Error::exhausted(std::move(message)).hint(std::move(hint));
}

}  // namespace ingle::app
