// Program: a grammar over bytes as a flat list of operations, in the manner of a regular-expression machine with calls.
//
// Built backwards by ProgramBuilder: an operation names what follows it, which exists already or was declared. Rules may refer
// to each other in circles; finish() finds of every operation the shortest way to its end and how deep that way calls, leaves
// out what can never end, and refuses a rule that refers to itself before it has read a byte. Immutable afterwards: any
// thread may read it.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "text/grammar/byte_language.h"
#include "text/grammar/copy_text.h"
#include "text/grammar/free_text.h"

namespace ingle::text::grammar {

using OpId = uint32_t;
using ByteSet = std::bitset<256>;
/// Spellings of the control tokens that a vocabulary has.
using ControlSpellings = std::set<std::string, std::less<>>;

inline constexpr uint32_t kUnlimited = UINT32_MAX;
/// Calls and repetitions that may be open at once. What would need more to come to its end is not begun.
inline constexpr uint32_t kMaxFrames = 256;

ByteSet byte_range(uint8_t first, uint8_t last);
ByteSet byte_set(std::string_view bytes);

enum class OpKind : uint8_t {
  kBytes,     // one byte of set `arg`, worth `count` tokens: 0 inside the spelling of a control token, 1 elsewhere
  kSplit,     // any of the `count` alternatives from `arg` on, the one with the longest way to the end first
  kCall,      // operations from `arg` to their kReturn; `count`: 1 if they may read nothing
  kRepeat,    // repeats[arg]
  kText,      // texts[arg]: characters inside a JSON string
  kCopy,      // copies[arg]: a span of a text, as it stands inside a JSON string
  kLanguage,  // languages[arg]: a text of a regular language
  kFree,      // frees[arg]: any text until a marker; `next` may follow at any time
  kReturn,
};

struct Op {
  OpKind kind = OpKind::kReturn;
  uint16_t depth = 0;  // frames that the shortest way opens at once
  uint32_t next = 0;
  uint32_t arg = 0;
  uint32_t count = 0;
  uint32_t distance = 0;  // bytes of the shortest way to kReturn; kFar: there is none that goes byte by byte
};

struct Repeat {
  OpId body = 0;
  uint32_t min = 0;
  uint32_t max = kUnlimited;
  bool may_be_empty = false;  // the body; found by finish(), `min` is 0 then
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

/// The texts of a language as bytes, shared by the operations that read them.
struct LanguageText {
  std::shared_ptr<const ByteLanguage> texts;
  Spelling spelling = Spelling::kJsonString;
};

struct Program {
  std::vector<Op> ops;
  std::vector<ByteSet> sets;
  std::vector<OpId> alternatives;
  std::vector<Repeat> repeats;
  std::vector<TextRange> texts;
  std::vector<Copy> copies;
  std::vector<LanguageText> languages;
  std::vector<FreeText> frees;
  std::vector<std::shared_ptr<const CopyText>> sources;  // shared with the request that brought them
  OpId start = 0;
  std::array<uint8_t, 256> class_of{};  // bytes that no operation tells apart have one class
  uint32_t n_classes = 0;
  bool needs_check = false;  // it takes more than the schema that it was made of
};

class ProgramBuilder {
 public:
  static constexpr OpId kReturnOp = 0;
  static constexpr OpId kNever = 1;  // nothing follows: what can only lead here is left out
  static constexpr size_t kMaxOps = 400'000;
  static constexpr size_t kMaxMarkerBytes = 1024;       // of one free text, together
  static constexpr size_t kMaxLanguageNodes = 100'000;  // of all languages, as bytes

  /// `available`: bytes that the vocabulary can say one at a time.
  explicit ProgramBuilder(const ByteSet& available);

  /// Without this there are none. They must live as long as the builder.
  void set_controls(const ControlSpellings* controls) { controls_ = controls; }

  void set_sources(std::vector<std::shared_ptr<const CopyText>> sources) { program_.sources = std::move(sources); }

  void set_needs_check(bool needs_check) { program_.needs_check = needs_check; }

  OpId bytes(const ByteSet& set, OpId next);
  OpId byte(char c, OpId next) { return bytes(ByteSet().set(static_cast<uint8_t>(c)), next); }
  OpId literal(std::string_view text, OpId next);
  /// Any of them. Texts that begin alike share operations, so a thousand are no more places at once than there are bytes.
  OpId literals(std::vector<std::string_view> texts, OpId next);
  /// A control token by its spelling, as one token; kNever where the vocabulary has none of that spelling.
  OpId control(std::string_view spelling, OpId next);
  OpId choice(const std::vector<OpId>& alternatives);
  OpId optional(OpId with, OpId without) { return choice({with, without}); }
  /// Where nothing but the return follows, this is the body itself: recursion at the end of a rule needs no frame.
  OpId call(OpId body, OpId next);
  /// Rounds of a body that ends in kReturnOp.
  OpId repeat(Repeat repeat, OpId next);
  OpId text(TextRange range, OpId next);
  OpId copy(Copy copy, OpId next);
  /// A text of the language: inside a JSON string, without its quotes, or plain.
  OpId language(const Language& language, Spelling spelling, OpId next);
  /// Any text without 0xFF until the first of the markers is complete, then what stands beside it. Where one marker stands
  /// inside another the shorter one comes first. `end` may follow at any time; kNever: only a marker ends it.
  OpId free_text(std::vector<Marker> markers, OpId end);

  /// A rule that can be called before its operations are known. `name` is for errors.
  OpId declare(std::string name = "");
  void define(OpId rule, OpId body);

  /// Past the limit: what was built is not to be used.
  bool full() const {
    return program_.ops.size() >= kMaxOps || program_.alternatives.size() >= kMaxOps ||
           n_language_nodes_ >= kMaxLanguageNodes;
  }

  /// kRefused, beginning with `what`: nothing fits it, left recursion, no way to its end, too large.
  Result<std::shared_ptr<const Program>> finish(OpId start, std::string_view what) &&;

 private:
  OpId add(Op op);
  OpId any_of_sorted(std::span<const std::string_view> texts, size_t depth, OpId next);
  OpId add_bytes(const ByteSet& set, uint32_t n_tokens, OpId next);
  void number_classes();

  struct SetHash {
    size_t operator()(const ByteSet& set) const { return std::hash<ByteSet>()(set); }
  };

  Program program_;
  ByteSet available_;
  const ControlSpellings* controls_ = nullptr;
  std::unordered_map<ByteSet, uint32_t, SetHash> set_ids_;
  std::map<OpId, std::string> rules_;  // declared, with their names
  std::map<std::pair<const Dfa*, Spelling>, uint32_t> language_ids_;
  size_t n_language_nodes_ = 0;
};

}  // namespace ingle::text::grammar
