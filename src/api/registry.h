// The table of all routes: who answers which method and path, for whom, and with how large a body. Constant; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/call.h"

namespace ingle::api {

std::span<const Route> routes();

/// A pattern with something in the place of its star.
std::string path_with(std::string_view pattern, std::string_view star);

struct RouteMatch {
  const Route* route = nullptr;     // null: no such path, or none with this method
  Dialect dialect = Dialect::kOwn;  // of the path, whatever the method
  std::string rest;                 // what the pattern's star stands for
  std::string_view pattern;         // of the path, also where it takes other methods only; empty: no such path
  std::string allowed;              // methods of this path, for Allow; empty: no such path
};
RouteMatch find_route(std::string_view method, std::string_view path);

/// Parts of the interfaces that are not here: all that is beneath a path, with any method.
struct Absent {
  std::string_view path;
  Dialect dialect;
  std::string_view reason;
};
std::span<const Absent> absent_paths();

/// 501 with the reason, where the path is of what is not here; else 404, with the nearest address that is served where one may
/// have been meant. Says nothing of the path itself.
Failure no_such_address(std::string_view path);

/// The method as a word of ours; empty where it is a word of the client's.
std::string_view known_method(std::string_view method);

/// Whose answers and errors a request of an address of this dialect expects. OpenAI and Anthropic have addresses in common,
/// and clients of Anthropic say what they are.
Dialect dialect_of(const net::ServerRequest& head, Dialect of_address);

}  // namespace ingle::api
