#include "text/grammar/emit_containers.h"

#include <algorithm>
#include <map>
#include <utility>

namespace ingle::text::grammar {
namespace {

constexpr OpId kReturn = ProgramBuilder::kReturnOp;
constexpr OpId kNever = ProgramBuilder::kNever;

/// White space in a container, before its first member, after ',' and ':', and before its end.
class Spaces {
 public:
  Spaces(ProgramBuilder& builder, Layout layout) : builder_(builder), layout_(layout) {}

  OpId after(char c, OpId next) const {
    return builder_.byte(c, layout_ == Layout::kOneLine ? builder_.byte(' ', next) : gap(builder_, next));
  }
  /// At the beginning and at the end.
  OpId inside(OpId next) const { return layout_ == Layout::kOneLine ? next : gap(builder_, next); }

 private:
  ProgramBuilder& builder_;
  Layout layout_;
};

/// An array without `contains`: the first elements one after the other, then a repetition.
Result<OpId> emit_plain_array(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value, Layout layout) {
  const Spaces spaces(builder, layout);
  const OpId close = spaces.inside(builder.byte(']', kReturn));
  const auto n_first = static_cast<uint32_t>(std::min<size_t>(node.parts.size(), node.max));
  OpId tail = close;
  if (node.rest != Node::kNone && node.max > n_first) {
    INGLE_TRY(const OpId element, emit_value(node.rest, kReturn));
    const OpId more = spaces.after(',', element);
    const uint32_t max = node.max == kUnlimited ? kUnlimited : node.max - n_first;
    const uint32_t min = node.min > n_first ? node.min - n_first : 0;
    if (n_first == 0) {
      // The first element has no comma before it.
      const OpId others = builder.repeat({more, min == 0 ? 0 : min - 1, max == kUnlimited ? max : max - 1}, close);
      const OpId elements = spaces.inside(builder.call(element, others));
      return builder.byte('[', min == 0 ? builder.optional(elements, close) : elements);
    }
    tail = builder.repeat({more, min, max}, close);
  } else if (node.min > n_first) {
    tail = kNever;
  }
  for (uint32_t i = n_first; i > 0; --i) {
    INGLE_TRY(const OpId element, emit_value(node.parts[i - 1], tail));
    const OpId next = i == 1 ? spaces.inside(element) : spaces.after(',', element);
    tail = node.min < i ? builder.optional(next, close) : next;
  }
  return builder.byte('[', tail);
}

/// An array with `contains`: every element is one that counts or one that does not.
class CountingArray {
 public:
  CountingArray(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value, Layout layout)
      : builder_(builder),
        spaces_(builder, layout),
        node_(node),
        counted_(*node.counted),
        emit_value_(emit_value),
        last_(static_cast<uint32_t>(
            std::max<size_t>({1, node.parts.size(), node.min, node.max == kUnlimited ? 0 : node.max}))),
        enough_(counted_.max == kUnlimited ? counted_.min : counted_.max),
        close_(spaces_.inside(builder.byte(']', kReturn))) {}

  Result<OpId> run() {
    INGLE_TRY(const OpId elements, from(0, 0));
    return builder_.byte('[', elements);
  }

 private:
  /// `at` elements stand before, `found` of them count. From last_ on places are alike, from enough_ on counts are.
  Result<OpId> from(uint32_t at, uint32_t found) {
    const auto known = states_.find({at, found});
    if (known != states_.end()) return known->second;
    const bool may_end = at >= node_.min && found >= counted_.min;
    const OpId end = may_end ? close_ : kNever;
    OpId op = end;
    if (at < node_.max) {
      const bool is_rest = at >= node_.parts.size();
      const bool may_count = counted_.max == kUnlimited || found < counted_.max;
      const bool stays = at == last_;
      std::vector<OpId> ways = {end};
      const uint32_t next_at = std::min(at + 1, last_);
      if (const NodeId wanted = is_rest ? counted_.rest : counted_.parts[at]; wanted != Node::kNone && may_count) {
        const uint32_t next_found = std::min(found + 1, enough_);
        if (!stays || next_found != found) {
          INGLE_TRY(const OpId after, from(next_at, next_found));
          INGLE_TRY(const OpId element, emit_value_(wanted, after));
          ways.push_back(at == 0 ? spaces_.inside(element) : spaces_.after(',', element));
        }
      }
      const NodeId plain = is_rest ? node_.rest : node_.parts[at];
      if (plain != Node::kNone && !stays) {
        INGLE_TRY(const OpId after, from(next_at, found));
        INGLE_TRY(const OpId element, emit_value_(plain, after));
        ways.push_back(at == 0 ? spaces_.inside(element) : spaces_.after(',', element));
      }
      op = builder_.choice(ways);
      if (plain != Node::kNone && stays) {
        INGLE_TRY(const OpId element, emit_value_(plain, kReturn));
        op = builder_.repeat({spaces_.after(',', element), 0, kUnlimited}, op);
      }
    }
    states_[{at, found}] = op;
    return op;
  }

  ProgramBuilder& builder_;
  Spaces spaces_;
  const Node& node_;
  const Node::Counted& counted_;
  const EmitValue& emit_value_;
  uint32_t last_;
  uint32_t enough_;
  OpId close_;
  std::map<std::pair<uint32_t, uint32_t>, OpId> states_;
};

/// Members in order; their number is followed as far as it matters, at least whether there was one.
class ObjectEmitter {
 public:
  ObjectEmitter(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value, Layout layout)
      : builder_(builder),
        spaces_(builder, layout),
        node_(node),
        emit_value_(emit_value),
        close_(spaces_.inside(builder.byte('}', kReturn))) {
    const auto n_required = static_cast<uint32_t>(std::ranges::count(node.properties, true, &Node::Property::required));
    min_ = node.min > n_required ? node.min : 0;
    const bool is_bounded = !node.others.empty() || node.properties.size() > node.max;
    max_ = is_bounded ? node.max : kUnlimited;
    told_ = std::max(1U, max_ == kUnlimited ? min_ : max_);
  }

  Result<OpId> run() {
    std::vector<OpId> keys;
    for (const Node::Others& others : node_.others) {
      INGLE_TRY(const OpId element, emit_value_(others.value, kReturn));
      keys.push_back(emit_key(others, spaces_.after(':', element)));
    }
    other_ = builder_.choice(keys);
    // Backwards, so that what follows a property is there before it.
    std::vector<OpId> after;
    for (uint32_t count = 0; count <= most_before(node_.properties.size()); ++count)
      after.push_back(others_after(count));
    for (size_t i = node_.properties.size(); i > 0; --i) {
      INGLE_TRY(after, before(i - 1, after));
      if (builder_.full()) break;
    }
    return builder_.byte('{', after[0]);
  }

 private:
  OpId emit_key(const Node::Others& others, OpId next) {
    return builder_.byte('"', builder_.language(others.names, Spelling::kJsonString, builder_.byte('"', next)));
  }

  /// Members that can stand before a property, as far as they are told: however large a bound is, no more than there are
  /// properties before it.
  uint32_t most_before(size_t property) const { return static_cast<uint32_t>(std::min<size_t>(told_, property)); }

  bool is_full(uint32_t count) const { return max_ != kUnlimited && count >= max_; }

  OpId others_after(uint32_t count) {
    const OpId end = count >= min_ ? close_ : kNever;
    if (is_full(count)) return end;
    const uint32_t min = min_ > count ? min_ - count : 0;
    const uint32_t max = max_ == kUnlimited ? kUnlimited : max_ - count;
    if (count > 0) return builder_.repeat({spaces_.after(',', other_), min, max}, close_);
    const OpId more =
        builder_.repeat({spaces_.after(',', other_), min > 0 ? min - 1 : 0, max == kUnlimited ? max : max - 1}, close_);
    return builder_.choice({spaces_.inside(builder_.call(other_, more)), end});
  }

  /// By the number of members that stand before the property.
  Result<std::vector<OpId>> before(size_t at, const std::vector<OpId>& after) {
    const Node::Property& property = node_.properties[at];
    std::map<uint32_t, OpId> members;  // by the number with this one
    OpId body = kNever;
    if (told_ > 1) {
      INGLE_TRY(body, emit_value_(property.value, kReturn));
    }
    std::vector<OpId> out;
    for (uint32_t count = 0; count <= most_before(at); ++count) {
      OpId member = kNever;
      const uint32_t with = std::min(count + 1, told_);
      if (!is_full(count)) {
        if (const auto known = members.find(with); known != members.end()) {
          member = known->second;
        } else {
          Result<OpId> value = told_ > 1 ? builder_.call(body, after[with]) : emit_value_(property.value, after[with]);
          if (!value) return std::unexpected(std::move(value).error());
          member = builder_.literal(property.key, spaces_.after(':', *value));
          members[with] = member;
        }
        member = count > 0 ? spaces_.after(',', member) : spaces_.inside(member);
      }
      out.push_back(property.required ? member : builder_.optional(member, after[count]));
    }
    return out;
  }

  ProgramBuilder& builder_;
  Spaces spaces_;
  const Node& node_;
  const EmitValue& emit_value_;
  OpId close_;
  OpId other_ = kNever;
  uint32_t min_ = 0;
  uint32_t max_ = kUnlimited;
  uint32_t told_ = 1;  // members are counted up to here
};

}  // namespace

OpId gap(ProgramBuilder& builder, OpId next) {
  constexpr uint32_t kMaxGap = 64;  // a line break and the indentation of deep objects
  if (next == kNever) return kNever;
  return builder.repeat({.body = builder.bytes(byte_set(" \n\t\r"), kReturn), .min = 0, .max = kMaxGap}, next);
}

Result<OpId> emit_array(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value, Layout layout) {
  if (node.counted) return CountingArray(builder, node, emit_value, layout).run();
  return emit_plain_array(builder, node, emit_value, layout);
}

Result<OpId> emit_object(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value, Layout layout) {
  return ObjectEmitter(builder, node, emit_value, layout).run();
}

}  // namespace ingle::text::grammar
