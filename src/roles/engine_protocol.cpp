#include "roles/engine_protocol.h"

#include "chat/wire.h"
#include "roles/message.h"

namespace ingle::roles {
namespace {

Error broken(std::string_view what) {
  return Error::corrupt("a message of the engine's process is damaged: " + std::string(what));
}

Result<Outcome> read_outcome(MessageReader& reader) {
  if (reader.number<bool>()) return Outcome(std::string(reader.rest()));
  Error error = reader.error();
  if (!reader.done()) return std::unexpected(broken("an answer"));
  return Outcome(std::unexpected(std::move(error)));
}

Result<EngineMessage> read_reply(std::string_view payload) {
  MessageReader reader(payload);
  Reply message{.number = reader.number<uint64_t>(), .outcome = {}};
  INGLE_TRY(message.outcome, read_outcome(reader));
  if (reader.broken()) return std::unexpected(broken("an answer"));
  return EngineMessage(std::move(message));
}

Result<EngineMessage> read_loaded(std::string_view payload) {
  MessageReader reader(payload);
  Loaded loaded{.bytes = reader.number<uint64_t>(), .description = {}};
  if (reader.broken()) return std::unexpected(broken("its description"));
  INGLE_TRY(loaded.description, chat::decode<chat::Description>(reader.rest()));
  return EngineMessage(std::move(loaded));
}

Result<EngineMessage> read_event(std::string_view payload) {
  MessageReader reader(payload);
  EventOf message{.number = reader.number<uint64_t>(), .event = {}};
  if (reader.broken()) return std::unexpected(broken("an event"));
  INGLE_TRY(message.event, chat::decode<chat::Event>(reader.rest()));
  return EngineMessage(std::move(message));
}

template <typename T>
Result<std::vector<T>> decode_list(std::string_view bytes) {
  MessageReader reader(bytes);
  auto values = reader.list<T>();
  if (!reader.done()) return std::unexpected(broken("a list"));
  return values;
}

template <typename T>
std::string encode_rows(const std::vector<std::vector<T>>& rows) {
  MessageWriter writer;
  writer.number(static_cast<uint32_t>(rows.size()));
  for (const auto& row : rows)
    writer.list(row);
  return writer.take();
}

template <typename T>
Result<std::vector<std::vector<T>>> decode_rows(std::string_view bytes) {
  MessageReader reader(bytes);
  const auto n_rows = reader.number<uint32_t>();
  std::vector<std::vector<T>> rows;
  // Grown as rows arrive: a count that lies costs nothing.
  for (uint32_t i = 0; i < n_rows && !reader.broken(); ++i)
    rows.push_back(reader.list<T>());
  if (!reader.done()) return std::unexpected(broken("a table"));
  return rows;
}

}  // namespace

std::string encode_load(const LoadOrder& order) {
  const engine::Options& options = order.options;
  return MessageWriter()
      .text(order.name)
      .text(options.isa)
      .number(options.threads)
      .number(options.reference)
      .text(options.kv_type)
      .number(options.context)
      .number(options.clamp_context)
      .number(options.least_context)
      .number(options.max_sequences)
      .number(options.max_queue)
      .number(options.prefill_chunk)
      .number(options.token_gap_ms)
      .number(options.speculate)
      .number(options.vocabulary_only)
      .number(options.max_memory_bytes)
      .number(options.memory_ceiling)
      .number(options.may_shorten)
      .take();
}

Result<LoadOrder> decode_load(std::string_view bytes) {
  MessageReader reader(bytes);
  LoadOrder order;
  order.name = reader.text();
  order.options.isa = reader.text();
  order.options.threads = reader.number<uint32_t>();
  order.options.reference = reader.number<bool>();
  order.options.kv_type = reader.text();
  order.options.context = reader.number<uint32_t>();
  order.options.clamp_context = reader.number<bool>();
  order.options.least_context = reader.number<uint32_t>();
  order.options.max_sequences = reader.number<uint32_t>();
  order.options.max_queue = reader.number<uint32_t>();
  order.options.prefill_chunk = reader.number<uint32_t>();
  order.options.token_gap_ms = reader.number<uint32_t>();
  order.options.speculate = reader.number<bool>();
  order.options.vocabulary_only = reader.number<bool>();
  order.options.max_memory_bytes = reader.number<uint64_t>();
  order.options.memory_ceiling = reader.number<uint64_t>();
  order.options.may_shorten = reader.number<bool>();
  if (!reader.done()) return std::unexpected(Error::corrupt("the order to load a model is damaged"));
  return order;
}

std::string encode_pages(const engine::PagesOnDisk& pages) {
  return MessageWriter().number(pages.max_bytes).text(pages.identity).take();
}

Result<engine::PagesOnDisk> decode_pages(std::string_view bytes) {
  MessageReader reader(bytes);
  engine::PagesOnDisk pages;
  pages.max_bytes = reader.number<uint64_t>();
  pages.identity = reader.text();
  if (!reader.done()) return std::unexpected(Error::corrupt("the order to keep pages is damaged"));
  return pages;
}

std::string encode_outcome(uint64_t number, const Outcome& outcome) {
  MessageWriter writer;
  writer.number(number).number(outcome.has_value());
  if (outcome) return writer.rest(*outcome).take();
  return writer.error(outcome.error()).take();
}

Result<EngineMessage> from_engine(const Frame& frame) {
  if (!frame.descriptors.empty()) return std::unexpected(broken("open files"));
  switch (static_cast<FromEngine>(frame.type)) {
    case FromEngine::kProgress: {
      MessageReader reader(frame.payload);
      const auto done = reader.number<double>();
      if (!reader.done() || !(done >= 0 && done <= 1)) return std::unexpected(broken("progress"));
      return EngineMessage(Progress{done});
    }
    case FromEngine::kLoaded:
      return read_loaded(frame.payload);
    case FromEngine::kFailed: {
      MessageReader reader(frame.payload);
      Error error = reader.error();
      if (!reader.done()) return std::unexpected(broken("an error"));
      return EngineMessage(LoadFailed{std::move(error)});
    }
    case FromEngine::kEvent:
      return read_event(frame.payload);
    case FromEngine::kReply:
      return read_reply(frame.payload);
  }
  return std::unexpected(broken("a kind of message that there is not"));
}

std::string encode_tokens(const std::vector<int32_t>& tokens) {
  return MessageWriter().list(tokens).take();
}
std::string encode_pieces(const std::vector<std::string>& pieces) {
  MessageWriter writer;
  writer.number(static_cast<uint32_t>(pieces.size()));
  for (const std::string& piece : pieces)
    writer.text(piece);
  return writer.take();
}
std::string encode_numbers(const std::vector<float>& numbers) {
  return MessageWriter().list(numbers).take();
}
std::string encode_table(const std::vector<std::vector<float>>& table) {
  return encode_rows(table);
}

Result<std::vector<int32_t>> decode_tokens(std::string_view bytes) {
  return decode_list<int32_t>(bytes);
}
Result<std::vector<std::string>> decode_pieces(std::string_view bytes) {
  MessageReader reader(bytes);
  const auto n_pieces = reader.number<uint32_t>();
  std::vector<std::string> pieces;
  for (uint32_t i = 0; i < n_pieces && !reader.broken(); ++i)
    pieces.push_back(reader.text());
  if (!reader.done()) return std::unexpected(broken("pieces"));
  return pieces;
}
Result<std::vector<float>> decode_numbers(std::string_view bytes) {
  return decode_list<float>(bytes);
}
Result<std::vector<std::vector<float>>> decode_table(std::string_view bytes) {
  return decode_rows<float>(bytes);
}

}  // namespace ingle::roles
