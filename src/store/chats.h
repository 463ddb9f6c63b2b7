// Chats: saved conversations, in INGLE_HOME/chats.db (0600), found by words of their title and text.
//
// A conversation is a JSON document that its owner shapes; this module looks into it only for title, model and the text of
// the messages. One per process; several processes may have the file open (WAL). Any thread; each call is one transaction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::store {

struct ChatSummary {
  std::string id;
  std::string title;
  std::string model;
  int64_t updated_unix = 0;
  uint64_t n_messages = 0;
};

class Chats {
 public:
  static constexpr size_t kMaxChats = 10'000;

  /// Creates the file when it is missing.
  static Result<std::unique_ptr<Chats>> open(const std::filesystem::path& path);
  ~Chats();

  /// The most recently changed first.
  Result<std::vector<ChatSummary>> list();
  /// Those with all the words, or their beginnings, in title or messages; the best first.
  Result<std::vector<ChatSummary>> search(std::string_view words);
  /// The document. kNotFound.
  Result<std::string> get(std::string_view id);
  /// `document` is a JSON object. kUsage: it is not one, or the id is none of [a-z0-9-]{1,40}.
  Status put(std::string_view id, std::string_view document, int64_t now_unix);
  /// kNotFound.
  Status remove(std::string_view id);

 private:
  struct State;
  explicit Chats(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ingle::store
