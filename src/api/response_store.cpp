#include "api/response_store.h"

namespace ingle::api {
namespace {

size_t bytes_of(const StoredResponse& response) {
  size_t bytes = sizeof(StoredResponse) + response.model.size() + response.document.reveal().size();
  for (const chat::Message& message : response.messages) {
    bytes += sizeof(chat::Message) + message.role.size() + message.content.reveal().size() + message.name.size() +
             message.tool_call_id.size() + message.thinking.reveal().size();
    for (const chat::ToolCall& call : message.tool_calls)
      bytes += sizeof(chat::ToolCall) + call.id.size() + call.name.size() + call.arguments_json.reveal().size();
  }
  return bytes;
}

}  // namespace

void ResponseStore::put(std::string_view client, std::string id, StoredResponse response) {
  Entry entry{.key = {std::string(client), std::move(id)}, .response = std::move(response)};
  entry.bytes = bytes_of(entry.response) + entry.key.first.size() + entry.key.second.size();
  const std::lock_guard lock(entries_mutex_);
  if (const auto old = index_.find(entry.key); old != index_.end()) drop(old->second);
  if (entry.bytes > limits_.max_bytes) return;
  bytes_ += entry.bytes;
  entries_.push_front(std::move(entry));
  index_[entries_.front().key] = entries_.begin();
  while (bytes_ > limits_.max_bytes || entries_.size() > limits_.max_responses)
    drop(std::prev(entries_.end()));
}

std::optional<StoredResponse> ResponseStore::find(std::string_view client, std::string_view id) {
  const std::lock_guard lock(entries_mutex_);
  const auto found = index_.find({std::string(client), std::string(id)});
  if (found == index_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return entries_.front().response;
}

bool ResponseStore::erase(std::string_view client, std::string_view id) {
  const std::lock_guard lock(entries_mutex_);
  const auto found = index_.find({std::string(client), std::string(id)});
  if (found == index_.end()) return false;
  drop(found->second);
  return true;
}

void ResponseStore::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace ingle::api
