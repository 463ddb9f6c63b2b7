#include "app/memory_budget.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "chat/errors.h"

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

MemoryRoom memory_room(const base::MachineMemory& machine, uint64_t limit, std::span<const runtime::HeldMemory> held) {
  uint64_t promised = 0;
  uint64_t theirs = 0;
  for (const runtime::HeldMemory& one : held) {
    promised += one.promised();
    theirs += one.at_most();
  }
  const auto less = [](uint64_t from, uint64_t what) {
    return from == 0 ? UINT64_MAX : from - std::min(from - 1, what);
  };
  const auto tighter = [](uint64_t a, uint64_t b) { return a == UINT64_MAX && b == UINT64_MAX ? 0 : std::min(a, b); };
  const uint64_t of_machine = less(machine.available, promised);
  const uint64_t of_limit = less(limit, theirs);
  return {.now = tighter(of_machine, of_limit),
          .ever = tighter(less(machine.total, 0), less(limit, 0)),
          .limit = limit,
          .is_limited = of_limit < of_machine};
}

Error explained(Error refused, std::string_view name, const MemoryRoom& room,
                std::span<const runtime::HeldMemory> held) {
  const bool is_never = chat::is_out_of_reach(refused);
  if (!is_never && refused.code() != ErrorCode::kExhausted) return refused;
  std::string message = "'" + std::string(name) + "' does not fit into the memory: " + refused.message();
  std::string hint = refused.hint();
  const bool is_limited = is_never ? room.ever == room.limit : room.is_limited;
  if (is_limited) {
    message += "; the setting memory allows " + megabytes(room.limit);
    hint = "raise the setting memory (INGLE_MEMORY), or " + hint;
  }
  if (is_never) return Error::refused(std::move(message)).hint(std::move(hint));

  for (size_t i = 0; i < held.size(); ++i) {
    const runtime::HeldMemory& one = held[i];
    message += (i == 0 ? "; loaded: '" : ", '") + one.name + "' with " + megabytes(one.at_most()) +
               (one.in_use ? ", in use" : "");
  }
  if (!is_limited) hint = "end other programs, or " + hint;
  if (const auto most = std::ranges::max_element(held, {}, &runtime::HeldMemory::at_most); most != held.end())
    hint = "wait for '" + most->name + "', which gives " + megabytes(most->at_most()) +
           " back when its answers have ended, or " + hint;
  return Error::exhausted(std::move(message)).hint(std::move(hint));
}

}  // namespace ingle::app
