#include "text/grammar/program.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "text/grammar/distance.h"
#include "text/grammar/endings.h"
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
  program_.ops.push_back({.kind = OpKind::kSplit});
}

OpId ProgramBuilder::add(Op op) {
  if (full()) return kNever;
  program_.ops.push_back(op);
  return static_cast<OpId>(program_.ops.size() - 1);
}

OpId ProgramBuilder::add_bytes(const ByteSet& set, uint32_t n_tokens, OpId next) {
  if (next == kNever || set.none()) return kNever;
  const auto [found, is_new] = set_ids_.try_emplace(set, static_cast<uint32_t>(program_.sets.size()));
  if (is_new) program_.sets.push_back(set);
  return add({.kind = OpKind::kBytes, .next = next, .arg = found->second, .count = n_tokens});
}

OpId ProgramBuilder::bytes(const ByteSet& set, OpId next) {
  return add_bytes(set, 1, next);
}

OpId ProgramBuilder::literal(std::string_view text, OpId next) {
  for (size_t i = text.size(); i > 0 && next != kNever; --i)
    next = byte(text[i - 1], next);
  return next;
}

/// `texts` are sorted, differ, and share their first `depth` bytes.
OpId ProgramBuilder::any_of_sorted(std::span<const std::string_view> texts, size_t depth, OpId next) {
  // Sorted, so what the first and the last share all of them share.
  const std::string_view first = texts.front(), last = texts.back();
  size_t same = depth;
  while (same < first.size() && same < last.size() && first[same] == last[same])
    ++same;
  std::vector<OpId> ways;
  if (first.size() == same) {
    ways.push_back(next);
    texts = texts.subspan(1);
  }
  while (!texts.empty()) {
    const char byte_here = texts.front()[same];
    const auto end = std::ranges::find_if(texts, [&](std::string_view text) { return text[same] != byte_here; });
    const auto n = static_cast<size_t>(end - texts.begin());
    ways.push_back(byte(byte_here, n == 1 ? literal(texts.front().substr(same + 1), next)
                                          : any_of_sorted(texts.first(n), same + 1, next)));
    texts = texts.subspan(n);
  }
  return literal(first.substr(depth, same - depth), choice(ways));
}

OpId ProgramBuilder::literals(std::vector<std::string_view> texts, OpId next) {
  if (texts.empty()) return kNever;
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return any_of_sorted(texts, 0, next);
}

OpId ProgramBuilder::control(std::string_view spelling, OpId next) {
  if (controls_ == nullptr || !controls_->contains(spelling)) return kNever;
  for (size_t i = spelling.size(); i > 0; --i)
    next = add_bytes(ByteSet().set(static_cast<uint8_t>(spelling[i - 1])), 0, next);
  return add_bytes(ByteSet().set(static_cast<uint8_t>(kControlMark)), 1, next);
}

OpId ProgramBuilder::choice(const std::vector<OpId>& alternatives) {
  std::vector<OpId> possible = alternatives;
  std::erase(possible, kNever);
  std::ranges::sort(possible);
  possible.erase(std::unique(possible.begin(), possible.end()), possible.end());
  if (possible.empty()) return kNever;
  if (possible.size() == 1) return possible.front();
  const auto begin = static_cast<uint32_t>(program_.alternatives.size());
  program_.alternatives.insert(program_.alternatives.end(), possible.begin(), possible.end());
  return add({.kind = OpKind::kSplit, .arg = begin, .count = static_cast<uint32_t>(possible.size())});
}

OpId ProgramBuilder::call(OpId body, OpId next) {
  if (body == kNever || next == kNever) return kNever;
  if (next == kReturnOp || body == kReturnOp) return body == kReturnOp ? next : body;
  return add({.kind = OpKind::kCall, .next = next, .arg = body});
}

OpId ProgramBuilder::repeat(Repeat repeat, OpId next) {
  if (next == kNever || repeat.min > repeat.max) return kNever;
  if (repeat.body == kNever || repeat.max == 0) return repeat.min == 0 ? next : kNever;
  if (repeat.body == kReturnOp) return next;
  if (repeat.max == 1) {
    const OpId once = call(repeat.body, next);
    return repeat.min == 1 ? once : optional(once, next);
  }
  program_.repeats.push_back(repeat);
  return add({.kind = OpKind::kRepeat, .next = next, .arg = static_cast<uint32_t>(program_.repeats.size() - 1)});
}

OpId ProgramBuilder::text(TextRange range, OpId next) {
  if (next == kNever || range.min > range.max) return kNever;
  if (range.max == 0) return next;
  program_.texts.push_back(range);
  return add({.kind = OpKind::kText, .next = next, .arg = static_cast<uint32_t>(program_.texts.size() - 1)});
}

OpId ProgramBuilder::copy(Copy copy, OpId next) {
  if (next == kNever) return kNever;
  const CopyText& source = *program_.sources[copy.text];
  if (source.distance(source.root(), copy.min, copy.max) >= kFar) return kNever;
  program_.copies.push_back(copy);
  return add({.kind = OpKind::kCopy, .next = next, .arg = static_cast<uint32_t>(program_.copies.size() - 1)});
}

OpId ProgramBuilder::language(const Language& language, Spelling spelling, OpId next) {
  if (next == kNever || language.is_empty() || full()) return kNever;
  const auto [found, is_new] =
      language_ids_.try_emplace({&language.dfa(), spelling}, static_cast<uint32_t>(program_.languages.size()));
  if (is_new) {
    program_.languages.push_back({std::make_shared<const ByteLanguage>(language, spelling, available_), spelling});
    n_language_nodes_ += program_.languages.back().texts->n_nodes();
  }
  return add({.kind = OpKind::kLanguage, .next = next, .arg = found->second});
}

OpId ProgramBuilder::free_text(std::vector<Marker> markers, OpId end) {
  std::erase_if(markers, [](const Marker& marker) { return marker.next == kNever || marker.text.empty(); });
  size_t n_bytes = 0;
  for (const Marker& marker : markers)
    n_bytes += marker.text.size();
  INGLE_CHECK(n_bytes <= kMaxMarkerBytes);
  program_.frees.push_back(make_free_text(std::move(markers)));
  return add({.kind = OpKind::kFree, .next = end, .arg = static_cast<uint32_t>(program_.frees.size() - 1)});
}

OpId ProgramBuilder::declare(std::string name) {
  const OpId rule = add({.kind = OpKind::kSplit});
  if (rule != kNever) rules_[rule] = std::move(name);
  return rule;
}

void ProgramBuilder::define(OpId rule, OpId body) {
  if (rule == kNever || body == kNever) return;
  Op& op = program_.ops[rule];
  INGLE_CHECK(rules_.contains(rule) && op.count == 0);
  op.arg = static_cast<uint32_t>(program_.alternatives.size());
  op.count = 1;
  program_.alternatives.push_back(body);
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
  for (const LanguageText& language : program_.languages) {
    for (const ByteSet& set : language.texts->byte_classes())
      split(set);
  }
  for (const FreeText& free : program_.frees) {
    split(ByteSet().set(static_cast<uint8_t>(kControlMark)));
    for (const Marker& marker : free.markers) {
      for (const char c : marker.text)
        split(ByteSet().set(static_cast<uint8_t>(c)));
    }
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

Result<std::shared_ptr<const Program>> ProgramBuilder::finish(OpId start, std::string_view what) && {
  if (full()) return std::unexpected(Error::refused(fmt::format("{}: it is too large to be enforced", what)));
  program_.start = start;
  if (auto status = find_endings(program_, available_, rules_); !status)
    return std::unexpected(std::move(status).error().within(what));
  number_classes();
  return std::make_shared<const Program>(std::move(program_));
}

}  // namespace ingle::text::grammar
