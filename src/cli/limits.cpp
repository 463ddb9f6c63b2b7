#include "cli/limits.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/limits.h"
#include "cli/json_writer.h"
#include "cli/table.h"
#include "net/http_server.h"

namespace ingle::cli {
namespace {

struct Limit {
  std::string_view name;
  uint64_t value;
  std::string_view unit;
  std::string_view beyond;  // what happens then
};

std::vector<Limit> limits() {
  const net::ServerLimits server;
  const net::LaneLimits& documents = server.long_lane;
  const net::LaneLimits& store = server.store_lane;
  return {
      {"connections", server.max_connections, "", "more wait"},
      {"header", server.max_header_bytes, "bytes", "431"},
      {"header lines", server.max_headers, "", "431"},
      {"handshake of TLS", server.handshake_ms, "ms", "the connection ends"},
      {"handshakes of TLS at a time", server.max_handshakes, "", "the oldest ends"},
      {"time for a header", server.header_ms, "ms", "408"},
      {"time for 64 KiB of a body", server.body_ms, "ms", "408"},
      {"time between requests", server.idle_ms, "ms", "the connection ends"},
      {"time for a client to read what waits", server.write_ms, "ms", "the connection ends"},
      {"extensions of a body's chunks", server.max_chunk_extension_bytes, "bytes", "400"},
      {"bodies in memory, all together", server.max_body_bytes_in_memory, "bytes", "503"},
      {"requests that wait for a thread", server.slow_lane.max_waiting, "", "429"},
      {"documents at a time", documents.n_threads, "", "more wait"},
      {"documents of one client at a time", documents.n_threads / documents.client_part, "", "more wait"},
      {"documents that wait", documents.max_waiting, "", "429"},
      {"pulls and creations at a time", store.n_threads, "", "more wait"},
      {"pulls and creations of one client at a time", store.n_threads / store.client_part, "", "more wait"},
      {"pulls and creations that wait", store.max_waiting, "", "429"},
      {"answer that its client does not read", server.max_queued_bytes, "bytes", "the answer is cut"},
      {"JSON body", api::kMaxJsonBytes, "bytes", "413"},
      {"JSON body of management", api::kMaxSmallJsonBytes, "bytes", "413"},
      {"depth of JSON", api::kMaxJsonDepth, "levels", "400"},
      {"values in JSON", api::kMaxJsonValues, "", "400"},
      {"document", api::kMaxDocumentBytes, "bytes", "413"},
      {"saved conversation", api::kMaxChatBytes, "bytes", "413"},
      {"parts of a form", api::kMaxMultipartParts, "", "400"},
      {"header of a form's part", api::kMaxMultipartHeaderBytes, "bytes", "400"},
      {"request id", api::kMaxRequestIdBytes, "bytes", "a new one is made"},
      {"name of a model", api::kMaxModelNameBytes, "bytes", "404"},
      {"tools", api::kMaxTools, "", "400"},
      {"name of a tool", api::kMaxToolNameBytes, "bytes", "400"},
      {"texts to embed", api::kMaxEmbeddingInputs, "", "400"},
      {"answers to a request", api::kMaxChoices, "", "400"},
      {"tokens with a bias", api::kMaxLogitBias, "", "400"},
      {"alternatives a token", static_cast<uint64_t>(api::kMaxTopLogprobs), "", "400"},
      {"context that a request asks for", api::kMaxContext, "tokens", "400"},
  };
}

}  // namespace

void print_limits(Console& console, bool json) {
  std::vector<TableRow> rows = {{"LIMIT", "VALUE", "BEYOND IT"}};
  for (const Limit& limit : limits()) {
    if (json) {
      JsonWriter line;
      line.begin_object()
          .member("limit", limit.name)
          .member("value", limit.value)
          .member("unit", limit.unit)
          .member("beyond", limit.beyond)
          .end_object();
      console.out(line.take_line());
    } else {
      rows.push_back({std::string(limit.name),
                      fmt::format("{}{}{}", limit.value, limit.unit.empty() ? "" : " ", limit.unit),
                      std::string(limit.beyond)});
    }
  }
  if (!json) console.out(table_text(rows));
}

}  // namespace ingle::cli
