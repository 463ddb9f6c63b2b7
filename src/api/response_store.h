// ResponseStore: the conversations that answers ended, so that a client goes on with `previous_response_id` and sends only
// what is new. OpenAI's responses and LM Studio's chat share it.
//
// In memory and bounded, and all of it goes with the server. What one client (its API token) stored, no other finds, nor
// pushes out as long as it holds less than others: room is made by whoever holds the most, of what it has not used for the
// longest. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/types.h"

namespace ingle::api {

/// Those that go on from one another share what they have in common.
using Conversation = std::vector<std::shared_ptr<const chat::Message>>;
/// Goes on with copies of what is new.
void append(Conversation& conversation, std::span<const chat::Message> more);
std::vector<chat::Message> copy_of(const Conversation& conversation);

struct StoredResponse {
  std::string model = {};
  Conversation messages = {};   // the whole of it, this answer last
  chat::Private document = {};  // the answer as its dialect shows it; empty: it does not
};

class ResponseStore {
 public:
  struct Limits {
    size_t max_bytes = size_t{64} << 20;
    size_t least_bytes = size_t{16} << 10;  // that a response counts for beside its messages: 4,096 are kept at most
  };
  ResponseStore() = default;
  explicit ResponseStore(Limits limits) : limits_(limits) {}

  /// `client`: Call::client(). A response that is larger than the store is not kept.
  void put(std::string_view client, std::string id, StoredResponse response);
  /// nullptr: it is not there (any more).
  std::shared_ptr<const StoredResponse> find(std::string_view client, std::string_view id);
  /// Whether it was there.
  bool erase(std::string_view client, std::string_view id);
  /// All of those clients for which `is_known` is false.
  void forget_clients(const std::function<bool(std::string_view client)>& is_known);

 private:
  struct Entry {
    std::string id;
    std::shared_ptr<const StoredResponse> response;
    size_t bytes = 0;  // without its messages
  };
  struct Shelf {               // of one client
    std::list<Entry> entries;  // the last used first
    std::map<std::string, std::list<Entry>::iterator, std::less<>> index;
    std::map<const chat::Message*, size_t> holders;  // how many responses have a message, which counts once
    size_t bytes = 0;

    void add(Entry entry);
    void drop(std::list<Entry>::iterator entry);
  };
  using Shelves = std::map<std::string, Shelf, std::less<>>;
  void make_room();

  const Limits limits_{};
  std::mutex shelves_mutex_;
  Shelves shelves_;
};

}  // namespace ingle::api
