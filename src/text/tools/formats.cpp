#include "text/tools/formats.h"

#include <array>

namespace ingle::text::tools {
namespace {

// In the order in which they are tried; the generic one takes every template.
const std::array<const Format*, 7> kFormats = {&kMistralNamed, &kMistralList, &kPhi,    &kHermes,
                                               &kLlama3,       &kGemma,       &kGeneric};

}  // namespace

std::span<const Format* const> formats() {
  return kFormats;
}

const Format& format_of(std::string_view template_source) {
  for (const Format* format : kFormats) {
    if (format->is_spoken_by(template_source)) return *format;
  }
  return kGeneric;
}

}  // namespace ingle::text::tools
