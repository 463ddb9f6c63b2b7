#include "text/grammar/token_distance.h"

#include <algorithm>

#include "text/grammar/distance.h"

namespace ingle::text::grammar {
namespace {

constexpr int kPasses = 4;  // operations mostly stand behind those they name; each pass alone keeps every promise

/// The byte that is the only one here, or -1.
int only_byte(const Program& program, const Op& op) {
  if (op.kind != OpKind::kBytes || op.count != 1) return -1;
  const ByteSet& set = program.sets[op.arg];
  return set.count() == 1 ? static_cast<int>(set._Find_first()) : -1;
}

class Measure {
 public:
  Measure(Program& program, const TokenTree& tokens) : program_(program), tokens_(tokens) {
    only_.reserve(program.ops.size());
    for (const Op& op : program.ops)
      only_.push_back(only_byte(program, op));
  }

  void run() {
    bool changed = true;
    for (int pass = 0; pass < kPasses && changed; ++pass) {
      changed = false;
      for (OpId id = 0; id < program_.ops.size(); ++id) {
        Op& op = program_.ops[id];
        const uint32_t distance = std::min(op.distance, way(id));
        changed |= distance < op.distance;
        op.distance = distance;
      }
    }
  }

 private:
  uint32_t at(OpId id) const { return program_.ops[id].distance; }

  uint32_t way(OpId id) const {
    const Op& op = program_.ops[id];
    switch (op.kind) {
      case OpKind::kReturn:
        return op.distance;
      case OpKind::kSplit:
        // The way that was found to be shortest stands last: the frames it needs are those that are known to suffice.
        return op.count == 0 ? op.distance : at(program_.alternatives[op.arg + op.count - 1]);
      case OpKind::kCall:
        return far_sum(at(op.arg), at(op.next));
      case OpKind::kRepeat: {
        const Repeat& repeat = program_.repeats[op.arg];
        return far_sum(repeat.min == 0 ? 0 : far_product(repeat.min, at(repeat.body)), at(op.next));
      }
      case OpKind::kBytes:
        return only_[id] < 0 ? far_sum(op.count, at(op.next)) : run_of_bytes(id);
      case OpKind::kText:
        return far_sum(program_.texts[op.arg].min, at(op.next));
      default:
        return op.distance;
    }
  }

  /// One token and what is left behind it, for the best of the tokens that say what must follow.
  uint32_t run_of_bytes(OpId id) const {
    uint32_t best = far_sum(1, at(program_.ops[id].next));
    uint32_t node = tokens_.root(static_cast<uint8_t>(only_[id]));
    OpId next = program_.ops[id].next;
    while (node != TokenTree::kNone && only_[next] >= 0) {
      node = child(node, static_cast<uint8_t>(only_[next]));
      next = program_.ops[next].next;
      if (node != TokenTree::kNone && tokens_[node].first_token != tokens_[node + 1].first_token)
        best = std::min(best, far_sum(1, at(next)));
    }
    return best;
  }

  uint32_t child(uint32_t node, uint8_t byte) const {
    const uint32_t end = tokens_[node].skip;
    for (uint32_t i = node + 1; i < end; i = tokens_[i].skip) {
      if (tokens_[i].byte == byte) return i;
    }
    return TokenTree::kNone;
  }

  Program& program_;
  const TokenTree& tokens_;
  std::vector<int> only_;  // of each operation
};

}  // namespace

std::shared_ptr<const Program> measured_in_tokens(std::shared_ptr<const Program> program, const TokenTree& tokens) {
  bool has_words = false;
  for (size_t i = 0; i < tokens.size() && !has_words; ++i)
    has_words = tokens[i].depth > 1;
  if (!has_words) return program;
  auto measured = std::make_shared<Program>(*program);
  Measure(*measured, tokens).run();
  return measured;
}

}  // namespace ingle::text::grammar
