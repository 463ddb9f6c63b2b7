// Modelfiles: Ollama's text form of /api/create. `FROM qwen2.5-coder:0.5b`, `PARAMETER temperature 0.2`, `SYSTEM ...`, an
// instruction a line in any case and order, '#' begins a comment line, a value in """ or " may span lines and is taken byte
// for byte (CR LF counts as LF). Form: https://docs.ollama.com/modelfile.
//
// Hostile input: at most kMaxModelfileBytes of UTF-8. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/ollama/create.h"
#include "base/result.h"

namespace ingle::api::ollama {

inline constexpr size_t kMaxModelfileBytes = 2 << 20;
inline constexpr size_t kMaxModelfileInstructions = 10'000;

struct Modelfile {
  using Pair = std::pair<std::string, std::string>;
  std::string from;  // as it is written: a model's name, or the path of a file
  std::string system;
  std::string chat_template;
  std::string requires_version;
  std::vector<std::string> licences;
  std::vector<Pair> parameters;  // in order; "stop" as often as it is said
  std::vector<Pair> messages;    // role and content
};

/// Errors name `where`, the line and what can be written there.
Result<Modelfile> parse_modelfile(std::string_view text, std::string_view where);

/// The request that says the same, with the checks of every request. `files`: name and digest of the blob that FROM is, in
/// place of a name.
Answer<CreateCall> create_call(const Modelfile& file, std::string_view model, std::span<const Modelfile::Pair> files);

}  // namespace ingle::api::ollama
