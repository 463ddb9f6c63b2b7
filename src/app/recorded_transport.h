// A transport that tells somebody of every download: before anything leaves, and again when it is over. Any thread, like the
// transport inside.
#pragma once

#include <functional>
#include <memory>

#include "net/transport.h"
#include "router/ledger.h"

namespace ingle::app {

/// A row of the ledger. It is told as "pending" first, and may then be given a number, with which it is told again. Each
/// host that a download was redirected to has a row of its own. Requests with a receipt are the router's to record.
using Download = router::Egress;
using DownloadRecorder = std::function<void(Download& download)>;

std::unique_ptr<net::HttpTransport> recorded(std::unique_ptr<net::HttpTransport> transport, DownloadRecorder recorder);

}  // namespace ingle::app
