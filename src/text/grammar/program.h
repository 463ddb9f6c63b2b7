// Program: a grammar over bytes as a flat list of operations, in the manner of a regular-expression machine with calls.
//
// Built backwards by ProgramBuilder (an operation names what follows it, which therefore exists already), immutable
// afterwards: any thread may read it. Operations form no cycle: loops are counted repetitions and recursion is unrolled to a
// depth, so that the length of the shortest way to the end is known for every operation when it is added.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/grammar/copy_text.h"

namespace ingle::text::grammar {

using OpId = uint32_t;
using ByteSet = std::bitset<256>;

inline constexpr uint32_t kUnlimited = UINT32_MAX;

ByteSet byte_range(uint8_t first, uint8_t last);
ByteSet byte_set(std::string_view bytes);

enum class OpKind : uint8_t {
  kBytes,   // one byte of set `arg`
  kSplit,   // any of the `count` alternatives from `arg` on
  kCall,    // operations from `arg` to their kReturn
  kRepeat,  // repeats[arg]
  kText,    // texts[arg]: characters inside a JSON string
  kCopy,    // copies[arg]: a span of a text, as it stands inside a JSON string
  kReturn,
};

struct Op {
  OpKind kind = OpKind::kReturn;
  uint32_t next = 0;
  uint32_t arg = 0;
  uint32_t count = 0;
  uint32_t distance = 0;  // bytes of the shortest way to kReturn; kFar: there is none that goes byte by byte
};

struct Repeat {
  OpId body = 0;
  uint32_t min = 0;
  uint32_t max = kUnlimited;
};

/// Code points of a JSON string, escapes included.
struct TextRange {
  uint32_t min = 0;
  uint32_t max = kUnlimited;
  bool escapes = true;
};

struct Copy {
  uint32_t text = 0;
  uint32_t min = 1;
  uint32_t max = kUnlimited;
};

struct Program {
  std::vector<Op> ops;
  std::vector<ByteSet> sets;
  std::vector<OpId> alternatives;
  std::vector<Repeat> repeats;
  std::vector<TextRange> texts;
  std::vector<Copy> copies;
  std::vector<std::shared_ptr<const CopyText>> sources;  // shared with the request that brought them
  OpId start = 0;
  std::array<uint8_t, 256> class_of{};  // bytes that no operation tells apart have one class
  uint32_t n_classes = 0;
};

class ProgramBuilder {
 public:
  static constexpr OpId kReturnOp = 0;
  static constexpr OpId kNever = 1;  // nothing follows: what can only lead here is left out
  static constexpr size_t kMaxOps = 400'000;

  /// `available`: bytes that the vocabulary can say one at a time.
  explicit ProgramBuilder(const ByteSet& available);

  void set_sources(std::vector<std::shared_ptr<const CopyText>> sources) { program_.sources = std::move(sources); }

  OpId bytes(const ByteSet& set, OpId next);
  OpId byte(char c, OpId next) { return bytes(ByteSet().set(static_cast<uint8_t>(c)), next); }
  OpId literal(std::string_view text, OpId next);
  OpId choice(const std::vector<OpId>& alternatives);
  OpId optional(OpId with, OpId without) { return choice({with, without}); }
  OpId call(OpId body, OpId next);
  /// A body that may match nothing must be unlimited, or repeated once at most.
  OpId repeat(Repeat repeat, OpId next);
  OpId text(TextRange range, OpId next);
  OpId copy(Copy copy, OpId next);

  uint32_t distance(OpId op) const { return program_.ops[op].distance; }
  /// Past the limit: what was built is not to be used.
  bool full() const { return program_.ops.size() >= kMaxOps || program_.alternatives.size() >= kMaxOps; }
  std::shared_ptr<const Program> finish(OpId start) &&;

 private:
  OpId add(Op op);
  void number_classes();

  struct SetHash {
    size_t operator()(const ByteSet& set) const { return std::hash<ByteSet>()(set); }
  };

  Program program_;
  ByteSet available_;
  std::unordered_map<ByteSet, uint32_t, SetHash> set_ids_;
};

}  // namespace ingle::text::grammar
