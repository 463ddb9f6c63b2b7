#include "text/grammar/byte_language.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace ingle::text::grammar {

/// Makes the nodes that read one code point, those that are alike once.
class ByteLanguage::Builder {
 public:
  Builder(ByteLanguage& made, Spelling spelling, const std::bitset<256>& available)
      : made_(made),
        classes_(made.dfa_->classes()),
        is_json_(spelling == Spelling::kJsonString),
        available_(available) {}

  void run() {
    made_.nodes_.emplace_back();  // the root, filled last: its ways are known then
    std::vector<Way> root(256, kNowhere);
    for (char32_t c = is_json_ ? 0x20 : 0; c < 0x80; ++c)
      root[c] = kEnds | classes_.of(c);
    if (is_json_) {
      root['"'] = kNowhere;
      root['\\'] = escapes();
    }
    for (unsigned lead = 0xC2; lead < 0xE0; ++lead)
      root[lead] = block(char32_t{lead & 0x1F} << 6, 1, 0x80);
    for (unsigned lead = 0xE0; lead < 0xF0; ++lead)
      root[lead] = block(char32_t{lead & 0x0F} << 12, 2, 0x800);
    for (unsigned lead = 0xF0; lead < 0xF5; ++lead)
      root[lead] = block(char32_t{lead & 0x07} << 18, 3, 0x10000);
    fill(made_.nodes_[0], 0, root);
    group_bytes();
  }

 private:
  /// \b \f \n \r \t \" \\ and \u00XX for the rest below a space.
  Way escapes() {
    constexpr std::string_view kLetters = "btnfr\"\\";
    constexpr std::string_view kMeanings = "\b\t\n\f\r\"\\";
    std::vector<Way> after(128, kNowhere);
    for (size_t i = 0; i < kLetters.size(); ++i)
      after[static_cast<uint8_t>(kLetters[i])] = kEnds | classes_.of(static_cast<uint8_t>(kMeanings[i]));
    constexpr std::string_view kHex = "0123456789abcdef";
    std::vector<Way> high(128, kNowhere);
    for (char32_t tens = 0; tens < 2; ++tens) {
      std::vector<Way> low(128, kNowhere);
      for (char32_t i = 0; i < 16; ++i) {
        const char32_t c = tens * 16 + i;
        if (kMeanings.find(static_cast<char>(c)) == std::string_view::npos)
          low[static_cast<uint8_t>(kHex[i])] = kEnds | classes_.of(c);
      }
      high['0' + tens] = node('0', low);
    }
    std::vector<Way> zero(128, kNowhere);
    zero['0'] = node('0', high);
    const Way second = node('0', zero);
    zero['0'] = second;
    after['u'] = node('0', zero);
    return node('"', after);
  }

  /// The code points from `base` on that `n` more bytes tell; none below `least`, which have a shorter form.
  Way block(char32_t base, int n, char32_t least) {
    const char32_t size = char32_t{1} << (6 * n);
    if (base + size <= least || base > kLastCodePoint || (base >= 0xD800 && base + size <= 0xE000)) return kNowhere;
    if (n == 0) return kEnds | classes_.of(base);
    const bool is_whole =
        base >= least && base + size - 1 <= kLastCodePoint && (base + size <= 0xD800 || base >= 0xE000);
    const bool is_plain = is_whole && is_one_class(base, base + size - 1);
    const auto key = std::pair(n, classes_.of(base));
    if (is_plain) {
      if (const auto known = plain_.find(key); known != plain_.end()) return known->second;
    }
    std::vector<Way> ways;
    for (char32_t i = 0; i < 64; ++i)
      ways.push_back(block(base + i * (size / 64), n - 1, least));
    const Way made = node(0x80, ways, 0);
    if (is_plain) plain_[key] = made;
    return made;
  }

  bool is_one_class(char32_t first, char32_t last) const {
    const auto pieces = classes_.pieces();
    const auto after = std::ranges::upper_bound(pieces, first, {}, &CodePointClasses::Piece::first);
    return after == pieces.end() || after->first > last;
  }

  Way node(char first, const std::vector<Way>& by_byte) {
    const auto from = static_cast<uint8_t>(first);
    return node(from, by_byte, from);
  }

  /// A node whose first way is that of byte `first`, number `skip` of `ways`.
  Way node(uint8_t first, const std::vector<Way>& ways, size_t skip) {
    std::vector<Way> own(ways.begin() + static_cast<std::ptrdiff_t>(skip), ways.end());
    if (std::ranges::all_of(own, [](Way way) { return way == kNowhere; })) return kNowhere;
    const auto [found, is_new] = known_.try_emplace({first, own}, static_cast<Way>(made_.nodes_.size()));
    if (is_new) {
      Node made;
      fill(made, first, own);
      made_.nodes_.push_back(made);
    }
    return found->second;
  }

  void fill(Node& node, uint8_t first, const std::vector<Way>& ways) {
    node.first = first;
    node.count = static_cast<uint16_t>(ways.size());
    node.ways = static_cast<uint32_t>(made_.ways_.size());
    made_.ways_.insert(made_.ways_.end(), ways.begin(), ways.end());
    std::map<uint32_t, uint32_t> nearest;
    const auto add = [&](uint32_t code_point_class, uint32_t distance) {
      const auto [found, is_new] = nearest.try_emplace(code_point_class, distance);
      if (!is_new) found->second = std::min(found->second, distance);
    };
    for (size_t i = 0; i < ways.size(); ++i) {
      const uint32_t own = available_[first + i] ? 1 : kFar;
      if (ways[i] == kNowhere) continue;
      if ((ways[i] & kEnds) != 0) {
        add(ways[i] & ~kEnds, own);
        continue;
      }
      const Node& next = made_.nodes_[ways[i]];
      for (uint32_t k = 0; k < next.n_reaches; ++k) {
        const Reach& reach = made_.reaches_[next.reaches + k];
        add(reach.code_point_class, far_sum(own, reach.distance));
      }
    }
    node.reaches = static_cast<uint32_t>(made_.reaches_.size());
    node.n_reaches = static_cast<uint32_t>(nearest.size());
    for (const auto& [code_point_class, distance] : nearest)
      made_.reaches_.push_back({code_point_class, distance});
  }

  void group_bytes() {
    std::map<std::vector<Way>, std::bitset<256>> by_column;
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::vector<Way> column;
      for (const Node& node : made_.nodes_)
        column.push_back(made_.way(node, static_cast<uint8_t>(byte)));
      by_column[std::move(column)].set(byte);
    }
    for (const auto& [column, set] : by_column)
      made_.byte_classes_.push_back(set);
  }

  ByteLanguage& made_;
  const CodePointClasses& classes_;
  bool is_json_;
  const std::bitset<256>& available_;
  std::map<std::pair<uint8_t, std::vector<Way>>, Way> known_;
  std::map<std::pair<int, uint32_t>, Way> plain_;  // blocks of one class, by size
};

ByteLanguage::ByteLanguage(const Language& language, Spelling spelling, const std::bitset<256>& available)
    : dfa_(language.shared()) {
  Builder(*this, spelling, available).run();
  std::vector<uint32_t> costs(dfa_->n_classes(), kFar);
  for (uint32_t i = 0; i < nodes_[0].n_reaches; ++i)
    costs[reaches_[nodes_[0].reaches + i].code_point_class] = reaches_[nodes_[0].reaches + i].distance;
  distances_ = dfa_->distances(costs);
}

bool ByteLanguage::step(Place& place, uint8_t byte) const {
  const Way way = this->way(nodes_[place.node], byte);
  if (way == kNowhere) return false;
  if ((way & kEnds) != 0) {
    place = {dfa_->next(place.state, way & ~kEnds), 0};
    return place.state != Dfa::kDead;
  }
  place.node = way;
  return can_continue(place);
}

bool ByteLanguage::can_continue(const Place& place) const {
  const Node& node = nodes_[place.node];
  for (uint32_t i = 0; i < node.n_reaches; ++i) {
    if (dfa_->next(place.state, reaches_[node.reaches + i].code_point_class) != Dfa::kDead) return true;
  }
  return false;
}

uint32_t ByteLanguage::distance(const Place& place) const {
  if (place.node == 0) return distances_[place.state];
  const Node& node = nodes_[place.node];
  uint32_t best = kFar;
  for (uint32_t i = 0; i < node.n_reaches; ++i) {
    const Reach& reach = reaches_[node.reaches + i];
    best = std::min(best, far_sum(reach.distance, distances_[dfa_->next(place.state, reach.code_point_class)]));
  }
  return best;
}

uint32_t ByteLanguage::farthest() const {
  return distances_.size() > 1 ? *std::max_element(distances_.begin() + 1, distances_.end()) : kFar;
}

size_t ByteLanguage::bytes() const {
  return sizeof *this + nodes_.size() * sizeof(Node) + ways_.size() * sizeof(Way) + reaches_.size() * sizeof(Reach) +
         distances_.size() * sizeof(uint32_t) + dfa_->bytes();
}

}  // namespace ingle::text::grammar
