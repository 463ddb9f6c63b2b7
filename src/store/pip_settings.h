// Where this machine's pip looks for packages: its configuration, its environment, or its own default.
//
// No index is named in this program. Pure functions parse what pip prints; read_pip_settings runs pip. Any thread.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/home.h"
#include "store/wheel_index.h"

namespace ingle::store {

struct PipSettings {
  std::string index_url;
  std::vector<std::string> extra_index_urls;
  std::vector<std::string> find_links;  // folders, file:// and http(s):// pages
  std::string ca_file;
  std::string proxy;
  bool no_index = false;
};

/// Reads the lines of `pip config list`: global.x='..', install.x='..', :env:.x='..', later ones of that order win.
PipSettings parse_pip_config(std::string_view lines);

/// The default that `pip install --help` states for --index-url; empty when it states none.
std::string default_index_in_help(std::string_view help);

/// Asks pip. kUnavailable with a hint when there is no pip and the environment names no index either.
Result<PipSettings> read_pip_settings(const Network& network, const std::stop_token& stop);

/// The way for a pip that states no default: what `pip install --dry-run --report -` would install. It is the last resort
/// because pip 23 downloads whole wheels for it (measured: 93 MB for one of 93 MB). One call for all `requirements`
/// ("name==version").
Result<std::vector<WheelLink>> ask_pip_for_wheels(const Network& network, const std::vector<std::string>& requirements,
                                                  const std::stop_token& stop);

/// The links of such a report.
std::vector<WheelLink> parse_pip_report(std::string_view json);

}  // namespace ingle::store
