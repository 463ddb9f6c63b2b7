#include "text/grammar/program.h"

#include <algorithm>

#include "text/grammar/distance.h"
#include "text/grammar/text_machine.h"

namespace ingle::text::grammar {

ByteSet byte_range(uint8_t first, uint8_t last) {
  ByteSet set;
  for (unsigned byte = first; byte <= last; ++byte)
    set.set(byte);
  return set;
}

ByteSet byte_set(std::string_view bytes) {
  ByteSet set;
  for (const char c : bytes)
    set.set(static_cast<uint8_t>(c));
  return set;
}

ProgramBuilder::ProgramBuilder(const ByteSet& available) : available_(available) {
  program_.ops.push_back({.kind = OpKind::kReturn});
  program_.ops.push_back({.kind = OpKind::kSplit, .distance = kFar});
}

OpId ProgramBuilder::add(Op op) {
  if (full()) return kNever;
  program_.ops.push_back(op);
  return static_cast<OpId>(program_.ops.size() - 1);
}

OpId ProgramBuilder::bytes(const ByteSet& set, OpId next) {
  if (next == kNever || set.none()) return kNever;
  const auto [found, is_new] = set_ids_.try_emplace(set, static_cast<uint32_t>(program_.sets.size()));
  if (is_new) program_.sets.push_back(set);
  const uint32_t own = (set & available_).any() ? 1 : kFar;
  return add({.kind = OpKind::kBytes, .next = next, .arg = found->second, .distance = far_sum(own, distance(next))});
}

OpId ProgramBuilder::literal(std::string_view text, OpId next) {
  for (size_t i = text.size(); i > 0; --i)
    next = byte(text[i - 1], next);
  return next;
}

OpId ProgramBuilder::choice(const std::vector<OpId>& alternatives) {
  std::vector<OpId> possible = alternatives;
  std::erase(possible, kNever);
  std::ranges::sort(possible);
  possible.erase(std::unique(possible.begin(), possible.end()), possible.end());
  if (possible.empty()) return kNever;
  if (possible.size() == 1) return possible.front();
  uint32_t shortest = kFar;
  for (const OpId op : possible)
    shortest = std::min(shortest, distance(op));
  const auto begin = static_cast<uint32_t>(program_.alternatives.size());
  program_.alternatives.insert(program_.alternatives.end(), possible.begin(), possible.end());
  return add(
      {.kind = OpKind::kSplit, .arg = begin, .count = static_cast<uint32_t>(possible.size()), .distance = shortest});
}

OpId ProgramBuilder::call(OpId body, OpId next) {
  if (body == kNever || next == kNever) return kNever;
  return add({.kind = OpKind::kCall, .next = next, .arg = body, .distance = far_sum(distance(body), distance(next))});
}

OpId ProgramBuilder::repeat(Repeat repeat, OpId next) {
  if (next == kNever || repeat.min > repeat.max) return kNever;
  if (repeat.body == kNever || repeat.max == 0) return repeat.min == 0 ? next : kNever;
  const uint32_t own = far_product(repeat.min, distance(repeat.body));
  program_.repeats.push_back(repeat);
  return add({.kind = OpKind::kRepeat,
              .next = next,
              .arg = static_cast<uint32_t>(program_.repeats.size() - 1),
              .distance = far_sum(own, distance(next))});
}

OpId ProgramBuilder::text(TextRange range, OpId next) {
  if (next == kNever || range.min > range.max) return kNever;
  if (range.max == 0) return next;
  program_.texts.push_back(range);
  return add({.kind = OpKind::kText,
              .next = next,
              .arg = static_cast<uint32_t>(program_.texts.size() - 1),
              .distance = far_sum(range.min, distance(next))});
}

OpId ProgramBuilder::copy(Copy copy, OpId next) {
  if (next == kNever) return kNever;
  const CopyText& source = *program_.sources[copy.text];
  const uint32_t own = source.distance(source.root(), copy.min, copy.max);
  if (own >= kFar) return kNever;
  program_.copies.push_back(copy);
  return add({.kind = OpKind::kCopy,
              .next = next,
              .arg = static_cast<uint32_t>(program_.copies.size() - 1),
              .distance = far_sum(own, distance(next))});
}

/// Splits the bytes into classes, one set after the other.
void ProgramBuilder::number_classes() {
  std::array<uint32_t, 256> class_of{};
  uint32_t n_classes = 1;
  const auto split = [&](const ByteSet& set) {
    std::map<std::pair<uint32_t, bool>, uint32_t> renumbered;
    for (size_t byte = 0; byte < 256; ++byte) {
      const std::pair key(class_of[byte], set[byte]);
      class_of[byte] = renumbered.try_emplace(key, static_cast<uint32_t>(renumbered.size())).first->second;
    }
    n_classes = static_cast<uint32_t>(renumbered.size());
  };
  for (const ByteSet& set : program_.sets)
    split(set);
  if (!program_.texts.empty()) {
    for (const ByteSet& set : text_byte_classes())
      split(set);
  }
  for (const auto& source : program_.sources) {
    for (size_t byte = 0; byte < 256; ++byte) {
      if (source->bytes()[byte]) split(ByteSet().set(byte));
    }
  }
  for (size_t byte = 0; byte < 256; ++byte)
    program_.class_of[byte] = static_cast<uint8_t>(class_of[byte]);
  program_.n_classes = n_classes;
}

std::shared_ptr<const Program> ProgramBuilder::finish(OpId start) && {
  program_.start = start;
  number_classes();
  return std::make_shared<const Program>(std::move(program_));
}

}  // namespace ingle::text::grammar
