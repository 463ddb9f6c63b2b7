// Templates and messages from a stranger: source, a zero byte, then JSON of messages (our own when there is none).
//
// Beyond "no crash": segments alternate in trust, none is empty, all are UTF-8, an error has words, and the snowman that
// stands in the user's text is never trusted unless the template has it too.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "text/template/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ingle;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t zero = bytes.find('\0');
  const std::string_view source = bytes.substr(0, zero);
  const auto compiled = text::ChatTemplate::compile(source);
  if (!compiled) {
    INGLE_CHECK(!compiled.error().message().empty());
    return 0;
  }
  text::ChatTemplate::Inputs inputs;
  inputs.messages_json = R"([{"role":"system","content":"be"},{"role":"user","content":"a ☃ b\n"}])";
  const bool own_messages = zero != std::string_view::npos && zero + 1 < bytes.size();
  if (own_messages) inputs.messages_json = bytes.substr(zero + 1);
  inputs.extra_json = R"({"s":"x ☃","n":3,"l":[2,"☃",1.5],"d":{"k":"☃","m":null}})";
  inputs.tools_json = R"([{"type":"function","function":{"name":"f☃","parameters":{"type":"object"}}}])";
  inputs.bos_token = "<s>";
  inputs.eos_token = "</s>";
  const auto result = (*compiled)->render(
      inputs, {.fuel = 5'000, .depth = 20, .max_memory_bytes = 100'000, .max_output_bytes = 10'000});
  if (!result) return 0;
  // Escapes can spell a snowman too; text that contains a backslash is left out of the last check.
  const bool could_spell = bytes.find("\xE2\x98\x83") != std::string_view::npos ||
                           bytes.find('\\') != std::string_view::npos || own_messages;
  bool last_trusted = false;
  bool first = true;
  for (const text::RenderedSegment& segment : *result) {
    INGLE_CHECK(!segment.text.empty());
    INGLE_CHECK(base::is_valid_utf8(segment.text));
    INGLE_CHECK(first || segment.trusted != last_trusted);
    INGLE_CHECK(could_spell || !segment.trusted || segment.text.find("\xE2\x98\x83") == std::string::npos);
    last_trusted = segment.trusted;
    first = false;
  }
  return 0;
}
