// The lexer of templates: text between tags, and the tokens inside them, with jinja2's white-space control.
//
// trim_blocks and lstrip_blocks are always on, as transformers sets them. Token texts are views into Lexed::source.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::text::jinja {

enum class TokenType : uint8_t {
  kData,
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,  // with its quotes and escapes
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenType type;
  uint32_t line;    // from 1
  uint32_t column;  // from 1, in bytes
  std::string_view text;
};

struct Lexed {
  std::unique_ptr<const std::string> source;  // with \n line ends and without the last one
  std::vector<Token> tokens;                  // the last is kEnd
};

/// "line 3, column 7: ..." as an Error of kind kCorrupt.
Error syntax_error(uint32_t line, uint32_t column, std::string_view what);

Result<Lexed> lex(std::string_view source);

}  // namespace ingle::text::jinja
