#include "text/grammar/formats.h"

namespace ingle::text::grammar {
namespace {

struct Format {
  std::string_view name;
  std::string_view pattern;
};

// RFC 3339, section 5.6: the month decides the days, the year decides February.
#define INGLE_DATE                                                                                      \
  "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|" \
  "02-(?:0[1-9]|1[0-9]|2[0-8]))|"                                                                       \
  "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
#define INGLE_TIME \
  "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"

constexpr Format kFormats[] = {
    {"date", "^" INGLE_DATE "$"},
    {"time", "^" INGLE_TIME "$"},
    {"date-time", "^" INGLE_DATE "T" INGLE_TIME "$"},
    {"uuid", "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"},
};
#undef INGLE_DATE
#undef INGLE_TIME

}  // namespace

std::string_view pattern_of_format(std::string_view format) {
  for (const Format& known : kFormats) {
    if (known.name == format) return known.pattern;
  }
  return {};
}

}  // namespace ingle::text::grammar
