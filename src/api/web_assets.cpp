#include "api/web_assets.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#ifdef INGLE_WEB_ASSETS_BIN
// The assembler copies the file: a hundred times faster than compiling an array, and the reason for these two lines.
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    ".globl ingle_web_assets_begin\n"
    "ingle_web_assets_begin:\n"
    ".incbin \"" INGLE_WEB_ASSETS_BIN
    "\"\n"
    ".text\n");
extern "C" __attribute__((visibility("hidden"))) const char ingle_web_assets_begin[];
#endif

namespace ingle::api {
namespace {

#ifdef INGLE_WEB_ASSETS_BIN
struct Row {
  std::string_view path, content_type, etag;
  size_t at, size, gzip_at, gzip_size;
  bool immutable;
};

constexpr auto kRows = std::to_array<Row>({
#include INGLE_WEB_ASSETS_TABLE
});

std::vector<WebAsset> read_table() {
  std::vector<WebAsset> assets;
  for (const Row& row : kRows) {
    assets.push_back({row.path,
                      row.content_type,
                      row.etag,
                      {ingle_web_assets_begin + row.at, row.size},
                      {ingle_web_assets_begin + row.gzip_at, row.gzip_size},
                      row.immutable});
  }
  return assets;
}
#else
std::vector<WebAsset> read_table() {
  return {};
}
#endif

}  // namespace

const WebAsset* web_asset(std::string_view path) {
  static const std::vector<WebAsset> assets = read_table();
  if (path == "/") path = "/index.html";
  const auto found = std::ranges::find(assets, path, &WebAsset::path);
  return found == assets.end() ? nullptr : &*found;
}

std::string_view web_content_security_policy() {
  return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
         "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

}  // namespace ingle::api
