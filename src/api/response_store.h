// ResponseStore: the conversations that answers ended, so that a client goes on with `previous_response_id` and sends only
// what is new. OpenAI's responses and LM Studio's chat share it.
//
// In memory and bounded: the ones that were longest unused go first, and all of them with the server. What one client (its
// API token) stored, no other finds. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat/types.h"

namespace ingle::api {

struct StoredResponse {
  std::string model = {};
  std::vector<chat::Message> messages = {};  // the whole conversation, this answer last
  chat::Private document = {};               // the answer as its dialect shows it; empty: it does not
};

class ResponseStore {
 public:
  struct Limits {
    size_t max_responses = 4096;
    size_t max_bytes = size_t{64} << 20;
  };
  ResponseStore() = default;
  explicit ResponseStore(Limits limits) : limits_(limits) {}

  /// `client`: Call::client(). A response that is larger than the store is not kept.
  void put(std::string_view client, std::string id, StoredResponse response);
  std::optional<StoredResponse> find(std::string_view client, std::string_view id);
  /// Whether it was there.
  bool erase(std::string_view client, std::string_view id);

 private:
  using Key = std::pair<std::string, std::string>;  // client, id
  struct Entry {
    Key key;
    StoredResponse response;
    size_t bytes = 0;
  };
  using Entries = std::list<Entry>;  // the last used first
  void drop(Entries::iterator entry);

  const Limits limits_{};
  std::mutex entries_mutex_;
  Entries entries_;
  std::map<Key, Entries::iterator> index_;
  size_t bytes_ = 0;
};

}  // namespace ingle::api
