// The files of the graphical app, as they lie in the binary: built from web/ by cmake/Web.cmake.
//
// Everything here is constant after the program was linked: any thread may call it, and the views live as long as the
// program. A build without the app (INGLE_WEB=OFF) has no files, and web_asset() finds nothing.
#pragma once

#include <string_view>

namespace ingle::api {

struct WebAsset {
  std::string_view path;  // "/index.html"
  std::string_view content_type;
  std::string_view etag;  // with its quotes, ready for the header
  std::string_view bytes;
  std::string_view gzip;   // the same bytes for clients that accept gzip; empty where that is not smaller
  bool immutable = false;  // the name carries a hash of the content, so a client may keep it for ever
};

/// The file of a request path without its query; "/" is the page itself. nullptr: no such file. The app keeps its place
/// behind the '#', so no other path needs the page.
const WebAsset* web_asset(std::string_view path);

/// The Content-Security-Policy that every answer with a web asset must carry: this origin only, no inline script or style.
std::string_view web_content_security_policy();

}  // namespace ingle::api
