// libFuzzer target of what the store reads from registries and indexes: manifests, names, pages that link to wheels, pip's
// settings. What is accepted can be written and read again, and leads nowhere outside its folder. The first byte chooses.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "store/manifest.h"
#include "store/name.h"
#include "store/pip_settings.h"
#include "store/wheel_index.h"

namespace {

using namespace ingle::store;

void check_manifest(std::string_view text) {
  const auto manifest = Manifest::parse(text, "the manifest");
  if (!manifest) return;
  const std::string json = manifest->to_json();
  const auto again = Manifest::parse(json, "the same");
  INGLE_CHECK(again.has_value());
  INGLE_CHECK(again->layers.size() == manifest->layers.size() && again->to_json() == json);
}

void check_name(std::string_view text) {
  const auto name = ModelName::parse(text);
  if (!name) return;
  INGLE_CHECK(ModelName::parse(name->display()) == *name);
  INGLE_CHECK(ModelName::parse(name->full()) == *name);
  const auto path = name->manifest_path();
  INGLE_CHECK(path.is_relative() && std::ranges::distance(path) == 4);
  INGLE_CHECK(std::ranges::none_of(path, [](const auto& part) { return part == ".." || part == "."; }));
}

void check_page(std::string_view text, std::string_view content_type) {
  const auto page = ingle::net::Url::parse("https://index.example/simple/a/");
  for (const WheelLink& link : parse_index_page(text, content_type, *page))
    INGLE_CHECK(link.file_name.find('/') == std::string::npos && link.url.scheme != "file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      check_manifest(text);
      break;
    case 1:
      check_name(text);
      break;
    case 2:
      check_page(text, "text/html");
      break;
    case 3:
      check_page(text, "application/vnd.pypi.simple.v1+json");
      break;
    default:
      (void)parse_pip_config(text);
      (void)parse_pip_config(pip_config_lines(text));
      (void)default_index_in_help(text);
  }
  return 0;
}
