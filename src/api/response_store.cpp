#include "api/response_store.h"

#include <algorithm>

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
  Entry entry{.id = std::move(id), .response = {}, .bytes = std::max(bytes_of(response), limits_.least_bytes)};
  if (entry.bytes > limits_.max_bytes) return;
  entry.response = std::make_shared<const StoredResponse>(std::move(response));
  const std::lock_guard lock(shelves_mutex_);
  Shelf& shelf = shelves_[std::string(client)];
  if (const auto old = shelf.index.find(entry.id); old != shelf.index.end()) shelf.drop(old->second);
  shelf.bytes += entry.bytes;
  shelf.entries.push_front(std::move(entry));
  shelf.index[shelf.entries.front().id] = shelf.entries.begin();
  make_room();
}

void ResponseStore::make_room() {
  size_t bytes = 0;
  for (const auto& [client, shelf] : shelves_)
    bytes += shelf.bytes;
  while (bytes > limits_.max_bytes) {
    const auto fullest =
        std::ranges::max_element(shelves_, {}, [](const auto& client_shelf) { return client_shelf.second.bytes; });
    Shelf& shelf = fullest->second;
    bytes -= shelf.entries.back().bytes;
    shelf.drop(std::prev(shelf.entries.end()));
    if (shelf.entries.empty()) shelves_.erase(fullest);
  }
}

std::shared_ptr<const StoredResponse> ResponseStore::find(std::string_view client, std::string_view id) {
  const std::lock_guard lock(shelves_mutex_);
  const auto shelf = shelves_.find(client);
  if (shelf == shelves_.end()) return nullptr;
  const auto found = shelf->second.index.find(id);
  if (found == shelf->second.index.end()) return nullptr;
  auto& entries = shelf->second.entries;
  entries.splice(entries.begin(), entries, found->second);
  return entries.front().response;
}

bool ResponseStore::erase(std::string_view client, std::string_view id) {
  const std::lock_guard lock(shelves_mutex_);
  const auto shelf = shelves_.find(client);
  if (shelf == shelves_.end()) return false;
  const auto found = shelf->second.index.find(id);
  if (found == shelf->second.index.end()) return false;
  shelf->second.drop(found->second);
  if (shelf->second.entries.empty()) shelves_.erase(shelf);
  return true;
}

void ResponseStore::forget_clients(const std::function<bool(std::string_view client)>& is_known) {
  const std::lock_guard lock(shelves_mutex_);
  std::erase_if(shelves_, [&](const auto& client_shelf) { return !is_known(client_shelf.first); });
}

void ResponseStore::Shelf::drop(std::list<Entry>::iterator entry) {
  bytes -= entry->bytes;
  index.erase(entry->id);
  entries.erase(entry);
}

}  // namespace ingle::api
