// The form of a request's head, before anything reads it. Where HTTP leaves a choice between two readings, two programs on
// the way may choose differently, and one's body becomes the other's next request: what can be read in two ways is
// refused. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ingle::net {

struct FramingFault {
  int status = 400;
  std::string what;
};

/// Length of the head with its empty line; nothing while it has not all come.
std::optional<size_t> head_length(std::string_view bytes, size_t search_from);
/// What is wrong already with a head that is still coming: line ends that are none, bytes that no head holds.
/// Bytes before `from` were looked at before.
std::optional<FramingFault> check_incoming(std::string_view bytes, size_t from = 0);
/// `head`: with its empty line. RFC 9112, sections 2 to 6, without what it lets servers repair.
std::optional<FramingFault> check_head(std::string_view head);

}  // namespace ingle::net
