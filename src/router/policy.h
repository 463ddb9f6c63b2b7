// Policy: INGLE_HOME/policy.toml, what may leave this machine and to whom. Without it, or with a fault in it, nothing may.
//
// Reading is strict: an unknown key, a wrong type or a value out of range is a problem with its line, and a policy with a
// problem counts as none. Plain values; the file is read anew for every request, so that a change counts at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/url.h"

namespace ingle::router {

struct Provider {
  std::string name;  // of its table: [provider.NAME]
  std::string kind;  // a row of providers/registry.cpp
  net::Url base_url;
  std::string model;  // as the provider calls it
  std::string api_key_env;
  std::filesystem::path api_key_file;
  std::optional<double> usd_per_million_in;
  std::optional<double> usd_per_million_out;

  /// Nothing when the policy names no price.
  std::optional<double> price_of(uint64_t tokens_in, uint64_t tokens_out) const;
};

struct Policy {
  std::optional<Provider> provider;  // the one that requests may go to; nothing: there is no cloud
  std::string local_model;           // empty: the installed one
  std::optional<double> threshold;   // of the confidence; empty: the calibrated one
  std::vector<std::string> allow;    // kinds of findings that may leave
  std::optional<uint64_t> max_requests_per_day;
  std::optional<double> max_usd_per_day;

  bool allows(std::string_view kind) const;
};

struct PolicyFile {
  bool present = false;
  std::filesystem::path path;
  std::string text;
  std::optional<Policy> policy;       // nothing when it is absent or has a problem
  std::vector<std::string> problems;  // "line 3: ..."
};

PolicyFile parse_policy(std::string_view text);
PolicyFile read_policy(const std::filesystem::path& home);

using Environment = std::function<std::optional<std::string>(std::string_view)>;

/// Empty when the policy names no key; an error when it names one that is not there.
Result<std::string> read_api_key(const Provider& provider, const Environment& environment);

}  // namespace ingle::router
