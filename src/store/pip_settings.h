// Where this machine's pip looks for packages: its configuration, its environment, or its own default.
//
// No index is named in this program. Pure functions parse pip's files and what it prints. Any thread.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/home.h"

namespace ingle::store {

struct PipSettings {
  std::string index_url;
  std::vector<std::string> extra_index_urls;
  std::vector<std::string> find_links;  // folders, file:// and http(s):// pages
  std::string ca_file;
  std::string proxy;
  bool no_index = false;
};

/// Reads "section.key=value" lines: global.x='..', install.x='..', :env:.x='..'; later ones of that order win.
PipSettings parse_pip_config(std::string_view lines);

/// One of pip's configuration files (INI, as Python's configparser reads it) as such lines.
std::string pip_config_lines(std::string_view file);

/// The default that `pip install --help` states for --index-url; empty when it states none.
std::string default_index_in_help(std::string_view help);

/// What `pip install --help` prints: runs the first of `commands` that starts, which opens no connection. kNotFound when
/// none does.
Result<std::string> ask_pip_for_help(const std::vector<std::vector<std::string>>& commands,
                                     const std::stop_token& stop);

/// From pip's files and variables; where they name no index, from pip's help. kUnavailable with a hint when there is no pip
/// and nothing else names an index or a folder.
Result<PipSettings> read_pip_settings(const Network& network, const std::stop_token& stop);

}  // namespace ingle::store
