// Answers from a stranger: the first byte chooses the format, the rest is the answer.
//
// Beyond "no crash": cuts change nothing, every call that begins ends, and nothing but 0xFF is lost where no call was read.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "text/tools/parser.h"

namespace {

using namespace ingle;
using namespace ingle::text::tools;

std::vector<CallEvent> read(const Format& format, std::string_view bytes, size_t piece) {
  static const std::vector<Tool> tools = {{.name = "get"}, {.name = "get_time"}, {.name = "f"}};
  CallParser parser(format, tools);
  std::vector<CallEvent> events;
  for (size_t at = 0; at < bytes.size(); at += piece)
    parser.feed(bytes.substr(at, piece), events);
  parser.finish(events);
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Format& format = *formats()[data[0] % formats().size()];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(format, bytes, bytes.size() + 1);
  INGLE_CHECK(whole == read(format, bytes, 1));
  INGLE_CHECK(whole == read(format, bytes, 7));
  bool open = false;
  bool any = false;
  std::string content;
  for (const CallEvent& event : whole) {
    if (event.kind == CallEvent::Kind::kContent) {
      INGLE_CHECK(!open);
      content += event.text;
    } else {
      INGLE_CHECK(open == (event.kind != CallEvent::Kind::kBegin));
      open = event.kind != CallEvent::Kind::kEnd;
      any = true;
    }
  }
  INGLE_CHECK(!open);
  if (any) return 0;
  std::string plain(bytes);
  std::erase(plain, '\xFF');
  INGLE_CHECK(content == plain);
  return 0;
}
