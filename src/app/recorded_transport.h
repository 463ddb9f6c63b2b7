// A transport that tells somebody about every download that went through it. Any thread, like the transport inside.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "net/transport.h"

namespace ingle::app {

/// host, bytes that arrived, whether it was answered to the end. Requests with a receipt are the router's to record.
using DownloadRecorder = std::function<void(std::string_view host, uint64_t bytes_in, bool answered)>;

std::unique_ptr<net::HttpTransport> recorded(std::unique_ptr<net::HttpTransport> transport, DownloadRecorder recorder);

}  // namespace ingle::app
