#include "text/grammar/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>

#include "base/check.h"
#include "text/grammar/regex.h"

namespace ingle::text::grammar {
namespace {

// RFC 3339, section 5.6: the month decides the days, the year decides February.
std::string full_date() {
  return "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|"
         "02-(?:0[1-9]|1[0-9]|2[0-8]))|"
         "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";
}

/// RFC 3339: a leap second is the last of a day in UTC, so the offset follows from the hour and the minute.
std::string full_time() {
  const std::string fraction = "(?:\\.[0-9]+)?";
  std::string leap = "23:59:60" + fraction + "[Zz]";
  constexpr int kDay = 24 * 60;
  for (int minute = 0; minute < kDay; ++minute) {
    const int ahead = (minute + 1) % kDay;  // of UTC, where it is 23:59
    const int behind = (kDay - ahead) % kDay;
    leap += fmt::format("|{:02}:{:02}:60{}(?:\\+{:02}:{:02}|-{:02}:{:02})", minute / 60, minute % 60, fraction,
                        ahead / 60, ahead % 60, behind / 60, behind % 60);
  }
  const std::string hour = "(?:[01][0-9]|2[0-3])";
  return "(?:" + hour + ":[0-5][0-9]:[0-5][0-9]" + fraction + "(?:[Zz]|[+-]" + hour + ":[0-5][0-9])|" + leap + ")";
}

/// RFC 3339, appendix A: units go down without a gap.
std::string duration() {
  const std::string time = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)";
  const std::string date = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)";
  return "P(?:" + date + "(?:" + time + ")?|" + time + "|[0-9]+W)";
}

std::string ipv4() {
  const std::string octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  return octet + "(?:\\." + octet + "){3}";
}

/// RFC 3986, section 3.2.2, the nine forms of an IPv6address.
std::string ipv6() {
  const std::string h16 = "[0-9a-fA-F]{1,4}";
  const std::string ls32 = "(?:" + h16 + ":" + h16 + "|" + ipv4() + ")";
  std::string out = "(?:(?:" + h16 + ":){6}" + ls32;
  // At most `before` groups stand before the "::".
  for (int before = 0; before <= 7; ++before) {
    out += "|";
    if (before > 0) out += fmt::format("(?:(?:{0}:){{0,{1}}}{0})?", h16, before - 1);
    out += "::";
    if (before < 5) out += fmt::format("(?:{}:){{{}}}", h16, 5 - before);
    if (before <= 5) out += ls32;
    if (before == 6) out += h16;
  }
  return out + ")";
}

// RFC 5321, section 4.1.2; a label has at most 63 characters (RFC 1035).
constexpr std::string_view kLabel = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";

std::string email(std::string_view more, std::string_view label) {
  const std::string atom = fmt::format("[a-zA-Z0-9!#$%&'*+/=?^_`{{|}}~{}-]+", more);
  const std::string quoted = fmt::format("\"(?:[ !#-\\[\\]-~{}]|\\\\[ -~])*\"", more);
  return fmt::format("(?:{0}(?:\\.{0})*|{1})@(?:{2}(?:\\.{2})*|\\[(?:{3}|[Ii][Pp][Vv]6:{4})\\])", atom, quoted, label,
                     ipv4(), ipv6());
}

/// RFC 5890 without its tables: labels by their length and their hyphens; the ideographic full stops separate them too.
std::string idn_hostname() {
  const std::string letter = "a-zA-Z0-9\\u0080-\\u3001\\u3003-\\uFF0D\\uFF0F-\\uFF60\\uFF62-\\u{10FFFF}";
  const std::string label = fmt::format("(?:(?![^]{{2}}--)|(?=[Xx][Nn]--))[{0}](?:[{0}-]{{0,61}}[{0}])?", letter);
  return fmt::format("(?=[^]{{1,253}}$){0}(?:[.\\u3002\\uFF0E\\uFF61]{0})*", label);
}

/// RFC 3986 and, with the characters that it adds, RFC 3987.
struct ResourceParts {
  std::string pchar;
  std::string authority;
  std::string query;
  std::string fragment;
};

constexpr std::string_view kUcs =
    "\\u00A0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF\\u{10000}-\\u{1FFFD}\\u{20000}-\\u{2FFFD}\\u{30000}-\\u{3FFFD}"
    "\\u{40000}-\\u{4FFFD}\\u{50000}-\\u{5FFFD}\\u{60000}-\\u{6FFFD}\\u{70000}-\\u{7FFFD}\\u{80000}-\\u{8FFFD}"
    "\\u{90000}-\\u{9FFFD}\\u{A0000}-\\u{AFFFD}\\u{B0000}-\\u{BFFFD}\\u{C0000}-\\u{CFFFD}\\u{D0000}-\\u{DFFFD}"
    "\\u{E1000}-\\u{EFFFD}";
constexpr std::string_view kPrivate = "\\uE000-\\uF8FF\\u{F0000}-\\u{FFFFD}\\u{100000}-\\u{10FFFD}";
constexpr std::string_view kEscaped = "%[0-9A-Fa-f]{2}";

ResourceParts resource_parts(std::string_view more, std::string_view more_in_query) {
  const std::string plain = fmt::format("a-zA-Z0-9._~!$&'()*+,;={}-", more);
  const auto some = [](std::string_view set) { return fmt::format("(?:[{}]|{})", set, kEscaped); };
  ResourceParts parts;
  parts.pchar = some(":@" + plain);
  parts.authority =
      fmt::format("(?:{}*@)?(?:\\[(?:{}|[vV][0-9a-fA-F]+\\.[:a-zA-Z0-9._~!$&'()*+,;=-]+)\\]|{}*)(?::[0-9]*)?",
                  some(":" + plain), ipv6(), some(plain));
  parts.query = fmt::format("(?:\\?{}*)?", some(fmt::format("/?:@{}{}", more_in_query, plain)));
  parts.fragment = fmt::format("(?:#{}*)?", some("/?:@" + plain));
  return parts;
}

std::string resource(std::string_view more, std::string_view more_in_query) {
  const ResourceParts p = resource_parts(more, more_in_query);
  return fmt::format("[a-zA-Z][a-zA-Z0-9+.-]*:(?://{1}(?:/{0}*)*|/(?:{0}+(?:/{0}*)*)?|{0}+(?:/{0}*)*|){2}{3}", p.pchar,
                     p.authority, p.query, p.fragment);
}

std::string reference(std::string_view more, std::string_view more_in_query) {
  const ResourceParts p = resource_parts(more, more_in_query);
  const std::string first = fmt::format("(?:[a-zA-Z0-9._~!$&'()*+,;=@{}-]|{})", more, kEscaped);
  return fmt::format("(?:{4}|(?://{1}(?:/{0}*)*|/(?:{0}+(?:/{0}*)*)?|{5}+(?:/{0}*)*|){2}{3})", p.pchar, p.authority,
                     p.query, p.fragment, resource(more, more_in_query), first);
}

/// RFC 6570, section 2; with the apostrophe of its erratum 6937.
std::string uri_template() {
  const std::string name = fmt::format("(?:[a-zA-Z0-9_]|{0})(?:\\.?(?:[a-zA-Z0-9_]|{0}))*", kEscaped);
  const std::string variable = name + "(?:\\*|:[1-9][0-9]{0,3})?";
  return fmt::format("(?:[!#$&-;=?-\\[\\]_a-z~{0}{1}]|{2}|\\{{[+#./;?&=,!@|]?{3}(?:,{3})*\\}})*", kUcs, kPrivate,
                     kEscaped, variable);
}

constexpr std::string_view kJsonPointer = "(?:/(?:[^/~]|~[01])*)*";

struct Format {
  std::string_view name;
  FormatFit fit;
  std::string (*pattern)();
};

constexpr Format kFormats[] = {
    {"date", FormatFit::kExact, full_date},
    {"time", FormatFit::kExact, full_time},
    {"date-time", FormatFit::kExact, [] { return full_date() + "[Tt]" + full_time(); }},
    {"duration", FormatFit::kExact, duration},
    {"uuid", FormatFit::kExact, [] { return std::string("[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"); }},
    {"ipv4", FormatFit::kExact, ipv4},
    {"ipv6", FormatFit::kExact, ipv6},
    {"email", FormatFit::kExact, [] { return email("", kLabel); }},
    {"idn-email", FormatFit::kWider,
     [] {
       return email("\\u0080-\\u{10FFFF}",
                    "[a-zA-Z0-9\\u0080-\\u{10FFFF}](?:[a-zA-Z0-9\\u0080-\\u{10FFFF}-]*"
                    "[a-zA-Z0-9\\u0080-\\u{10FFFF}])?");
     }},
    {"hostname", FormatFit::kWider, [] { return fmt::format("(?=[^]{{1,253}}$){0}(?:\\.{0})*", kLabel); }},
    {"idn-hostname", FormatFit::kWider, idn_hostname},
    {"uri", FormatFit::kExact, [] { return resource("", ""); }},
    {"uri-reference", FormatFit::kExact, [] { return reference("", ""); }},
    {"iri", FormatFit::kExact, [] { return resource(kUcs, kPrivate); }},
    {"iri-reference", FormatFit::kExact, [] { return reference(kUcs, kPrivate); }},
    {"uri-template", FormatFit::kExact, uri_template},
    {"json-pointer", FormatFit::kExact, [] { return std::string(kJsonPointer); }},
    // draft-bhutton-relative-json-pointer-00: an index may be moved before the pointer goes on.
    {"relative-json-pointer", FormatFit::kExact,
     [] { return fmt::format("(?:0|[1-9][0-9]*)(?:[+-](?:0|[1-9][0-9]*))?(?:#|{})", kJsonPointer); }},
    {"regex", FormatFit::kWider, [] { return std::string("[^]*"); }},
};

const Format* find(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace

FormatFit format_fit(std::string_view format) {
  const Format* known = find(format);
  return known != nullptr ? known->fit : FormatFit::kUnknown;
}

std::span<const std::string_view> format_names() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, std::size(kFormats)> names;
    std::ranges::transform(kFormats, names.begin(), &Format::name);
    return names;
  }();
  return kNames;
}

std::optional<Language> language_of_format(std::string_view format) {
  const Format* known = find(format);
  if (known == nullptr) return std::nullopt;
  static std::mutex guard_made;
  static std::map<std::string_view, Language> made;
  const std::lock_guard lock(guard_made);
  if (const auto found = made.find(known->name); found != made.end()) return found->second;
  Budget enough(uint64_t{1} << 40);
  auto language = Language::from_whole_pattern(known->pattern(), &enough);
  INGLE_CHECK(language.has_value());
  made.emplace(known->name, *language);
  return *language;
}

bool fits_format(std::string_view format, std::string_view text) {
  if (format == "regex") {
    const auto parsed = parse_regex(text);
    return parsed.has_value() || parsed.error().code() == ErrorCode::kRefused;
  }
  const auto language = language_of_format(format);
  return !language || language->contains(text);
}

}  // namespace ingle::text::grammar
