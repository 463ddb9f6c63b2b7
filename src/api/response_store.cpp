#include "api/response_store.h"

#include <algorithm>

namespace ingle::api {
namespace {

size_t bytes_of(const chat::Message& message) {
  size_t bytes = sizeof(chat::Message) + message.role.size() + message.content.reveal().size() + message.name.size() +
                 message.tool_call_id.size() + message.thinking.reveal().size();
  for (const chat::ToolCall& call : message.tool_calls)
    bytes += sizeof(chat::ToolCall) + call.id.size() + call.name.size() + call.arguments_json.reveal().size();
  return bytes;
}

/// Without its messages.
size_t bytes_of(const StoredResponse& response) {
  return sizeof(StoredResponse) + response.model.size() + response.document.reveal().size() +
         response.messages.size() * sizeof(Conversation::value_type);
}

}  // namespace

void append(Conversation& conversation, std::span<const chat::Message> more) {
  for (const chat::Message& message : more)
    conversation.push_back(std::make_shared<const chat::Message>(message));
}

std::vector<chat::Message> copy_of(const Conversation& conversation) {
  std::vector<chat::Message> messages;
  messages.reserve(conversation.size());
  for (const auto& message : conversation)
    messages.push_back(*message);
  return messages;
}

void ResponseStore::put(std::string_view client, std::string id, StoredResponse response) {
  Entry entry{.id = std::move(id), .response = {}, .bytes = std::max(bytes_of(response), limits_.least_bytes)};
  size_t whole = entry.bytes;
  for (const auto& message : response.messages)
    whole += bytes_of(*message);
  if (whole > limits_.max_bytes) return;
  entry.response = std::make_shared<const StoredResponse>(std::move(response));
  const std::lock_guard lock(shelves_mutex_);
  Shelf& shelf = shelves_[std::string(client)];
  if (const auto old = shelf.index.find(entry.id); old != shelf.index.end()) shelf.drop(old->second);
  shelf.add(std::move(entry));
  make_room();
}

void ResponseStore::make_room() {
  const auto bytes = [&] {
    size_t sum = 0;
    for (const auto& [client, shelf] : shelves_)
      sum += shelf.bytes;
    return sum;
  };
  while (bytes() > limits_.max_bytes) {
    const auto fullest =
        std::ranges::max_element(shelves_, {}, [](const auto& client_shelf) { return client_shelf.second.bytes; });
    Shelf& shelf = fullest->second;
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

void ResponseStore::Shelf::add(Entry entry) {
  bytes += entry.bytes;
  for (const auto& message : entry.response->messages)
    if (++holders[message.get()] == 1) bytes += bytes_of(*message);
  entries.push_front(std::move(entry));
  index[entries.front().id] = entries.begin();
}

void ResponseStore::Shelf::drop(std::list<Entry>::iterator entry) {
  bytes -= entry->bytes;
  for (const auto& message : entry->response->messages) {
    const auto held = holders.find(message.get());
    if (--held->second > 0) continue;
    bytes -= bytes_of(*message);
    holders.erase(held);
  }
  index.erase(entry->id);
  entries.erase(entry);
}

}  // namespace ingle::api
