// ChatTemplate: the Jinja that Hugging Face models carry, rendered as jinja2 renders it with transformers' settings.
//
// Compiled once, immutable afterwards: any thread may render. Every byte of the result knows where it came from: what
// the template wrote is trusted, what a user, a tool or a client wrote is not, through every filter and slice, so that
// user text never becomes a control token. Both the template and its inputs are hostile: all work is counted in steps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::text {

/// A stretch of the rendered prompt; neighbours differ in trust and none is empty.
struct RenderedSegment {
  std::string text;
  bool trusted = false;
  friend bool operator==(const RenderedSegment&, const RenderedSegment&) = default;
};

/// What one rendering may use. Fuel, memory and output grow with the size of the inputs, so that a long document is no
/// attack: each input byte adds 16 steps, 64 bytes of memory and four of output.
struct TemplateLimits {
  uint64_t fuel = 20'000'000;  // steps: an evaluation, a comparison, an element or 16 bytes looked at
  uint32_t depth = 100;        // macros within macros, recursive loops, nesting of values
  uint64_t max_memory_bytes = uint64_t{64} << 20;  // of all that the template makes, freed at the end only
  uint64_t max_output_bytes = uint64_t{16} << 20;
};

class ChatTemplate {
 public:
  using Limits = TemplateLimits;

  struct Inputs {
    std::string messages_json;  // an array of objects; all its text is untrusted, well-known roles apart
    std::string tools_json;     // an array; empty or "null": no tools. Untrusted
    std::string extra_json;     // an object of further variables (enable_thinking, documents ...), or empty. Untrusted
    std::string bos_token;      // trusted, as is eos_token
    std::string eos_token;
    bool add_generation_prompt = true;
    int64_t now_unix = 0;  // what strftime_now shows, in UTC; a parameter, never the clock
  };

  /// kCorrupt with line and column for source that is no template; kUnsupported for include, import and extends.
  static Result<std::shared_ptr<const ChatTemplate>> compile(std::string_view source);

  ~ChatTemplate();
  /// What it was compiled from.
  std::string_view source() const;
  ChatTemplate(const ChatTemplate&) = delete;
  ChatTemplate& operator=(const ChatTemplate&) = delete;

  /// kUsage: an input is not the JSON it should be. kRefused: the template's own raise_exception, in its words.
  /// kExhausted: a limit, named. kCorrupt: the template failed on these messages (the line is named).
  Result<std::vector<RenderedSegment>> render(const Inputs& inputs, const Limits& limits = {}) const;

 private:
  struct Parts;
  explicit ChatTemplate(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

}  // namespace ingle::text
